"""Tables: rows of text, and counters with a column for each SecY."""

from __future__ import annotations

from macsec.report.html.markup import Html, tag
from macsec.report.html.model import CounterColumns
from macsec.report.table import Table

LETTER, CELL = 7.6, 24
"""Pixels of a letter of a table (about), and of the space in a cell."""
PROSE = 170
"""Pixels that a column of sentences has more than its longest word."""
PRINTED = 1100
"""Wider content is printed on a page on its side."""


def draw(table: Table, *, prose: bool = False) -> Html:
    """Return a table that scrolls sideways where it is wider than the page.

    `prose`: the cells hold sentences, which are folded.
    """
    if not table.rows:
        return tag("p", ": ".join(filter(None, (table.caption, table.empty))), class_="note")
    marks = [*table.marks, *[""] * (len(table.rows) - len(table.marks))]
    head = [_cell("th", text, at < table.names, "col") for at, text in enumerate(table.head)]
    body = [
        tag(
            "tr", *(_body_cell(table, at, text) for at, text in enumerate(row)), class_=mark or None
        )
        for row, mark in zip(table.rows, marks, strict=True)
    ]
    drawn = tag(
        "table",
        tag("caption", table.caption),
        tag("thead", tag("tr", *head)),
        tag("tbody", *body),
        class_="prose" if prose else None,
    )
    return scrolling(table.caption, drawn, least=_least(table, prose))


def scrolling(label: str, content: Html, *, least: float = 0, widest: float = 0) -> Html:
    """Return content that can be wider than the page, reachable by keyboard.

    `least`: pixels below which it scrolls, with a hint that it does. `widest`: pixels to which it
    grows.
    """
    region = tag(
        "div",
        content,
        class_="wide",
        tabindex=0,
        role="region",
        aria_label=label,
        style=f"--widest:{widest:.0f}px" if widest else None,
    )
    if not least:
        return region
    broad = " broad" if least > PRINTED else ""
    hint = tag("p", "Scroll sideways for the rest.", class_="hint", aria_hidden="true")
    style = f"--least:{least:.0f}px"
    return tag("div", hint, region, class_=f"sized{broad}", style=style)


def _least(table: Table, prose: bool) -> float:
    """Return the pixels below which a table scrolls; sentences fold, words do not."""
    if not prose:
        return _width(table)
    columns = zip(table.head, *table.rows, strict=True)
    longest = [
        max(len(word) for text in column for word in (*text.split(), "")) for column in columns
    ]
    return sum(CELL + LETTER * length for length in longest) + PROSE


def _width(table: Table) -> float:
    """Return about the pixels of a table, letter by letter."""
    columns = zip(table.head, *table.rows, strict=True)
    return sum(CELL + LETTER * max(map(len, column)) for column in columns)


def draw_counters(counters: CounterColumns) -> Html:
    """Return counters that are not zero everywhere, and the number of the others."""
    secys = counters.by_secy
    names = list(dict.fromkeys(name for counts in secys.values() for name in counts))
    shown = [name for name in names if any(counts.get(name) for counts in secys.values())]
    rows = [[name, *(_count(counts.get(name)) for counts in secys.values())] for name in shown]
    marks = [""] * len(rows)
    if len(shown) < len(names):
        rows.append([f"all others ({len(names) - len(shown)})", *("0" for _ in secys)])
        marks.append("quiet")
    return draw(Table(counters.caption, ("counter", *secys), rows, marks=marks))


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _body_cell(table: Table, at: int, text: str) -> Html:
    return _cell("th" if at == 0 else "td", text, at < table.names, "row" if at == 0 else None)


def _cell(name: str, text: str, is_name: bool, scope: str | None) -> Html:
    return tag(name, text, scope=scope, class_="name" if is_name else None)
