"""The learning bridge: where frames go."""

from __future__ import annotations

import pytest

from macsec.lab.virtual.bridge import Bridge
from macsec.wire.link import Port

A, B, C = (bytes([2, 0, 0, 0, 0, number]) for number in (1, 2, 3))
ALL, GROUP = b"\xff" * 6, bytes.fromhex("0180c2000003")


class Rig:
    """A bridge with three ports, and what left it: port and frame."""

    def __init__(self, known=None) -> None:
        self.bridge = Bridge("switch", known)
        self.left: list[tuple[int, bytes]] = []
        for number in range(3):
            port = Port(str(number), None, lambda frame, at=number: self.left.append((at, frame)))
            self.bridge.attach(port)

    def come(self, port: int, to: bytes, source: bytes) -> list[int]:
        """A frame comes in: where it goes."""
        self.left.clear()
        frame = to + source + b"\x08\x00" + bytes(46)
        self.bridge.ports[port].receiver(frame)
        assert all(went == frame for _, went in self.left)
        return [at for at, _ in self.left]


@pytest.fixture
def rig():
    """One that knows nobody."""
    return Rig()


def test_it_learns(rig):
    """Unknown goes everywhere else, known to its port alone, and nothing back."""
    assert rig.come(0, B, A) == [1, 2]
    assert rig.come(1, A, B) == [0]
    assert rig.come(0, B, A) == [1]
    assert rig.bridge.flooded == 1
    assert rig.come(0, A, C) == []
    assert rig.bridge.filtered == 1


def test_who_moves(rig):
    """The latest place counts."""
    rig.come(0, ALL, A)
    rig.come(2, ALL, A)
    assert rig.come(1, A, B) == [2]


@pytest.mark.parametrize("group", [ALL, GROUP], ids=["broadcast", "kept from bridges"])
def test_groups(rig, group):
    """Everywhere else, and no group is learnt as a station."""
    assert rig.come(1, group, group) == [0, 2]
    assert rig.come(0, group, A) == [1, 2]
    assert rig.bridge.flooded == 0


def test_known_from_the_start():
    """Until it is seen elsewhere."""
    rig = Rig({B: 2}.get)
    assert rig.come(0, B, A) == [2]
    rig.come(1, ALL, B)
    assert rig.come(0, B, A) == [1]


def test_runts(rig):
    """Too short for two addresses: counted, and gone."""
    rig.bridge.ports[0].receiver(bytes(11))
    assert (rig.bridge.runts, rig.left) == (1, [])
