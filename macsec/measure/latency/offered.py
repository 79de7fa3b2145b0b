"""Offered load: frames fall due at even intervals, whether or not they are handled in time.

Each waits in a ring of bounded length; one that finds it full is lost. Latency counts from when a
frame was due, so that a frame that waited behind a slow one is charged for it (no coordinated
omission). The twin of the second half of `_native/measure/latency.c`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol


class Server(Protocol):
    """Handles frames one after another, and knows what time it is, in ticks."""

    def now(self) -> int:
        """The time."""

    def wait(self, due: int) -> None:
        """Nothing is waiting, and the next frame falls due then."""

    def handle(self) -> None:
        """Handle a frame; `now` is later afterwards."""


class Offered(NamedTuple):
    """What became of the frames; `ticks` from the first one due to the last one handled.

    Of those handled, `late` were so after the deadline: a rate that can go on for ever leaves none
    in the ring that long, where one that cannot fills the ring before it loses any.
    """

    frames: int
    handled: int
    late: int
    lost: int
    ticks: int


class VirtualServer:
    """Takes the given times, one for each frame it handles, and nothing else takes any."""

    def __init__(self, service: Sequence[int]) -> None:
        self._service, self._handled, self._now = service, 0, 0

    def now(self) -> int:
        """The time."""
        return self._now

    def wait(self, due: int) -> None:
        """It is that time at once."""
        self._now = max(self._now, due)

    def handle(self) -> None:
        """Pass the next time."""
        self._now += self._service[self._handled]
        self._handled += 1


SLACK = Fraction(1, 100)
"""Of the time in which all frames fall due: how much later than that is late."""


def deadline(interval: float, frames: int) -> int:
    """Ticks from the first frame due."""
    return int(interval * frames * (1 + float(SLACK)))


def offer(
    server: Server, interval: float, frames: int, capacity: int, record: Callable[[int], None]
) -> Offered:
    """Offer so many frames, an interval of ticks apart; `record` gets the latency of each."""
    start = server.now()
    ring: deque[int] = deque()
    arrived = handled = late = lost = ticks = 0
    latest = deadline(interval, frames)

    def due(frame: int) -> int:
        return start + int(interval * frame)

    def admit() -> None:
        nonlocal arrived, lost
        while arrived < frames and due(arrived) <= server.now():
            if len(ring) == capacity:
                lost += 1
            else:
                ring.append(arrived)
            arrived += 1

    while arrived < frames or ring:
        admit()
        if not ring:
            server.wait(due(arrived))
            continue
        server.handle()
        admit()  # the place is given back only now
        record(server.now() - due(ring.popleft()))
        handled += 1
        ticks = server.now() - start
        late += ticks > latest
    return Offered(frames, handled, late, lost, ticks)
