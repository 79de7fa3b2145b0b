"""Offered load: frames are due at even intervals, even if they are not handled in time.

Each waits in a ring of bounded length; a frame that finds it full is lost. Latency counts from when
a frame was due, so that a frame that waited behind a slow one is charged for it (no coordinated
omission). The twin of the second half of `_native/measure/latency.c`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple, Protocol


class Server(Protocol):
    """A server that handles frames one after another, and has a clock in ticks."""

    def now(self) -> int:
        """Return the time."""

    def wait(self, due: int) -> None:
        """Wait until `due`, when the next frame arrives."""

    def handle(self) -> None:
        """Handle a frame, which takes time."""


class Offered(NamedTuple):
    """The fates of the frames; `ticks` from the first one due to the last one handled.

    `late` frames were handled after the deadline. At a rate that can be sustained no frame stays in
    the ring that long; at a higher one the ring fills before it loses a frame.
    """

    frames: int
    handled: int
    late: int
    lost: int
    ticks: int


SLACK = Fraction(1, 100)
"""Share of the time of all frames after which a frame is late."""


def deadline(interval: float, frames: int) -> int:
    """Return the deadline in ticks from the first frame due."""
    return int(interval * frames * (1 + float(SLACK)))


def offer(
    server: Server, interval: float, frames: int, capacity: int, record: Callable[[int], None]
) -> Offered:
    """Offer n frames, an interval of ticks apart; `record` gets the latency of each."""
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
        admit()  # the place is free only now
        record(server.now() - due(ring.popleft()))
        handled += 1
        ticks = server.now() - start
        late += ticks > latest
    return Offered(frames, handled, late, lost, ticks)
