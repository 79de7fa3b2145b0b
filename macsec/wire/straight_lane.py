"""Fast lane for links with nothing but delay and rate: the same results as Lane's.

Frames leave in the order in which they came, so the calendar is a queue and no impairment runs.
`lane.py` explains each rule.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from macsec.errors import ConfigError
from macsec.time_units import PS_PER_NS

from .engine import HORIZON_PS
from .lane import HORIZON, LinkStats, Transit, time_of
from .params import LinkParams
from .trace import Mark

HANDLED = {"delay", "rate", "overhead", "cell", "cell_overhead", "seed"}
"""The parameters that this lane handles; all others must be those of a perfect wire."""


def is_straight(params: LinkParams) -> bool:
    """Return whether a StraightLane can serve these parameters."""
    return HANDLED.issuperset(params.changed())


class StraightLane:
    """A lane with Lane's methods, on which every frame arrives. Times never go back."""

    def __init__(self, params: LinkParams) -> None:
        self.params = params
        self._delay_ps = params.delay * PS_PER_NS
        self._busy: dict[int, int] = {}  # ps, by length
        self._way: deque[tuple[int, bytes]] = deque()
        self._stats = LinkStats()
        self._first_ps = self._now_ps = self._free_ps = 0

    def __len__(self) -> int:
        return len(self._way)

    def frames(self) -> Iterator[bytes]:
        """Yield the frames on their way."""
        return (frame for _, frame in self._way)

    @property
    def stats(self) -> LinkStats:
        """The counts of this direction so far."""
        stats, way = self._stats, self._way
        stats.sent = stats.received + len(way)
        stats.octets = stats.received_octets + sum(len(frame) for _, frame in way)
        stats.elapsed_ps = self._now_ps - self._first_ps
        return stats

    def send(self, now_ps: int, frame: bytes) -> None:
        """Take in a frame."""
        way, stats = self._way, self._stats
        if not (way or stats.received):
            self._first_ps = now_ps
        self._now_ps = now_ps
        due = now_ps + self._delay_ps
        if self.params.rate is not None:
            due = self._transmitted(due, len(frame))
        if due > HORIZON_PS:
            raise ConfigError(f"rate: {HORIZON}")
        way.append((due, frame))
        if len(way) > stats.queue_high:
            stats.queue_high = len(way)

    def _transmitted(self, ready_ps: int, length: int) -> int:
        busy = self._busy.get(length)
        if busy is None:
            busy = self._busy[length] = time_of(self.params, length)
        self._stats.busy_ps += busy
        self._free_ps = max(self._free_ps, ready_ps) + busy
        return self._free_ps

    @property
    def next_ps(self) -> int | None:
        """The time at which the next frame comes out; None while none is on its way."""
        return self._way[0][0] if self._way else None

    def pop(self, now_ps: int) -> Transit | None:
        """Return the next frame due at this time; None if there is none."""
        way, stats = self._way, self._stats
        if not way or way[0][0] > now_ps:
            return None
        self._now_ps = now_ps
        frame = way.popleft()[1]
        stats.received += 1
        stats.received_octets += len(frame)
        # Transit(...) by its base class, in half the time.
        return tuple.__new__(Transit, (stats.received, frame, Mark.NONE, -1))
