"""One direction of a link: frames go in at one time and come out at another, or not at all.

netem's order (D-19): duplicate, loss, corrupt, limit, reorder or delay, rate. All frames on their
way are in one calendar, ordered by due time, then by order of entry.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple

from macsec.errors import ConfigError
from macsec.terms import ETHERNET_HEADER
from macsec.time_units import PS_PER_NS, PS_PER_S

from .engine import HORIZON_PS
from .impairments import Impairments, Starts, flip_bit
from .param_values import COUNT_LIMIT
from .params import LinkParams
from .trace import Fate, Mark

HORIZON = "a frame would come out after the end of virtual time (53 days)"
AHEAD = -1
"""Due before every time, and not held by a slot."""


class Transit(NamedTuple):
    """A frame on its way: its number among those sent, from 1; the bit that was flipped, or -1."""

    number: int
    frame: bytes
    mark: Mark = Mark.NONE
    bit: int = -1


OnStop = Callable[[int, Fate, Transit], None]
"""Called for each frame that does not arrive: the time in ps, the fate, the frame."""


@dataclass(slots=True)
class LinkStats:
    """Counts of one direction so far, in frames unless named otherwise.

    sent + duplicated = received + lost + queue_drops + fcs_errors + too_long + down_drops + those
    still on their way. `octets` are those sent, `received_octets` those received. `reordered`:
    arrivals after a frame that was sent later. `reorder_extent`: by how many frames the latest of
    them was late. `queue_high`: most frames on their way at once. `filtered`: frames passed
    unimpaired because `match` excludes them. `busy_ps`: time the transmitter was sending, of
    `elapsed_ps` from the first frame in to the last event.
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


STOPPED = {
    Fate.LOST: "lost",
    Fate.QUEUE: "queue_drops",
    Fate.DOWN: "down_drops",
    Fate.TOO_LONG: "too_long",
    Fate.FCS: "fcs_errors",
}
"""The count of LinkStats that each fate but arrival adds to."""


