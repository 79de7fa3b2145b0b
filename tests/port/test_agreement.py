"""Key agreement for a SecY that another moves frames through: two of them, in virtual time."""

from __future__ import annotations

import random

from support.kays import NS, chain_key, policy_of
from support.planes import Plane, frame_of

from macsec.kay.kay import Kay
from macsec.port.agreement import Agreement

SCIS = (0x0252_0000_0061_0001, 0x0252_0000_0062_0001)


class Cable:
    """Two agreements that hear each other at once; `gates` has what each was told."""

    def __init__(self, plane: Plane, **policy: object) -> None:
        self.now_ns = 0
        self.mute = False
        self.gates: list[list[bool]] = [[], []]
        self.queue: list[tuple[int, bytes]] = []
        self.sides = [self._side(plane, at, policy) for at in (0, 1)]
        for side in self.sides:
            side.start(0)

    def _side(self, plane: Plane, at: int, policy: dict[str, object]) -> Agreement:
        entropy = random.Random(at).randbytes
        more = policy_of(key_server_priority=at, **policy)
        kay = Kay(SCIS[at], [chain_key()], entropy, more)
        return Agreement(
            kay,
            plane.secy(),
            lambda frame: self.queue.append((1 - at, frame)),
            self.gates[at].append,
        )

    def run(self, seconds: float) -> None:
        """Until then: MKPDUs first, then whoever is to be woken next."""
        until_ns = round(seconds * NS)
        while True:
            while self.queue:
                to, frame = self.queue.pop(0)
                if not self.mute:
                    self.sides[to].hear(self.now_ns, frame)
            times = [side.next_timeout_ns() for side in self.sides]
            self.now_ns = min(time for time in times if time is not None)
            if self.now_ns > until_ns:
                return
            for side in self.sides:
                side.settle(self.now_ns)

    def passes(self) -> bool:
        """Whether a frame of the first is good to the second."""
        sent = self.sides[0].port.request(frame_of(60))
        return sent is not None and self.sides[1].port.indication(sent)[1] == frame_of(60)


def test_gates_open_when_secured(plane: Plane) -> None:
    """Closed at the start, opened once, and what one side protects the other validates."""
    cable = Cable(plane)
    assert cable.gates == [[False], [False]]
    cable.run(3)
    assert cable.gates == [[False, True], [False, True]]
    assert [side.kay.secured for side in cable.sides] == [True, True]
    assert cable.passes()


def test_gates_close_with_the_last_peer(plane: Plane) -> None:
    """A cable that is cut for longer than a Life Time closes both, and opens them anew."""
    cable = Cable(plane)
    cable.run(3)
    cable.mute = True
    cable.run(11)
    assert cable.gates == [[False, True, False]] * 2
    cable.mute = False
    cable.run(20)
    assert cable.gates == [[False, True, False, True]] * 2
    assert cable.passes()


def test_gates_stay_open_through_a_rekey(plane: Plane) -> None:
    """A new SAK every 30 seconds: they are not told to close."""
    cable = Cable(plane, sak_rekey_interval=30)
    cable.run(100)
    assert cable.gates == [[False, True], [False, True]]
    assert cable.sides[0].kay.counters["keys-distributed"] == 4
    assert cable.passes()


def test_pns_are_told_before_anything_is_said(plane: Plane) -> None:
    """A PN at the limit of its SAK brings another SAK, although no frame told the KaY."""
    cable = Cable(plane)
    cable.run(10)
    cable.sides[1].port.secy.raise_tx_pn(0, 0xC000_0000)
    cable.run(20)
    assert cable.sides[0].kay.counters["keys-distributed"] == 2
    assert list(cable.sides[0].port.secy.tx.sa) == [1]


def test_the_end(plane: Plane) -> None:
    """Closed, no SA left, and not a word on the wire."""
    cable = Cable(plane)
    cable.run(3)
    side = cable.sides[0]
    side.stop(cable.now_ns)
    assert cable.gates[0] == [False, True, False]
    assert (len(side.port.secy.tx.sa), len(side.port.secy.rx)) == (0, 0)
    assert cable.queue == []
    assert side.kay.saks() == []
