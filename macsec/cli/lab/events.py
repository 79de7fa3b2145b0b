"""`--events` of labs: a port at each end of a link, named LINK:SITE."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic

from macsec.cli.shared.ports.event_log import INTERVAL_S, EventSink, port_events
from macsec.cli.shared.ports.tracing import Tracing
from macsec.lab import Lab, RealLab
from macsec.lab.real.segment import Segment
from macsec.port import Agreement, PortEvents
from macsec.secy import SecY

COUNT_NS = round(INTERVAL_S * 1_000_000_000)


def port_name(link: str, site: str) -> str:
    """Return the name of the port at an end of a link."""
    return f"{link}:{site}"


def _port_events(
    log: EventSink, link: str, site: str, secy: SecY, agreement: Agreement | None
) -> PortEvents:
    kay = None if agreement is None else agreement.kay
    return port_events(log, port_name(link, site), kay, lambda: secy.counters)


def _noting(events: PortEvents) -> Callable[[int], None]:
    return lambda _: events.note()


class VirtualEvents:
    """The events of a lab in virtual time; `finish` records the rest."""

    def __init__(self, lab: Lab, log: EventSink | None) -> None:
        self._ports: list[PortEvents] = []
        if log is None:
            return
        for link in lab.links:
            for site, end in zip(link.plan.sites, link.ends or (), strict=False):
                events = _port_events(log, link.plan.name, site, end.secy, end.agreement)
                self._ports.append(events)
                if end.agreement is not None:
                    end.agreement.follow(_Paced(events).settled)

    def finish(self) -> None:
        """Record changes and counts up to the end."""
        for events in self._ports:
            events.note()
            events.count()


def follow(lab: Lab, traces: Tracing) -> None:
    """Trace all agreements of a lab in virtual time."""
    for link in lab.links:
        for site, end in zip(link.plan.sites, link.ends or (), strict=False):
            if end.agreement is not None:
                traces.follow(port_name(link.plan.name, site), end.agreement)


class _Paced:
    """Records changes at once, and counts at most once an interval."""

    def __init__(self, events: PortEvents) -> None:
        self._events, self._due_ns = events, COUNT_NS

    def settled(self, now_ns: int) -> None:
        """Record what is new at a time."""
        self._events.note()
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + COUNT_NS
            self._events.count()


class RealEvents:
    """The events of a lab in real time: `count` is called often, and counts once an interval.

    `ports`: the events of each port by its name; none without a log.
    """

    def __init__(self, lab: RealLab, log: EventSink | None) -> None:
        self._lab, self._due = lab, monotonic() + INTERVAL_S
        self.ports: dict[str, PortEvents] = {}
        if log is None:
            return
        with lab.agreements.lock:
            for segment in lab.segments.values():
                self.ports |= self._of(segment, log)

    @staticmethod
    def _of(segment: Segment, log: EventSink) -> Iterator[tuple[str, PortEvents]]:
        for side, site in enumerate(segment.plan.sites):
            agreement = segment.ends[side].agreement if segment.ends else None
            events = _port_events(log, segment.plan.name, site, segment.secys[side], agreement)
            events.note()
            if agreement is not None:
                agreement.follow(_noting(events))
            yield port_name(segment.plan.name, site), events

    def count(self) -> None:
        """Record counts if the interval is over."""
        if monotonic() < self._due:
            return
        self._due = monotonic() + INTERVAL_S
        with self._lab.agreements.lock:
            for events in self.ports.values():
                events.count()