def time_of(params: LinkParams, length: int) -> int:
    """Return the time to transmit a frame: whole ps, rounded up; 0 without a rate."""
    if params.rate is None:
        return 0
    octets = max(0, length + params.overhead)
    if params.cell:
        octets = -(-octets // params.cell) * (params.cell + params.cell_overhead)
    return -(-octets * 8 * PS_PER_S // params.rate)


class _Due(NamedTuple):
    """An entry of the calendar."""

    due_ps: int
    sequence: int
    transit: Transit


class Lane:
    """The queue, the transmitter and the propagation of one direction; time is an argument.

    Times never go back: each call's time is that of the call before, or later.
    """

    def __init__(self, params: LinkParams, start: Starts, on_stop: OnStop) -> None:
        self.params = params
        self.stats = LinkStats()
        self._on_stop = on_stop
        self._steps = Impairments(params, start)
        self._limit = COUNT_LIMIT if params.limit is None else params.limit
        self._drop = frozenset(params.drop)
        self._edges = [at * PS_PER_NS for span in params.down for at in span]
        self._matched = 0
        self._sequence = 0
        self._way: list[_Due] = []
        self._free_ps = 0
        self._latest_ps = 0
        self._newest = 0
        self._now_ps = 0
        self._first_ps: int | None = None

    def __len__(self) -> int:
        return len(self._way)

    def in_transit(self) -> Iterator[Transit]:
        """Yield what is on its way, in no order; a duplicated frame twice."""
        return (entry.transit for entry in self._way)

    def frames(self) -> Iterator[bytes]:
        """Yield the frames on their way, in no order."""
        return (transit.frame for transit in self.in_transit())

    # ------------------------------------------------------------ in

    def send(self, now_ps: int, frame: bytes) -> None:
        """Take in a frame."""
        self._advance(now_ps)
        stats, mtu = self.stats, self.params.mtu
        stats.sent += 1
        stats.octets += len(frame)
        transit = Transit(stats.sent, frame)
        if mtu is not None and len(frame) > mtu + ETHERNET_HEADER:
            self._stop(Fate.TOO_LONG, transit)
        elif self._is_down():
            self._stop(Fate.DOWN, transit)
        elif not self._steps.selects(frame):
            stats.filtered += 1
            if not self._full(transit):
                self._enter(transit, impaired=False)
        elif self._is_listed():
            self._stop(Fate.LOST, transit)
        else:
            self._impair(transit)

    def _is_listed(self) -> bool:
        self._matched += 1
        return self._matched in self._drop

    def _impair(self, transit: Transit) -> None:
        twice = self._steps.duplicate()
        if self._steps.loss():
            self._stop(Fate.LOST, transit)
            if not twice:
                return
            # One of a pair is lost: the other continues as if it were alone.
            self.stats.duplicated += 1
            twice = False
        changed = self._corrupt(transit)
        if self._full(changed):
            return
        if twice:
            self.stats.duplicated += 1
            self._send_copy(transit._replace(mark=Mark.COPY))
        self._enter(changed, impaired=True)

    def _send_copy(self, copy: Transit) -> None:
        """Pass the second of a pair, which goes first, through all steps but duplication."""
        if self._steps.loss():
            self._stop(Fate.LOST, copy)
            return
        copy = self._corrupt(copy)
        if not self._full(copy):
            self._enter(copy, impaired=True)

    def _corrupt(self, transit: Transit) -> Transit:
        bit = self._steps.corrupt(transit.frame)
        if bit is None:
            return transit
        self.stats.corrupted += 1
        frame, mark = flip_bit(transit.frame, bit), transit.mark | Mark.CORRUPTED
        return Transit(transit.number, frame, mark, bit)

    def _full(self, transit: Transit) -> bool:
        if len(self._way) < self._limit:
            return False
        self._stop(Fate.QUEUE, transit)
        return True

    def _enter(self, transit: Transit, *, impaired: bool) -> None:
        """Put a frame into the calendar: ahead of all others, or as delay and rate say."""
        if impaired and self._steps.overtakes():
            due = AHEAD
        else:
            delay = self._steps.delay
            due = self._due(len(transit.frame), delay.draw() if impaired else delay.mean)
        self._sequence += 1
        heapq.heappush(self._way, _Due(due, self._sequence, transit))
        self.stats.queue_high = max(self.stats.queue_high, len(self._way))

    def _due(self, length: int, delay: int) -> int:
        """Return the due time: first delay, then rate; the reverse with ordered=False."""
        due = self._now_ps + delay
        if self.params.rate is not None:
            busy = time_of(self.params, length)
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
            raise ConfigError(f"rate: {HORIZON}")
        return due

    # ------------------------------------------------------------ out

    @property
    def next_ps(self) -> int | None:
        """The time of the next thing to do; None while nothing is on its way."""
        if not self._way:
            return None
        due, slots = self._way[0].due_ps, self._steps.slots
        if slots is not None and due != AHEAD:
            due = max(due, slots.open_ps)
        return max(due, self._now_ps)

    def pop(self, now_ps: int) -> Transit | None:
        """Return the next frame that arrives at this time; None if there is none, or a slot waits.

        Due frames that do not arrive after all are passed to `on_stop`.
        """
        while (transit := self._take(now_ps)) is not None:
            if self._arrives(transit):
                return transit
        return None

    def _take(self, now_ps: int) -> Transit | None:
        """Take the next due frame out of the calendar, unless a slot holds it."""
        if not self._way or self._way[0].due_ps > now_ps:
            return None
        due, slots = self._way[0].due_ps, self._steps.slots
        if slots is not None and due != AHEAD:
            if slots.open_ps < due:
                slots.renew(now_ps)
            if slots.open_ps > now_ps:
                return None
        self._advance(now_ps)
        transit = heapq.heappop(self._way).transit
        if slots is not None and due != AHEAD:
            slots.took(now_ps, len(transit.frame))
        return transit

    def _arrives(self, transit: Transit) -> bool:
        if self._is_down():
            self._stop(Fate.DOWN, transit)
            return False
        if transit.mark & Mark.CORRUPTED and self.params.fcs == "check":
            self._stop(Fate.FCS, transit)
            return False
        stats = self.stats
        stats.received += 1
        stats.received_octets += len(transit.frame)
        late = self._newest - transit.number
        if late > 0:
            stats.reordered += 1
            stats.reorder_extent = max(stats.reorder_extent, late)
        else:
            self._newest = transit.number
        return True

    # ------------------------------------------------------------ both

    def _advance(self, now_ps: int) -> None:
        self._now_ps = now_ps
        if self._first_ps is None:
            self._first_ps = now_ps
        self.stats.elapsed_ps = now_ps - self._first_ps

    def _is_down(self) -> bool:
        return bool(bisect_right(self._edges, self._now_ps) & 1)

    def _stop(self, fate: Fate, transit: Transit) -> None:
        name = STOPPED[fate]
        setattr(self.stats, name, getattr(self.stats, name) + 1)
        self._on_stop(self._now_ps, fate, transit)
