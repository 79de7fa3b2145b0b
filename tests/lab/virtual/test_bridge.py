"""The learning bridge: the ports that a frame leaves by."""

from __future__ import annotations

import pytest

from macsec.lab.virtual.bridge import Bridge
from macsec.wire.link import Port

A, B, C = (bytes([2, 0, 0, 0, 0, number]) for number in (1, 2, 3))
ALL, GROUP = b"\xff" * 6, bytes.fromhex("011b19000000")


class Rig:
    """A bridge with three ports, and the frames that left it, each with its port."""

    def __init__(self, known=None) -> None:
        self.bridge = Bridge("switch", known)
        self.left: list[tuple[int, bytes]] = []
        for number in range(3):
            port = Port(str(number), None, lambda frame, at=number: self.left.append((at, frame)))
            self.bridge.attach(port)

    def arrive(
        self, port: int, to: bytes, source: bytes, ethertype: bytes = b"\x08\x00"
    ) -> list[int]:
        """Let a frame arrive at a port; return the ports that it leaves by."""
        self.left.clear()
        frame = to + source + ethertype + bytes(46)
        self.bridge.ports[port].receiver(frame)
        assert all(went == frame for _, went in self.left)
        return [at for at, _ in self.left]


@pytest.fixture
def rig():
    """Return a bridge that knows no address."""
    return Rig()


def test_frames_to_a_learnt_address_leave_by_its_port(rig):
    """An unknown address is flooded to all other ports; no frame goes back."""
    assert rig.arrive(0, B, A) == [1, 2]
    assert rig.arrive(1, A, B) == [0]
    assert rig.arrive(0, B, A) == [1]
    assert rig.bridge.counts.flooded == 1
    assert rig.arrive(0, A, C) == []
    assert rig.bridge.counts.filtered == 1


def test_a_station_that_moves_is_learnt_anew(rig):
    """The latest port counts."""
    rig.arrive(0, ALL, A)
    rig.arrive(2, ALL, A)
    assert rig.arrive(1, A, B) == [2]


@pytest.mark.parametrize("group", [ALL, GROUP], ids=["broadcast", "PTP"])
def test_frames_to_a_group_leave_by_all_other_ports(rig, group):
    """No group is learnt as a station."""
    assert rig.arrive(1, group, group) == [0, 2]
    assert rig.arrive(0, group, A) == [1, 2]
    assert rig.bridge.counts.flooded == 0


@pytest.mark.parametrize("last", range(18))
def test_the_sixteen_link_local_groups_end_at_the_bridge(rig, last):
    """01-80-C2-00-00-00 to 0F, with any EtherType; 10 and above are relayed (802.1Q 8.6.3)."""
    to = bytes.fromhex("0180c20000") + bytes([last])
    assert rig.arrive(0, to, A) == ([] if last < 16 else [1, 2])
    assert rig.bridge.counts.link_local == (last < 16)
    assert rig.arrive(1, A, B) == [0]  # the source was learnt all the same


@pytest.mark.parametrize("to", [bytes.fromhex("0180c2000001"), B, ALL], ids=["group", "B", "all"])
def test_mac_control_ends_at_the_bridge(rig, to):
    """PAUSE and PFC are for the next station, under any address."""
    assert rig.arrive(0, to, A, b"\x88\x08") == []
    assert rig.bridge.counts.link_local == 1


def test_hairpin_floods_frames_to_the_side_of_their_source(rig):
    """They go to all other ports, and are counted as before."""
    rig.bridge.hairpin = True
    rig.arrive(0, ALL, A)
    assert rig.arrive(0, A, A) == [1, 2]
    assert rig.arrive(0, A, C) == [1, 2]
    assert rig.bridge.counts.filtered == 2


def test_an_address_known_from_the_start_is_not_flooded():
    """Until it is learnt at another port."""
    rig = Rig({B: 2}.get)
    assert rig.arrive(0, B, A) == [2]
    rig.arrive(1, ALL, B)
    assert rig.arrive(0, B, A) == [1]


def test_runts_are_counted_and_dropped(rig):
    """A runt is too short for two addresses."""
    rig.bridge.ports[0].receiver(bytes(11))
    assert (rig.bridge.counts.runts, rig.left) == (1, [])
