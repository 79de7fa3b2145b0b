"""The screens of `macsec top`: a row for each column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from macsec.monitoring.live_view import (
    BAD,
    LOW,
    SENT,
    CounterFacts,
    LinkFacts,
    LiveEvent,
    PeerFacts,
    Presence,
    SaFacts,
    Tracker,
    counters,
    links,
    peers,
    sas,
    source_names,
)
from macsec.monitoring.live_view.facts import DELIVERED, without_state
from macsec.report.visible import on_one_line

from .words import NONE, count, duration, rate, share

UNKNOWN = -1.0
"""Order of a number that is not known: below all others."""
KI_SHOWN = 8
"""Digits of the MI of a KI in a table; its KN follows."""


class ViewCell(NamedTuple):
    """The text of a cell, and the value by which it is sorted."""

    text: str
    order: float | str


class ViewRow(NamedTuple):
    """A row: `key` is the same from answer to answer; `mark`: good, bad, quiet or empty."""

    key: tuple[str, ...]
    cells: tuple[ViewCell, ...]
    mark: str


class ViewColumn(NamedTuple):
    """A column. `rank`: the columns of the highest go first where the width does not do.

    `number`: aligned on the right. `long`: text that is cut at the end of the line.
    """

    title: str
    rank: int
    cell: Callable[[Any], ViewCell]
    number: bool = False
    long: bool = False


class ViewScreen(NamedTuple):
    """A screen: its key, its name, its columns; `facts` yields the subjects of its rows.

    A filter looks at the first `names` columns; the first `key` ones are the same from answer to
    answer.
    """

    letter: str
    name: str
    columns: Sequence[ViewColumn]
    facts: Callable[[Tracker], Iterable[Any]]
    mark: Callable[[Any], str]
    names: int
    key: int
    empty: str

    def rows(self, tracker: Tracker) -> Iterator[ViewRow]:
        """Yield the rows of now; `key`: their first columns."""
        for fact in self.facts(tracker):
            cells = tuple(column.cell(fact) for column in self.columns)
            yield ViewRow(tuple(cell.text for cell in cells[: self.key]), cells, self.mark(fact))


def _text(title: str, rank: int, get: Callable[[Any], object], long: bool = False) -> ViewColumn:
    def cell(fact: Any) -> ViewCell:
        text = on_one_line(str(get(fact) or NONE))
        return ViewCell(text, text)

    return ViewColumn(title, rank, cell, long=long)


def _number(
    title: str,
    rank: int,
    get: Callable[[Any], float | None],
    show: Callable[[Any], str],
) -> ViewColumn:
    def cell(fact: Any) -> ViewCell:
        value = get(fact)
        return ViewCell(NONE if value is None else show(value), UNKNOWN if value is None else value)

    return ViewColumn(title, rank, cell, number=True)


def _ends(fact: LinkFacts) -> str:
    if fact.link is not None:
        return " - ".join(fact.link.sites)
    return fact.ports[0].lower if fact.ports else ""


def _mkas(fact: LinkFacts) -> list[Any]:
    return [port.mka for port in fact.ports if port.mka is not None]


def _live(fact: LinkFacts) -> int | None:
    found = _mkas(fact)
    return found[0].live if found else None


def _rekeys(fact: LinkFacts) -> int | None:
    if fact.link is not None:
        return fact.link.rekeys
    found = _mkas(fact)
    return found[0].rekeys if found else None


def _server(fact: LinkFacts) -> str:
    if fact.link is not None:
        return fact.link.key_server
    found = _mkas(fact)
    return found[0].key_server if found else ""


def _lost(fact: LinkFacts) -> int | None:
    if fact.link is None or not fact.link.wire:
        return None
    return sum(counts.get("lost", 0) for counts in fact.link.wire)


LINKS = (
    _text("source", 0, lambda at: at.source),
    _text("link", 0, lambda at: at.name),
    _text("state", 0, lambda at: at.state),
    _number("out/s", 1, lambda at: at.rate(SENT), rate),
    _number("in/s", 1, lambda at: at.rate(DELIVERED), rate),
    _number("bad/s", 1, lambda at: at.rate(BAD, 2), rate),
    _number("PNs left", 2, lambda at: at.headroom, share),
    _number("peers", 3, _live, count),
    _number("rekeys", 3, _rekeys, count),
    _text("between", 4, _ends),
    _number("lost", 6, _lost, count),
    _text("Key Server", 7, _server),
    _text("suite", 8, lambda at: at.ports[0].suite if at.ports else ""),
    _text("reason", 2, lambda at: at.reason, long=True),
)


def _ki(fact: SaFacts) -> str:
    mi, slash, number = fact.sa.ki.partition("/")
    return f"{mi[:KI_SHOWN]}…/{number}" if slash else mi


def _use(fact: SaFacts) -> str:
    if fact.presence is not Presence.UP:
        return fact.presence.value
    return "yes" if fact.sa.in_use else "no"


SAS = (
    _text("source", 0, lambda at: at.source),
    _text("port", 0, lambda at: at.port.name),
    _text("way", 0, lambda at: "out" if at.sc.transmits else "in"),
    _text("SCI", 5, lambda at: at.sc.sci),
    _text("AN", 0, lambda at: str(at.sa.an)),
    _text("in use", 0, _use),
    _number("PNs left", 0, lambda at: at.sa.headroom_ratio, share),
    _number("next PN", 1, lambda at: at.sa.next_pn, count),
    _number("PN/s", 1, lambda at: at.rate, rate),
    _number("lasts", 3, lambda at: at.lasts_s, duration),
    _number("age", 4, lambda at: at.sa.age_s, duration),
    _number("lowest PN", 7, lambda at: at.sa.lowest_pn, count),
    _text("KI", 6, _ki),
    _text("suite", 8, lambda at: at.port.suite),
    _number("PNs left, all", 9, lambda at: at.sa.headroom, count),
)


def _role(fact: PeerFacts) -> str:
    mka = fact.port.mka
    if mka is None or not mka.key_server:
        return ""
    if fact.peer is not None and fact.peer.sci == mka.key_server:
        return "peer"
    return "this port" if mka.is_key_server else "another"


def _peer_state(fact: PeerFacts) -> str:
    if fact.presence is not Presence.UP:
        return fact.presence.value
    if fact.peer is None:
        return NONE
    return "live" if fact.peer.live else "potential"


def _why(fact: PeerFacts) -> str:
    mka = fact.port.mka
    return "" if mka is None or mka.secured else without_state(mka.reason)


PEERS = (
    _text("source", 0, lambda at: at.source),
    _text("port", 0, lambda at: at.port.name),
    _text("peer", 0, lambda at: at.peer.sci or f"MI {at.peer.mi}" if at.peer else "none"),
    _text("MI", 4, lambda at: at.peer.mi if at.peer else ""),
    _text("state", 0, _peer_state),
    _number("MN", 1, lambda at: at.peer.mn if at.peer else None, count),
    _text("Key Server", 2, _role),
    _number("SAK age", 3, lambda at: at.port.mka.sak_age_s, duration),
    _number("rekeys", 3, lambda at: at.port.mka.rekeys, count),
    _number("flaps", 3, lambda at: at.port.mka.flaps, count),
    _text("CKN", 6, lambda at: at.peer.ckn if at.peer else at.port.mka.ckn),
    _text(
        "reason",
        2,
        lambda at: "" if at.port.mka.secured else without_state(at.port.mka.reason),
        long=True,
    ),
)


COUNTERS = (
    _text("source", 0, lambda at: at.source),
    _text("port", 0, lambda at: at.port.name),
    _text("counter", 0, lambda at: at.counter),
    _number("total", 0, lambda at: at.total, count),
    _number("per second", 0, lambda at: at.rate, rate),
    _text("source is", 1, lambda at: at.presence.value),
)
EVENTS = (
    _text("time", 0, lambda at: at[1].clock),
    _text("source", 0, lambda at: at[0]),
    _text("link or port", 0, lambda at: at[1].change.name),
    _text("event", 0, lambda at: at[1].change.text, long=True),
)


def _events(tracker: Tracker) -> Iterator[tuple[str, LiveEvent]]:
    names = source_names({event.source: None for event in tracker.events} | tracker.sources)
    return ((names[event.source], event) for event in reversed(tracker.events))


def _gone(fact: Any) -> bool:
    return bool(fact.presence is not Presence.UP)


def _sa_mark(fact: SaFacts) -> str:
    low = fact.sc.transmits and fact.sa.in_use and fact.sa.headroom_ratio < LOW
    return "bad" if low else "quiet" if _gone(fact) or not fact.sa.in_use else ""


def _peer_mark(fact: PeerFacts) -> str:
    if _gone(fact):
        return "quiet"
    return "bad" if fact.peer is None or not fact.peer.live else "good"


def _counter_mark(fact: CounterFacts) -> str:
    return "quiet" if _gone(fact) else fact.mark


SCREENS = (
    ViewScreen("l", "links", LINKS, links, lambda at: at.mark, 2, 2, "No tap, lab or device here."),
    ViewScreen("s", "SAs", SAS, sas, _sa_mark, 4, 5, "No SA."),
    ViewScreen("p", "peers", PEERS, peers, _peer_mark, 3, 4, "No port with key agreement."),
    ViewScreen("c", "counters", COUNTERS, counters, _counter_mark, 3, 3, "No counter above zero."),
    ViewScreen("e", "events", EVENTS, _events, lambda at: at[1].change.mark, 4, 0, "No event."),
)
"""All screens in their order."""
