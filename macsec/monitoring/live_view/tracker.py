"""Follow sources from answer to answer: last rows, rates, events. The caller gives the times."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from macsec.enumerations import TextEnum
from macsec.monitoring.model import MonitoredPort, PortSource, Snapshot

from .changes import LiveChange, changes

EVENTS = 1000
"""Events that are kept."""
Key = tuple[object, ...]


class Presence(TextEnum):
    """The state of a source or a port: gone ones keep their last rows."""

    UP = "up"
    SILENT = "no answer"
    GONE = "gone"


class LiveEvent(NamedTuple):
    """An event with its number and time of day."""

    number: int
    clock: str
    source: PortSource
    change: LiveChange


@dataclass(slots=True)
class Followed:
    """A source with its last answer. `rates`: by `counter_key` and `pn_key`, a second.

    `lost`: ports of earlier answers. `asked_s`: when a question
    was asked that has no answer yet.
    """

    source: PortSource
    snapshot: Snapshot
    at_s: float = 0.0
    presence: Presence = Presence.SILENT
    reason: str = ""
    rates: dict[Key, float] = field(default_factory=dict)
    lost: dict[str, MonitoredPort] = field(default_factory=dict)
    asked_s: float | None = None

    def ports(self) -> Iterator[tuple[MonitoredPort, Presence]]:
        """Yield all ports, lost ones last."""
        yield from ((port, self.presence) for port in self.snapshot.ports)
        yield from ((port, Presence.GONE) for port in self.lost.values())


class Tracker:
    """All sources that were seen, in the order of their first answer."""

    def __init__(self) -> None:
        self.sources: dict[PortSource, Followed] = {}
        self.events: deque[LiveEvent] = deque(maxlen=EVENTS)
        self._numbers = count(1)

    def found(self, sources: Iterable[PortSource], clock: str) -> None:
        """Take the sources that exist now: others are gone."""
        present = set(sources)
        for source, followed in self.sources.items():
            if source not in present and followed.presence is not Presence.GONE:
                self._leave(followed, Presence.GONE, "no longer on this machine", clock)

    def asked(self, source: PortSource, now_s: float) -> None:
        """Note that a source is being asked."""
        if source in self.sources:
            self.sources[source].asked_s = now_s

    def take(self, snapshot: Snapshot, now_s: float, clock: str) -> None:
        """Take an answer, or the reason why there is none."""
        source = snapshot.source
        followed = self.sources.setdefault(source, Followed(source, Snapshot(source)))
        followed.asked_s = None
        if not snapshot.up:
            self._leave(followed, Presence.SILENT, snapshot.reason, clock)
            return
        before = followed.snapshot
        if followed.presence is Presence.UP:
            followed.rates = _rates(before, snapshot, now_s - followed.at_s)
            for change in changes(before, snapshot):
                self._note(clock, source, change)
        else:
            followed.rates = {}
            ports = f"{len(snapshot.ports)} port{'s' * (len(snapshot.ports) != 1)}"
            self._note(clock, source, LiveChange("", f"answers: {ports}", "good"))
        names = {port.name for port in snapshot.ports}
        followed.lost |= {port.name: port for port in before.ports}
        followed.lost = {name: at for name, at in followed.lost.items() if name not in names}
        followed.snapshot, followed.at_s = snapshot, now_s
        followed.presence, followed.reason = Presence.UP, ""

    def clear(self) -> None:
        """Forget all that is gone."""
        gone = [source for source, at in self.sources.items() if at.presence is Presence.GONE]
        for source in gone:
            del self.sources[source]
        for followed in self.sources.values():
            followed.lost.clear()

    def _leave(self, followed: Followed, presence: Presence, reason: str, clock: str) -> None:
        if (followed.presence, followed.reason) != (presence, reason):
            self._note(clock, followed.source, LiveChange("", f"{presence}: {reason}", "bad"))
        followed.presence, followed.reason = presence, reason
        followed.asked_s, followed.rates = None, {}

    def _note(self, clock: str, source: PortSource, change: LiveChange) -> None:
        self.events.append(LiveEvent(next(self._numbers), clock, source, change))


def counter_key(port: str, counter: str) -> Key:
    """Return the key of a counter of a SecY or a KaY in `rates`."""
    return (port, counter)


def pn_key(port: str, sci: str, transmits: bool, an: int, ki: str) -> Key:
    """Return the key of the next PN of an SA in `rates`."""
    return (port, sci, transmits, an, ki)


def _rates(before: Snapshot, after: Snapshot, seconds: float) -> dict[Key, float]:
    """Return the rates of all that did not fall: what fell was begun anew."""
    if seconds <= 0:
        return {}
    old = _totals(before)
    return {
        key: (total - old[key]) / seconds
        for key, total in _totals(after).items()
        if old.get(key, total + 1) <= total
    }


def _totals(snapshot: Snapshot) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for port in snapshot.ports:
        for counters in (port.counters, port.mka.counters if port.mka else {}):
            found |= {counter_key(port.name, name): n for name, n in counters.items()}
        for sc in port.scs:
            for sa in sc.sas:
                found[pn_key(port.name, sc.sci, sc.transmits, sa.an, sa.ki)] = sa.next_pn
    return found
