"""Discrete events in virtual time: the same seed gives the same history on every machine.

Internal times are whole picoseconds, since a frame of 84 octets takes 6.72 ns at 100 Gbit/s; the
public ones are whole nanoseconds. Events of the same time run by priority, then in the order of
scheduling: no hash, address or float decides anything.
"""

from __future__ import annotations

import heapq
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from macsec.errors import ConfigError
from macsec.time_units import PS_PER_NS

from .trace import Trace

HORIZON_PS = (1 << 62) - 1
"""The end of virtual time, 53 days. The sum of two times fits 64 bits, as C and the trace need."""

LINKS_MOST = (1 << 16) - 1
"""The last number of a link: the trace has 16 bits for it."""

WIRE = -1
"""Priority of arrivals: they run before events of the same time without a priority."""

Action = Callable[[], None]


class _Event(NamedTuple):
    time_ps: int
    priority: int
    sequence: int
    action: Action


class Engine:
    """The clock and the calendar of events. One thread owns an engine and everything on it.

    `seed` is the root of every random stream. `trace` records every end of a frame on the links.
    `attached`: one object a type, for layers above that need one for each engine.

    >>> from macsec.wire import Engine
    >>> engine = Engine(seed=1)
    >>> engine.run(until_ns=10**9)
    >>> engine.now_ns
    1000000000

    See also: `Link`.
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
        """The current time in whole ns, rounded down."""
        return self.now_ps // PS_PER_NS

    @property
    def next_ps(self) -> int | None:
        """The time of the next event; None if there is none."""
        return self._events[0].time_ps if self._events else None

    @property
    def digest(self) -> str:
        """SHA-256 of the trace so far, in hex."""
        return self.trace.digest

    def at(self, time_ps: int, action: Action, priority: int = 0) -> None:
        """Call `action` at a time; lower priorities first at the same time.

        Raises ConfigError for a time in the past, TypeError for one that is no integer.
        """
        time_ps = operator.index(time_ps)  # the rounding of a float would decide the order
        if not self.now_ps <= time_ps <= HORIZON_PS:
            raise ConfigError(
                f"an event at {time_ps} ps: it is {self.now_ps} ps now, and time ends "
                f"at {HORIZON_PS} ps (53 days)"
            )
        self._push(time_ps, priority, action)

    def _push(self, time_ps: int, priority: int, action: Action) -> None:
        self._sequence += 1
        heapq.heappush(self._events, _Event(time_ps, priority, self._sequence, action))

    def after(self, delay_ps: int, action: Action, priority: int = 0) -> None:
        """Call `action` after a delay in ps."""
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
        """Run all events up to and at a time, and set the clock to it; or run until none is left.

        Without `until_ns` this never returns if each event schedules another.
        """
        if until_ns is None:
            self._run_until(HORIZON_PS)
            return
        if not self.now_ns <= until_ns <= HORIZON_PS // PS_PER_NS:
            raise ConfigError(f"run until {until_ns} ns: it is {self.now_ns} ns now")
        until_ps = max(until_ns * PS_PER_NS, self.now_ps)
        self._run_until(until_ps)
        self.now_ps = until_ps

    def _run_until(self, until_ps: int) -> None:
        while self._events and self._events[0].time_ps <= until_ps:
            self.step()

    def enrol(self, name: str) -> int:
        """Give the link of this name a number, and add both to the trace.

        Raises ConfigError if the name is taken: both links would draw the same random numbers; and
        if there are too many links.
        """
        if name in self._links:
            raise ConfigError(f"link {name!r}: this engine already has a link of this name")
        if len(self._links) > LINKS_MOST:
            raise ConfigError(f"link {name!r}: an engine has at most {LINKS_MOST + 1:,} links")
        number = self._links[name] = len(self._links)
        self.trace.name(number, name)
        return number
