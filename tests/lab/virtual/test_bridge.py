"""The learning bridge: the ports that a frame leaves by."""

from __future__ import annotations

import pytest

from macsec.lab.virtual.bridge import Bridge, flow_hash
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


# ---------------------------------------------------------------- aggregation


class LagRig(Rig):
    """A bridge with a host's port, and an aggregation of three, each usable or not."""

    def __init__(self) -> None:
        super().__init__()
        self.usable = [True] * 4
        for number in range(3, 6):
            port = Port(str(number), None, lambda frame, at=number: self.left.append((at, frame)))
            leader = None if number == 3 else 3
            self.bridge.attach(port, leader, lambda at=number: self.usable[at - 3])


@pytest.fixture
def lag():
    """Return a bridge with ports 0 to 2, and an aggregation of 3 to 5."""
    return LagRig()


def sources(count: int) -> list[bytes]:
    """Return addresses."""
    return [bytes([2, 0, 0, 0, 1, number]) for number in range(count)]


def test_an_aggregation_is_one_port_for_flooding_and_learning(lag):
    """A flooded frame leaves by one member, and none goes back to another one."""
    ((member,),) = [[at for at in lag.arrive(0, ALL, A) if at >= 3]]
    assert lag.arrive(4, ALL, B) == [0, 1, 2]
    assert lag.arrive(5, B, C) == []
    assert lag.bridge.counts.filtered == 1
    assert lag.arrive(0, B, A)[0] in {3, 4, 5}
    assert member in {3, 4, 5}


def test_a_flow_takes_one_member_and_flows_take_all(lag):
    """The addresses choose, and for TCP and UDP the port numbers too."""
    lag.arrive(3, ALL, B)
    taken = {source: lag.arrive(0, B, source) for source in sources(40)}
    assert {at for (at,) in taken.values()} == {3, 4, 5}
    assert {source: lag.arrive(0, B, source) for source in sources(40)} == taken
    ports = {flow_hash(udp(port)) % 3 for port in range(40)}
    assert ports == {0, 1, 2}
    assert len({flow_hash(udp(port, fragment=1)) for port in range(40)}) == 1


def test_flows_of_a_closed_member_take_another_and_come_back(lag):
    """The flows of the others stay where they are."""
    lag.arrive(3, ALL, B)
    before = {source: lag.arrive(0, B, source) for source in sources(40)}
    lag.usable[1] = False
    after = {source: lag.arrive(0, B, source) for source in sources(40)}
    assert all(after[source] == at for source, at in before.items() if at != [4])
    assert {at for source, (at,) in after.items() if before[source] == [4]} == {5}
    lag.usable[1] = True
    assert {source: lag.arrive(0, B, source) for source in sources(40)} == before


def test_an_aggregation_without_a_usable_member_keeps_to_the_flow(lag):
    """The closed Controlled Port then counts the frame."""
    lag.arrive(3, ALL, B)
    before = [lag.arrive(0, B, source) for source in sources(9)]
    lag.usable = [False] * 4
    assert [lag.arrive(0, B, source) for source in sources(9)] == before


def udp(port: int, fragment: int = 0) -> bytes:
    """Return a frame of UDP over IPv4 from a port, or a fragment of one."""
    header = b"\x45" + bytes(5) + fragment.to_bytes(2) + b"\x40\x11" + bytes(10)
    return B + A + b"\x08\x00" + header + port.to_bytes(2) + bytes(20)
