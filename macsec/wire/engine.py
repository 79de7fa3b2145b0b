"""Discrete events in virtual time: the same seed gives the same history on every machine.

Time inside is whole picoseconds, since a frame of 84 octets takes 6.72 ns at 100 Gbit/s; outside
it is whole nanoseconds. Two events of one time run by priority, then in the order in which they
were asked for: no hash, address or float decides anything.
"""

from __future__ import annotations

import heapq
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from macsec.errors import ConfigError
from macsec.time_units import PS_PER_NS
from macsec.wire.trace import Trace

HORIZON_PS = (1 << 62) - 1
"""53 days: the sum of two times still fits 64 bits, which the C twin and the trace rely on."""

WIRE = -1
"""Priority of arrivals: at one time they come before what was asked for without a priority."""

Action = Callable[[], None]


class _Event(NamedTuple):
    time_ps: int
    priority: int
    sequence: int
    action: Action


class Engine:
    """The clock and the calendar. One thread owns an engine and all that hangs on it.

    `seed` is the root of every random stream. `trace` has all that happened on the links.
    `attached`: what there is once for an engine and belongs to layers above, by its type.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.now_ps = 0
        self.trace = Trace()
        self.attached: dict[type, Any] = {}
        self._events: list[_Event] = []
        self._sequence = 0
        self._links: dict[str, int] = {}

    @property
    def now_ns(self) -> int:
        """The time in whole ns, cut off."""
        return self.now_ps // PS_PER_NS

    @property
    def next_ps(self) -> int | None:
        """When the next event is; None if there is none."""
        return self._events[0].time_ps if self._events else None

    @property
    def digest(self) -> str:
        """SHA-256 of the trace so far, in hex."""
        return self.trace.digest

    def at(self, time_ps: int, action: Action, priority: int = 0) -> None:
        """Call `action` at a time; of one time, lower priorities first.

        Raises ConfigError for the past, TypeError for a time that is no integer.
        """
        time_ps = operator.index(time_ps)  # a float would decide by its rounding
        if not self.now_ps <= time_ps <= HORIZON_PS:
            raise ConfigError(
                f"an event at {time_ps} ps: it is {self.now_ps} ps now, and time ends "
                f"at {HORIZON_PS} ps (53 days)"
            )
        self._sequence += 1
        heapq.heappush(self._events, _Event(time_ps, priority, self._sequence, action))

    def after(self, delay_ps: int, action: Action, priority: int = 0) -> None:
        """Call `action` so many ps from now."""
        self.at(self.now_ps + delay_ps, action, priority)

    def step(self) -> bool:
        """Run the next event; False when there is none."""
        if not self._events:
            return False
        event = heapq.heappop(self._events)
        self.now_ps = event.time_ps
        event.action()
        return True

    def run(self, until_ns: int | None = None) -> None:
        """Run all events up to and at a time, and set the clock to it; or until none is left.

        An event that always asks for another never ends without `until_ns`.
        """
        if until_ns is None:
            while self.step():
                pass
            return
        if not self.now_ns <= until_ns <= HORIZON_PS // PS_PER_NS:
            raise ConfigError(f"run until {until_ns} ns: it is {self.now_ns} ns now")
        until_ps = max(until_ns * PS_PER_NS, self.now_ps)
        while self._events and self._events[0].time_ps <= until_ps:
            self.step()
        self.now_ps = until_ps

    def enrol(self, name: str) -> int:
        """Number a link of this name, and note both in the trace.

        Raises ConfigError for a second one: the two would draw the same numbers.
        """
        if name in self._links:
            raise ConfigError(f"link {name!r}: the engine has one of this name already")
        number = self._links[name] = len(self._links)
        self.trace.name(number, name)
        return number
