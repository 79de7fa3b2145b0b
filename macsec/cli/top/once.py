"""A snapshot of `macsec top` as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from macsec.monitoring.live_view import Tracker
from macsec.report.top import SCREENS, Ordering, ViewScreen, arranged, heading

WIDE = 100_000
"""Columns where there is no terminal: no column is left out."""


def page(tracker: Tracker, names: Sequence[str], text: str, width: int | None) -> str:
    """Return some screens below one another."""
    lines = [heading(tracker)]
    for screen in SCREENS:
        if screen.name.lower() in names:
            lines += ["", *_screen(screen, tracker, text, width or WIDE)]
    return "".join(f"{line}\n" for line in lines)


def _screen(screen: ViewScreen, tracker: Tracker, text: str, width: int) -> Iterator[str]:
    found = arranged(screen, screen.rows(tracker), Ordering(filter=text), width)
    yield screen.name
    if not found.lines:
        yield f"  {screen.empty}"
        return
    yield found.head
    yield from found.lines
    if found.hidden:
        yield f"  not shown at this width: {', '.join(found.hidden)}"
