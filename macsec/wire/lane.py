"""One direction of a link: frames go in at a time, and come out at another, or do not.

netem's order: duplicate, loss, corrupt, limit, reorder or delay, rate. Everything that is on its
way waits in one calendar, ordered by when it is due and then by when it came.
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
from macsec.wire.engine import HORIZON_PS
from macsec.wire.fields import turned
from macsec.wire.impairments import Impairments, Starts
from macsec.wire.param_values import COUNT_LIMIT
from macsec.wire.params import LinkParams
from macsec.wire.trace import Fate, Mark

HORIZON = "a frame would come out after the end of virtual time (53 days)"
AHEAD = -1
"""Due before everything, and not held by a slot."""


class Sent(NamedTuple):
    """A frame on its way: its number among those sent, from 1; the bit that turned, or -1."""

    number: int
    frame: bytes
    mark: Mark = Mark.NONE
    bit: int = -1


End = Callable[[int, Fate, Sent], None]
"""Told of each frame that does not arrive: when, how, and what it was."""


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


STOPPED = {
    Fate.LOST: "lost",
    Fate.QUEUE: "queue_drops",
    Fate.DOWN: "down_drops",
    Fate.TOO_LONG: "too_long",
    Fate.FCS: "fcs_errors",
}
"""Which count of LinkStats each end but arrival adds to."""


def time_of(params: LinkParams, length: int) -> int:
    """How long the transmitter is busy with a frame: whole ps, rounded up; 0 without a rate."""
    if params.rate is None:
        return 0
    octets = max(0, length + params.overhead)
    if params.cell:
        octets = -(-octets // params.cell) * (params.cell + params.cell_overhead)
    return -(-octets * 8 * PS_PER_S // params.rate)


class _Transit(NamedTuple):
    due_ps: int
    sequence: int
    sent: Sent


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
        self._edges = [at * PS_PER_NS for span in params.down for at in span]
        self._matched = 0
        self._sequence = 0
        self._way: list[_Transit] = []
        self._free_ps = 0
        self._latest_ps = 0
        self._newest = 0
        self._now_ps = 0
        self._first_ps: int | None = None

    def __len__(self) -> int:
        return len(self._way)

    def waiting(self) -> list[int]:
        """The numbers of frames on their way, in no order; of a duplicated one twice."""
        return [transit.sent.number for transit in self._way]

    def frames(self) -> Iterator[bytes]:
        """The frames on their way, in no order."""
        return (transit.sent.frame for transit in self._way)

    # ------------------------------------------------------------ in

    def send(self, now_ps: int, frame: bytes) -> None:
        """A frame enters."""
        self._advance(now_ps)
        stats, mtu = self.stats, self.params.mtu
        stats.sent += 1
        stats.octets += len(frame)
        sent = Sent(stats.sent, frame)
        if mtu is not None and len(frame) > mtu + ETHERNET_HEADER:
            self._stop(Fate.TOO_LONG, sent)
        elif self._is_down():
            self._stop(Fate.DOWN, sent)
        elif not self._steps.concern(frame):
            stats.filtered += 1
            if not self._full(sent):
                self._enter(sent, impaired=False)
        elif self._is_listed():
            self._stop(Fate.LOST, sent)
        else:
            self._impair(sent)

    def _is_listed(self) -> bool:
        self._matched += 1
        return self._matched in self._drop

    def _impair(self, sent: Sent) -> None:
        twice = self._steps.duplicate()
        if self._steps.loss():
            self._stop(Fate.LOST, sent)
            if not twice:
                return
            # One of a pair is lost: the other goes on as if it were alone.
            self.stats.duplicated += 1
            twice = False
        changed = self._corrupt(sent)
        if self._full(changed):
            return
        if twice:
            self.stats.duplicated += 1
            self._send_copy(sent._replace(mark=Mark.COPY))
        self._enter(changed, impaired=True)

    def _send_copy(self, copy: Sent) -> None:
        """The second of a pair goes first, through all steps but the duplication."""
        if self._steps.loss():
            self._stop(Fate.LOST, copy)
            return
        copy = self._corrupt(copy)
        if not self._full(copy):
            self._enter(copy, impaired=True)

    def _corrupt(self, sent: Sent) -> Sent:
        bit = self._steps.corrupt(sent.frame)
        if bit is None:
            return sent
        self.stats.corrupted += 1
        return Sent(sent.number, turned(sent.frame, bit), sent.mark | Mark.CORRUPTED, bit)

    def _full(self, sent: Sent) -> bool:
        if len(self._way) < self._limit:
            return False
        self._stop(Fate.QUEUE, sent)
        return True

    def _enter(self, sent: Sent, *, impaired: bool) -> None:
        """Into the calendar: at once ahead of all others, or when delay and rate say."""
        if impaired and self._steps.overtakes():
            due = AHEAD
        else:
            delay = self._steps.delay
            due = self._due(len(sent.frame), delay.draw() if impaired else delay.mean)
        self._sequence += 1
        heapq.heappush(self._way, _Transit(due, self._sequence, sent))
        self.stats.queue_high = max(self.stats.queue_high, len(self._way))

    def _due(self, length: int, delay: int) -> int:
        """When a frame comes out: the delay, then the rate; the other way with ordered=False."""
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
        """When something is to be done next; None while nothing is on its way."""
        if not self._way:
            return None
        due, slots = self._way[0].due_ps, self._steps.slots
        if slots is not None and due != AHEAD:
            due = max(due, slots.open_ps)
        return max(due, self._now_ps)

    def pop(self, now_ps: int) -> tuple[Fate, Sent] | None:
        """The next frame due at this time, and its fate; None if there is none or a slot holds it.

        One that does not arrive after all is told to `end` too.
        """
        if not self._way or self._way[0].due_ps > now_ps:
            return None
        due, slots = self._way[0].due_ps, self._steps.slots
        if slots is not None and due != AHEAD:
            if slots.open_ps < due:
                slots.renew(now_ps)
            if slots.open_ps > now_ps:
                return None
        self._advance(now_ps)
        sent = heapq.heappop(self._way).sent
        if slots is not None and due != AHEAD:
            slots.took(now_ps, len(sent.frame))
        return self._arrive(sent), sent

    def _arrive(self, sent: Sent) -> Fate:
        if self._is_down():
            return self._stop(Fate.DOWN, sent)
        if sent.mark & Mark.CORRUPTED and self.params.fcs == "check":
            return self._stop(Fate.FCS, sent)
        stats = self.stats
        stats.received += 1
        stats.received_octets += len(sent.frame)
        late = self._newest - sent.number
        if late > 0:
            stats.reordered += 1
            stats.reorder_extent = max(stats.reorder_extent, late)
        else:
            self._newest = sent.number
        return Fate.ARRIVED

    # ------------------------------------------------------------ both

    def _advance(self, now_ps: int) -> None:
        self._now_ps = now_ps
        if self._first_ps is None:
            self._first_ps = now_ps
        self.stats.elapsed_ps = now_ps - self._first_ps

    def _is_down(self) -> bool:
        return bool(bisect_right(self._edges, self._now_ps) & 1)

    def _stop(self, fate: Fate, sent: Sent) -> Fate:
        name = STOPPED[fate]
        setattr(self.stats, name, getattr(self.stats, name) + 1)
        self._end(self._now_ps, fate, sent)
        return fate
