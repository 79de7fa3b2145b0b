"""The events of a running tap outside its KaY: signals, sockets, intervals, the end of the pump."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from macsec.cli.shared.signals import ENDING, Signals
from macsec.live.pump import Pump
from macsec.time_units import NS_PER_S

Act = Callable[[], object]


class Service(Protocol):
    """Something that acts when its descriptor can be read."""

    def fileno(self) -> int:
        """Return the descriptor."""

    def serve(self) -> None:
        """Act; never wait."""


@dataclass(slots=True)
class _Interval:
    act: Act
    interval_ns: int
    due_ns: int


class Loop:
    """Waits for events and serves them; `clock` gives ns that never go back.

    `report` is called at a signal that does not end the tap. The parts of a tap add themselves:
    `serve` a service, `every` an action at an interval, `each_turn` an action before each wait.
    """

    def __init__(self, pump: Pump, signals: Signals, report: Act, clock: Callable[[], int]) -> None:
        self._pump, self._signals = pump, signals
        self._report, self._clock = report, clock
        self._services: dict[int, Service] = {}
        self._intervals: list[_Interval] = []
        self._turns: list[Act] = []

    def serve(self, service: Service) -> None:
        """Serve a service from now on."""
        self._services[service.fileno()] = service

    def every(self, seconds: float, act: Act) -> None:
        """Call `act` at this interval."""
        interval_ns = round(seconds * NS_PER_S)
        self._intervals.append(_Interval(act, interval_ns, self._clock() + interval_ns))

    def each_turn(self, act: Act) -> None:
        """Call `act` before each wait."""
        self._turns.append(act)

    def run(self) -> None:
        """Serve events until the end, for a tap without a KaY."""
        while self.wait((), None) is not None:
            continue

    def wait(self, descriptors: Sequence[int], pause_ns: int | None) -> Collection[int] | None:
        """Serve all events; return the readable ones of `descriptors`, or None at the end."""
        for act in self._turns:
            act()
        pump = self._pump.fileno()
        watched = [pump, *descriptors, *self._services]
        caught, ready = self._signals.among(watched, self._pause_s(pause_ns))
        if caught & set(ENDING) or pump in ready:
            return None
        for descriptor in ready & self._services.keys():
            self._services[descriptor].serve()
        reports = [self._report] if caught else []
        for act in dict.fromkeys([*reports, *self._due()]):  # each once
            act()
        return ready & set(descriptors)

    def _due(self) -> Iterator[Act]:
        """Yield the actions whose interval is over, and begin the next interval."""
        now_ns = self._clock()
        for each in self._intervals:
            if now_ns >= each.due_ns:
                each.due_ns = now_ns + each.interval_ns
                yield each.act

    def _pause_s(self, pause_ns: int | None) -> float | None:
        now_ns = self._clock()
        pauses = [max(0, each.due_ns - now_ns) for each in self._intervals]
        if pause_ns is not None:
            pauses.append(pause_ns)
        return min(pauses) / NS_PER_S if pauses else None
