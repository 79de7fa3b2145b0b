"""One line about all sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from macsec.monitoring import SourceKind
from macsec.monitoring.live_view import Followed, Presence, Tracker

from .words import duration

SLOW_S = 2.0
"""Time after which a source that was asked counts as slow."""


def heading(tracker: Tracker, now_s: float | None = None) -> str:
    """Return the numbers of ports and sources; with a time, the slow sources as well."""
    followed = list(tracker.sources.values())
    ports = [port for each in followed for port, _ in each.ports()]
    here = [port for each in followed for port, at in each.ports() if at is Presence.UP]
    parts = [f"{sum(port.secured for port in here)} of {_n(len(ports), 'port')} secured"]
    for presence in (Presence.SILENT, Presence.GONE):
        found = sum(each.presence is presence for each in followed)
        parts += [f"{found} {presence}"] if found else []
    parts += [*_slow(followed, now_s), *_kinds(followed)]
    return ", ".join(parts)


def _kinds(followed: list[Followed]) -> Iterator[str]:
    kinds = Counter(each.source.kind for each in followed)
    for kind, found in kinds.items():
        yield "kernel" if kind is SourceKind.KERNEL else _n(found, kind.value)


def _slow(followed: list[Followed], now_s: float | None) -> Iterator[str]:
    if now_s is None:
        return
    for each in followed:
        if each.asked_s is not None and now_s - each.asked_s >= SLOW_S:
            waited = duration(now_s - each.asked_s)
            yield f"{each.source.kind} {each.source.name} slow: {waited}"


def _n(number: int, name: str) -> str:
    return f"{number} {name}{'s' * (number != 1)}"
