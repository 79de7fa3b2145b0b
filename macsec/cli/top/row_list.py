"""Rows with a cursor. Only lines in sight are drawn, and again only if they changed."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from macsec.report.top import Arranged, ViewRow

MARKS = {
    "good": Style(color="green"),
    "bad": Style(color="red", bold=True),
    "quiet": Style(dim=True),
    "": Style(),
}
"""The style of a row by its mark. The words of the row say the same without colour."""
HEAD = Style(bold=True, underline=True)
CURSOR = Style(reverse=True)
NOTHING = Arranged("", (), (), ())


class RowList(Widget):
    """The head and the rows of a screen. The cursor stays on its row when others move."""

    can_focus = True

    def __init__(self) -> None:
        super().__init__()
        self._shown, self._empty = NOTHING, ""
        self._top = self._cursor = 0
        self._drawn: list[tuple[str, str, bool]] = []

    @property
    def row(self) -> ViewRow | None:
        """The row at the cursor."""
        return self._shown.rows[self._cursor] if self._shown.rows else None

    @property
    def place(self) -> str:
        """The number of the row at the cursor, and of all."""
        return f"{self._cursor + 1}/{len(self._shown.rows)}" if self._shown.rows else "0/0"

    def show(self, shown: Arranged, empty: str, keep: bool) -> None:
        """Show rows; `keep`: the cursor stays on its row, else it goes to the top."""
        row = self.row if keep else None
        self._shown, self._empty = shown, empty
        if not keep:
            self._cursor = self._top = 0
        elif row is not None and self._cursor:
            same = (at for at, each in enumerate(shown.rows) if each.key == row.key)
            self._cursor = next(same, self._cursor)
        self.move(0)

    def move(self, by: int) -> None:
        """Move the cursor."""
        self._cursor = max(0, min(self._cursor + by, len(self._shown.rows) - 1))
        self._scroll()
        self._redraw()

    @property
    def page(self) -> int:
        """The number of rows in sight."""
        return max(1, int(self.size.height) - 1)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._scroll()

    def _scroll(self) -> None:
        last = max(0, len(self._shown.rows) - self.page)
        self._top = min(max(self._top, self._cursor - self.page + 1), self._cursor, last)
        self._top = max(0, self._top)

    def _redraw(self) -> None:
        """Draw the lines again that are not as they were."""
        now = [self._line(y) for y in range(self.size.height)]
        before, self._drawn = self._drawn, now
        if len(before) != len(now):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, now, strict=True)) if old != new]
        self.refresh(*(Region(0, y, self.size.width, 1) for y in changed)) if changed else None

    def _line(self, y: int) -> tuple[str, str, bool]:
        """Return the text of a line, its mark, and whether the cursor is there."""
        at = self._top + y - 1
        if y == 0:
            return self._shown.head, "head", False
        if at < len(self._shown.rows):
            return self._shown.lines[at], self._shown.rows[at].mark, at == self._cursor
        return (self._empty if not self._shown.rows and y == 1 else ""), "", False

    def render_line(self, y: int) -> Strip:
        """Return a line as it is drawn."""
        text, mark, at_cursor = self._line(y)
        style = HEAD if mark == "head" else MARKS[mark]
        strip = Strip([Segment(text, style + CURSOR if at_cursor else style)])
        return strip.adjust_cell_length(self.size.width, CURSOR if at_cursor else Style())
