"""The subjects of rows: a link, an SA, a peer, a counter, each with its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from macsec.monitoring.model import SA, SC, LabLink, MkaPeer, MonitoredPort, PortSource

from .changes import BAD, GOOD_STATES
from .tracker import Followed, Presence, Tracker, counter_key, pn_key

DELIVERED = ("InPktsOK", "InPktsUnchecked", "InPktsDelayed")
DIGITS = 4
"""Digits of a namespace that follow a name which is not unique."""
SENT = ("OutPktsEncrypted", "OutPktsProtected")


class LinkFacts(NamedTuple):
    """A link of a lab, a port of a tap or of the kernel, or a source without any (no ports)."""

    source: str
    followed: Followed
    presence: Presence
    link: LabLink | None
    ports: tuple[MonitoredPort, ...]

    @property
    def name(self) -> str:
        """The name of the link or port."""
        return self.link.name if self.link else self.ports[0].name if self.ports else ""

    @property
    def state(self) -> str:
        """The state in one or two words."""
        if self.presence is not Presence.UP:
            return self.presence.value
        if self.link is not None:
            return self.link.status
        if not self.ports:
            return "no ports"
        return "secured" if self.ports[0].secured else "not secured"

    @property
    def mark(self) -> str:
        """The mark of the row."""
        if self.presence is not Presence.UP:
            return "bad"
        return "good" if self.state in GOOD_STATES else "bad" if self.state == "not secured" else ""

    @property
    def reason(self) -> str:
        """The reason of a state that is not secured."""
        if self.presence is not Presence.UP:
            return self.followed.reason or "no longer in the answer of its source"
        if self.link is not None:
            return without_state(self.link.reason)
        mka = self.ports[0].mka if self.ports else None
        return without_state(mka.reason) if mka and not mka.secured else ""

    def rate(self, counters: Iterable[str], ends: int = 1) -> float | None:
        """Return the sum of the rates of counters at the first ends."""
        keys = [counter_key(port.name, name) for port in self.ports[:ends] for name in counters]
        known = [self.followed.rates[key] for key in keys if key in self.followed.rates]
        return sum(known) if known and self.presence is Presence.UP else None

    @property
    def headroom(self) -> float | None:
        """The least share of PNs that is left, of transmit SAs in use."""
        ratios = [
            sa.headroom_ratio
            for port in self.ports
            for sc in port.scs
            if sc.transmits
            for sa in sc.sas
            if sa.in_use
        ]
        return min(ratios, default=None)


class SaFacts(NamedTuple):
    """An SA of a port."""

    source: str
    followed: Followed
    presence: Presence
    port: MonitoredPort
    sc: SC
    sa: SA

    @property
    def rate(self) -> float | None:
        """The PNs a second."""
        key = pn_key(self.port.name, self.sc.sci, self.sc.transmits, self.sa.an, self.sa.ki)
        return self.followed.rates.get(key) if self.presence is Presence.UP else None

    @property
    def lasts_s(self) -> float | None:
        """The time for which the PNs last at the present rate."""
        return self.sa.headroom / self.rate if self.rate else None


class PeerFacts(NamedTuple):
    """A peer of a port; None for a port with key agreement that has none."""

    source: str
    presence: Presence
    port: MonitoredPort
    peer: MkaPeer | None


class CounterFacts(NamedTuple):
    """A counter of a SecY or a KaY."""

    source: str
    presence: Presence
    port: MonitoredPort
    counter: str
    total: int
    rate: float | None

    @property
    def mark(self) -> str:
        """Bad while a counter of dropped frames rises."""
        return "bad" if self.rate and self.counter in BAD else ""


def source_names(sources: Iterable[PortSource]) -> dict[PortSource, str]:
    """Return the names of sources, each another; the last digits of the namespace where needed."""
    short = {source: f"{source.kind} {source.name}".rstrip() for source in sources}
    short = {
        source: "kernel" if name == "kernel kernel" else name for source, name in short.items()
    }
    taken = Counter(short.values())
    ends = {source: f"{name} @{str(source.namespace)[-DIGITS:]}" for source, name in short.items()}
    same = Counter(ends.values())

    def named(source: PortSource, name: str) -> str:
        if taken[name] == 1:
            return name
        return ends[source] if same[ends[source]] == 1 else f"{name} @{source.namespace}"

    return {source: named(source, name) for source, name in short.items()}


def without_state(reason: str) -> str:
    """Return a reason without the state that it begins with: that has a column of its own."""
    return reason.removeprefix("not secured: ")


def links(tracker: Tracker) -> Iterator[LinkFacts]:
    """Yield the links of labs, and the ports of taps and of the kernel."""
    for name, followed in _named(tracker):
        ports = {port.name: port for port, _ in followed.ports()}
        shown: set[str] = set()
        for link in followed.snapshot.links:
            ends = tuple(ports[each] for each in link.ports if each in ports)
            shown |= {port.name for port in ends}
            yield LinkFacts(name, followed, followed.presence, link, ends)
        for port, presence in followed.ports():
            if port.name not in shown:
                yield LinkFacts(name, followed, presence, None, (port,))
        if not ports:
            yield LinkFacts(name, followed, followed.presence, None, ())


def sas(tracker: Tracker) -> Iterator[SaFacts]:
    """Yield all SAs."""
    for name, followed in _named(tracker):
        for port, presence in followed.ports():
            for sc in port.scs:
                for sa in sc.sas:
                    yield SaFacts(name, followed, presence, port, sc, sa)


def peers(tracker: Tracker) -> Iterator[PeerFacts]:
    """Yield the peers of all ports with key agreement."""
    for name, followed in _named(tracker):
        for port, presence in followed.ports():
            if port.mka is not None:
                for peer in port.mka.peers or (None,):
                    yield PeerFacts(name, presence, port, peer)


def counters(tracker: Tracker) -> Iterator[CounterFacts]:
    """Yield all counters that are not zero."""
    for name, followed in _named(tracker):
        for port, presence in followed.ports():
            known = followed.rates if presence is Presence.UP else {}
            for group in (port.counters, port.mka.counters if port.mka else {}):
                for counter, total in group.items():
                    if total:
                        rate = known.get(counter_key(port.name, counter))
                        yield CounterFacts(name, presence, port, counter, total, rate)


def _named(tracker: Tracker) -> Iterator[tuple[str, Followed]]:
    names = source_names(tracker.sources)
    return ((names[source], followed) for source, followed in tracker.sources.items())
