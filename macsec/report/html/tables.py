"""Tables: rows of text, and counters with a column for each SecY."""

from __future__ import annotations

from macsec.report.html.markup import Html, tag
from macsec.report.html.model import CounterColumns
from macsec.report.table import Table


def draw(table: Table) -> Html:
    """Return a table that scrolls sideways where it is wider than the page."""
    marks = [*table.marks, *[""] * (len(table.rows) - len(table.marks))]
    head = [_cell("th", text, at < table.names, "col") for at, text in enumerate(table.head)]
    body = [
        tag(
            "tr", *(_body_cell(table, at, text) for at, text in enumerate(row)), class_=mark or None
        )
        for row, mark in zip(table.rows, marks, strict=True)
    ]
    return scrolling(
        table.caption,
        tag(
            "table",
            tag("caption", table.caption),
            tag("thead", tag("tr", *head)),
            tag("tbody", *body),
        ),
    )


def scrolling(label: str, content: Html) -> Html:
    """Return content that can be wider than the page, reachable by keyboard."""
    return tag("div", content, class_="wide", tabindex=0, role="region", aria_label=label)


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
