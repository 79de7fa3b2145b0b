"""Rows sorted, filtered, and fitted to a width: whole columns go first, no number is cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from .tables import ViewColumn, ViewRow, ViewScreen
from .words import NONE

BETWEEN = 2
"""Spaces between two columns."""
CUT = "…"
LONG = 20
"""Columns of the terminal that a long text has at least."""
NAME_MOST = 24
"""Columns of a name; a longer one is cut in the middle."""
EMPTY = 100
"""Added to the rank of a column without any value."""
UP_DOWN = ("^", "v")


@dataclass(frozen=True, slots=True)
class Ordering:
    """The order and the filter of a screen. `order`: a column, None for that of the sources."""

    order: int | None = None
    reverse: bool = False
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Arranged:
    """Lines of a screen with their rows. `hidden`: titles of columns that have no room."""

    head: str
    lines: Sequence[str]
    rows: Sequence[ViewRow]
    hidden: Sequence[str]
    left_out: int = 0


def arranged(screen: ViewScreen, rows: Iterable[ViewRow], choice: Ordering, width: int) -> Arranged:
    """Return the rows of a screen as lines of at most `width` columns, names apart."""
    given = list(rows)
    chosen = [row for row in given if _matches(screen, row, choice.filter)]
    if choice.order is not None:
        chosen = _sorted(chosen, choice.order, choice.reverse)
    elif choice.reverse:
        chosen.reverse()
    titles = [
        column.title + (UP_DOWN[choice.reverse] if at == choice.order else "")
        for at, column in enumerate(screen.columns)
    ]
    widths = _widths(screen.columns, titles, chosen)
    shown = _fitting(_ranks(screen.columns, chosen), widths, width)
    spaces = [widths[at] for at in shown]
    if shown and screen.columns[shown[-1]].long:
        spaces[-1] = max(LONG, width - sum(spaces[:-1]) - BETWEEN * (len(spaces) - 1))
    lines = [_line(screen, shown, spaces, [cell.text for cell in row.cells]) for row in chosen]
    hidden = [column.title for at, column in enumerate(screen.columns) if at not in shown]
    head = _line(screen, shown, spaces, titles)
    return Arranged(head, lines, chosen, hidden, len(given) - len(chosen))


def _matches(screen: ViewScreen, row: ViewRow, text: str) -> bool:
    names = " ".join(cell.text for cell in row.cells[: screen.names]).casefold()
    return all(word in names for word in text.casefold().split())


def _sorted(rows: list[ViewRow], column: int, reverse: bool) -> list[ViewRow]:
    return sorted(rows, key=lambda row: row.cells[column].order, reverse=reverse)


def _widths(
    columns: Sequence[ViewColumn], titles: Sequence[str], rows: Sequence[ViewRow]
) -> list[int]:
    found = []
    for at, column in enumerate(columns):
        needed = max((cell_len(row.cells[at].text) for row in rows), default=0)
        most = LONG if column.long else needed if column.number else NAME_MOST
        found.append(max(cell_len(titles[at]), min(needed, most)))
    return found


def _ranks(columns: Sequence[ViewColumn], rows: Sequence[ViewRow]) -> list[int]:
    """Return the ranks of columns: those without any value go first."""
    return [
        column.rank + (EMPTY if _may_be_empty(column, at, rows) else 0)
        for at, column in enumerate(columns)
    ]


def _may_be_empty(column: ViewColumn, at: int, rows: Sequence[ViewRow]) -> bool:
    return column.rank > 1 and all(row.cells[at].text == NONE for row in rows)


def _fitting(ranks: Sequence[int], widths: Sequence[int], width: int) -> list[int]:
    """Return the columns that fit; those of rank 0 always stay."""
    shown = list(range(len(ranks)))
    while sum(widths[at] + BETWEEN for at in shown) - BETWEEN > width:
        last = max(shown, key=lambda at: (ranks[at], at))
        if ranks[last] == 0:
            break
        shown.remove(last)
    return shown


def _line(
    screen: ViewScreen, shown: Sequence[int], widths: Sequence[int], texts: Sequence[str]
) -> str:
    parts = []
    for at, space in zip(shown, widths, strict=True):
        text, column = texts[at], screen.columns[at]
        used = cell_len(text)
        if used > space:
            parts.append(_cut(text, space, column.long))
        else:
            fill = " " * (space - used)
            parts.append(fill + text if column.number else text + fill)
    return (" " * BETWEEN).join(parts).rstrip()


def _cut(text: str, space: int, at_end: bool) -> str:
    if at_end:
        return set_cell_size(text, space - 1) + CUT
    before = (space - 1) // 2
    after = space - 1 - before
    while cell_len(tail := text[-after:]) > space - 1 - before:
        after -= 1
    return set_cell_size(text, before) + CUT + tail
