"""One direction of a link: frames go in at a time, and come out at another, or do not.

netem's order: duplicate, loss, corrupt, limit, reorder or delay, rate. Everything that is on its
way waits in one calendar, ordered by when it is due and then by when it came.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple

from macsec.errors import ConfigError
from macsec.sim.clock import HORIZON_PS, PS_PER_NS
from macsec.sim.fates import Fate, Mark
from macsec.sim.fields import turned
from macsec.sim.impairments import Impairments, Starts
from macsec.sim.knobs import COUNT_LIMIT
from macsec.sim.params import LinkParams

HEADER = 14
PS_PER_S = 10**12
AHEAD = -1
"""Due before everything, and not held by a slot."""

End = Callable[[int, Fate, Mark, bytes], None]
"""Told of each frame that does not arrive: when, how, its marks, its octets."""


@dataclass(slots=True)
class LinkStats:
    """What one direction did so far, in frames where nothing else is said.

    sent + duplicated = received + lost + queue_drops + fcs_errors + too_long + down_drops + those
    still on their way. `octets` are those sent, `received_octets` those received. `reordered`:
    arrivals after a frame that was sent later. `reorder_extent`: how many frames later than its
    turn the latest of them came. `queue_high`: most frames on their way at once. `filtered`: those
    that `match` let pass unimpaired. `busy_ps`: time the transmitter was sending, of `elapsed_ps`
    from the first frame in to the last event.
    """

    sent: int = 0
    received: int = 0
    octets: int = 0
    received_octets: int = 0
    lost: int = 0
    queue_drops: int = 0
    fcs_errors: int = 0
    corrupted: int = 0
    duplicated: int = 0
    reordered: int = 0
    reorder_extent: int = 0
    queue_high: int = 0
    too_long: int = 0
    down_drops: int = 0
    filtered: int = 0
    busy_ps: int = 0
    elapsed_ps: int = 0

    @property
    def replay_window(self) -> int:
        """The smallest replayWindow (10.7.8) under which no frame of this direction is late."""
        return self.reorder_extent + 1 if self.reorder_extent else 0

    @property
    def utilisation(self) -> float:
        """The part of the time that the transmitter was sending; for reports."""
        return self.busy_ps / self.elapsed_ps if self.elapsed_ps else 0.0

    def as_dict(self) -> dict[str, int]:
        """All counts by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


COUNTED = {
    Fate.ARRIVED: "received",
    Fate.LOST: "lost",
    Fate.QUEUE: "queue_drops",
    Fate.DOWN: "down_drops",
    Fate.TOO_LONG: "too_long",
    Fate.FCS: "fcs_errors",
}
"""Which count of LinkStats each end of a frame adds to."""


class Transit(NamedTuple):
    """A frame on its way: when it is due, in which order it came, its number among those sent."""

    due_ps: int
    sequence: int
    number: int
    mark: Mark
    frame: bytes


class Arrival(NamedTuple):
    """A frame that came out: how, its marks and octets."""

    fate: Fate
    mark: Mark
    frame: bytes
    number: int


class Lane:
    """The queue, the transmitter and the propagation of one direction; time is an argument.

    Times never go back: each call's is that of the call before, or later.
    """

    def __init__(self, params: LinkParams, start: Starts, end: End) -> None:
        self.params = params
        self.stats = LinkStats()
        self._end = end
        self._steps = Impairments(params, start)
        self._limit = COUNT_LIMIT if params.limit is None else params.limit
        self._drop = frozenset(params.drop)
        self._down = [at * PS_PER_NS for span in params.down for at in span]
        self._matched = 0
        self._sequence = 0
        self._way: list[Transit] = []
        self._free_ps = 0
        self._latest_ps = 0
        self._newest = 0
        self._now_ps = 0
        self._first_ps: int | None = None

    def __len__(self) -> int:
        return len(self._way)

    # ------------------------------------------------------------ in

    def send(self, now_ps: int, frame: bytes) -> None:
        """A frame enters."""
        self._advance(now_ps)
        stats, mtu = self.stats, self.params.mtu
        stats.sent += 1
        stats.octets += len(frame)
        if mtu is not None and len(frame) > mtu + HEADER:
            self._stop(Fate.TOO_LONG, Mark.NONE, frame)
        elif self._is_down():
            self._stop(Fate.DOWN, Mark.NONE, frame)
        elif not self._steps.concern(frame):
            stats.filtered += 1
            self._queue(frame, stats.sent, Mark.NONE, impaired=False)
        else:
            self._matched += 1
            if self._matched in self._drop:
                self._stop(Fate.LOST, Mark.NONE, frame)
            else:
                self._impair(frame, stats.sent)

    def _impair(self, frame: bytes, number: int) -> None:
        copies = 2 if self._steps.duplicate() else 1
        if self._steps.loss():
            self._stop(Fate.LOST, Mark.NONE, frame)
            copies -= 1
            if not copies:
                return
            self.stats.duplicated += 1
        # What is left of a pair of which one was lost goes on as if it were alone.
        sent, mark = self._corrupt(frame, Mark.NONE)
        if self._full(sent, mark):
            return
        if copies == 2:
            self.stats.duplicated += 1
            self._send_copy(frame, number)
        self._queue(sent, number, mark, impaired=True, room=True)

    def _send_copy(self, frame: bytes, number: int) -> None:
        """The second of a pair goes first, through all steps but the duplication."""
        if self._steps.loss():
            self._stop(Fate.LOST, Mark.COPY, frame)
            return
        frame, mark = self._corrupt(frame, Mark.COPY)
        self._queue(frame, number, mark, impaired=True)

    def _corrupt(self, frame: bytes, mark: Mark) -> tuple[bytes, Mark]:
        bit = self._steps.corrupt(frame)
        if bit is None:
            return frame, mark
        self.stats.corrupted += 1
        return turned(frame, bit), mark | Mark.CORRUPTED

    def _full(self, frame: bytes, mark: Mark) -> bool:
        if len(self._way) < self._limit:
            return False
        self._stop(Fate.QUEUE, mark, frame)
        return True

    def _queue(
        self, frame: bytes, number: int, mark: Mark, *, impaired: bool, room: bool = False
    ) -> None:
        if not room and self._full(frame, mark):
            return
        if impaired and self._steps.overtakes():
            due = AHEAD
        else:
            due = self._due(len(frame), self._steps.delay.draw() if impaired else None)
        self._sequence += 1
        heapq.heappush(self._way, Transit(due, self._sequence, number, mark, frame))
        self.stats.queue_high = max(self.stats.queue_high, len(self._way))

    def _due(self, length: int, delay: int | None) -> int:
        """When a frame comes out: the delay, then the rate; the other way with ordered=False."""
        if delay is None:
            delay = self._steps.delay.mean
        due = self._now_ps + delay
        if self.params.rate is not None:
            busy = self._time_of(length, self.params.rate)
            self.stats.busy_ps += busy
            if self.params.ordered is False:
                self._free_ps = max(self._free_ps, self._now_ps) + busy
                due = self._free_ps + delay
            else:
                due = self._free_ps = max(self._free_ps, due) + busy
        if self.params.ordered:
            due = max(due, self._latest_ps)
        self._latest_ps = max(self._latest_ps, due)
        if due > HORIZON_PS:
            raise ConfigError(f"rate: a frame would come out at {due} ps, after the end of time")
        return due

    def _time_of(self, length: int, rate: int) -> int:
        """How long the transmitter takes: whole ps, rounded up."""
        params = self.params
        octets = max(0, length + params.overhead)
        if params.cell:
            octets = -(-octets // params.cell) * (params.cell + params.cell_overhead)
        return -(-octets * 8 * PS_PER_S // rate)

    # ------------------------------------------------------------ out

    @property
    def next_ps(self) -> int | None:
        """When something is to be done next; None while nothing is on its way."""
        if not self._way:
            return None
        due, slots = self._way[0].due_ps, self._steps.slots
        if slots is not None and due != AHEAD:
            due = max(due, slots.open_ps)
        return max(due, self._now_ps)

    def pop(self, now_ps: int) -> Arrival | None:
        """The next frame that is due at this time; None if there is none, or a slot holds it."""
        if not self._way or self._way[0].due_ps > now_ps:
            return None
        due, slots = self._way[0].due_ps, self._steps.slots
        if slots is not None and due != AHEAD:
            if slots.open_ps < due:
                slots.renew(now_ps)
            if slots.open_ps > now_ps:
                return None
        self._advance(now_ps)
        transit = heapq.heappop(self._way)
        if slots is not None and due != AHEAD:
            slots.took(now_ps, len(transit.frame))
        return self._arrive(transit)

    def _arrive(self, transit: Transit) -> Arrival:
        _, _, number, mark, frame = transit
        fate = Fate.ARRIVED
        if self._is_down():
            fate = Fate.DOWN
        elif mark & Mark.CORRUPTED and self.params.fcs == "check":
            fate = Fate.FCS
        if fate is not Fate.ARRIVED:
            self._stop(fate, mark, frame)
            return Arrival(fate, mark, frame, number)
        self._count(fate)
        self.stats.received_octets += len(frame)
        late = self._newest - number
        if late > 0:
            self.stats.reordered += 1
            self.stats.reorder_extent = max(self.stats.reorder_extent, late)
        else:
            self._newest = number
        return Arrival(fate, mark, frame, number)

    # ------------------------------------------------------------ both

    def _advance(self, now_ps: int) -> None:
        self._now_ps = now_ps
        if self._first_ps is None:
            self._first_ps = now_ps
        self.stats.elapsed_ps = now_ps - self._first_ps

    def _is_down(self) -> bool:
        return bool(bisect_right(self._down, self._now_ps) & 1)

    def _stop(self, fate: Fate, mark: Mark, frame: bytes) -> None:
        self._count(fate)
        self._end(self._now_ps, fate, mark, frame)

    def _count(self, fate: Fate) -> None:
        name = COUNTED[fate]
        setattr(self.stats, name, getattr(self.stats, name) + 1)
