"""Text output: rich on a terminal, the same text without styles elsewhere."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import IO, Any, Literal

from rich.cells import cell_len
from rich.console import (
    Console,
    ConsoleOptions,
    Group,
    OverflowMethod,
    RenderableType,
    RenderResult,
)
from rich.segment import Segment
from rich.table import Table as RichTable
from rich.text import Text

from macsec.report.table import Table
from macsec.report.visible import on_one_line, visible

PLAIN_WIDTH = 100_000
"""Columns where there is no terminal: nothing is folded or cropped."""
BETWEEN = 3
"""Spaces between two columns."""
INDENT = 2
CLAUSES = "clauses: macsec help clauses"
"""The last line of an output that names clauses."""
STYLES = {"bad": "bold red", "good": "green", "quiet": "dim", "": ""}
"""The style of a row by its mark."""


SGR = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
"""Codes of the styles of `Ink`; NO_COLOR leaves the first two."""


class Page:
    """A file to which renderables and lines are written; only a terminal gets colours."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.is_terminal = file.isatty() and os.environ.get("TERM") != "dumb"
        self._console = (
            Screen(file=file, highlight=False, markup=False, emoji=False)
            if self.is_terminal
            else None
        )
        self.width = self._console.width if self._console else PLAIN_WIDTH

    def add(self, *renderables: Any) -> None:
        """Write renderables below one another."""
        if self._console is not None:
            for renderable in renderables:
                overlong = isinstance(renderable, Text) and _longest(renderable) > self.width
                for part in _pieces("", renderable, self.width) if overlong else (renderable,):
                    # A word that is too long is left to the terminal, whole.
                    overflow: OverflowMethod | None = "ignore" if overlong else None
                    self._console.print(part, crop=False, overflow=overflow)
            return
        text = io.StringIO()
        plain = Screen(
            file=text,
            width=PLAIN_WIDTH,
            color_system=None,
            highlight=False,
            markup=False,
            emoji=False,
        )
        for renderable in renderables:
            plain.print(renderable)
        self._file.write("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()))

    @property
    def ink(self) -> Ink:
        """The styles that this page has: none where it is no terminal."""
        console = self._console
        if console is None or console.color_system is None:
            return Ink({})
        kept = ("bold", "dim") if console.no_color else tuple(SGR)
        return Ink({style: SGR[style] for style in kept})

    def write(self, lines: Iterable[str]) -> None:
        """Write lines as they are: own words without control characters."""
        self._file.write("".join(f"{line}\n" for line in lines))

    def lines(self, lines: list[Text]) -> None:
        """Write lines without folding them."""
        if self._console is None:
            self._file.write("".join(f"{on_one_line(line.plain)}\n" for line in lines))
            return
        for line in lines:
            parts = (
                (on_one_line(text), style or "") for text, style, _ in line.render(self._console)
            )
            self._console.print(Text.assemble(*parts), soft_wrap=True)


class Ink:
    """Writes own words in the styles of a terminal, or plain; for lines too many for rich."""

    def __init__(self, codes: Mapping[str, str]) -> None:
        self._codes = codes

    def __call__(self, text: str, style: str) -> str:
        """Return a text without control characters in a style."""
        code = self._codes.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if code else text


class Screen(Console):
    """A console on which no text but its own styles controls the terminal."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Yield segments with control characters as escapes."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible(text), style, control)


class Columns(RichTable):
    """Columns without lines. Where they do not fit, each row is folded between its cells.

    Only a cell of the last column, or one that is longer than a line, is folded; none is cropped.
    `head` names the columns of rows that are folded; it is the first row, if there is one. `parts`
    are other names for such rows; a cell whose name is empty begins a line.
    """

    head: Sequence[str] = ()
    parts: Sequence[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, or the rows folded."""
        cells = [[_text(cell) for cell in column.cells] for column in self.columns]
        if _width(cells) <= options.max_width:
            yield from super().__rich_console__(console, options)
            return
        for row in list(zip(*cells, strict=True))[bool(self.head) :]:
            yield self._folded(row, options.max_width)

    def _folded(self, row: Sequence[Text], width: int) -> Text:
        """Return the cells of a row on as many lines as they need; later lines are indented."""
        lines = [Text(overflow="ignore")]
        for name, cell in zip_longest(self.parts or self.head, row, fillvalue=""):
            begins = bool(self.parts) and not name
            for text in _pieces(name, Text.assemble(cell), width - BETWEEN):
                used = cell_len(lines[-1].plain)
                if used and (begins or used + BETWEEN + cell_len(text.plain) > width):
                    lines.append(Text(" " * BETWEEN, overflow="ignore"))
                elif lines[-1].plain.strip():
                    lines[-1].append(" " * BETWEEN)
                lines[-1].append_text(text)
                begins = False
        return Text("\n", overflow="ignore").join(lines)


def _pieces(name: str, cell: Text, width: int) -> Iterator[Text]:
    """Yield the lines of a cell, the first behind its name; long ones are folded at spaces."""
    if not cell.plain.strip():
        return
    named = Text.assemble(name, " " * bool(name), cell)
    for line in named.split(allow_blank=True):
        yield from _at_spaces(line, width)


def _at_spaces(line: Text, width: int) -> Iterator[Text]:
    """Yield pieces of a line that are no longer than `width`, but for a word that is."""
    start = end = 0
    for word in re.finditer(r"\S+\s*", line.plain):
        if end > start and cell_len(line.plain[start : word.end()].rstrip()) > width:
            yield line[start:end]
            start = word.start()
        end = word.start() + len(word[0].rstrip())
    yield line[start:end]


class _Indented:
    """A renderable two columns to the right. Lines that are too long are left to the terminal."""

    def __init__(self, renderable: RenderableType) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        narrower = options.update_width(max(1, options.max_width - INDENT))
        for line in Segment.split_lines(console.render(self._renderable, narrower)):
            yield from (Segment(" " * INDENT), *line, Segment.line())


def _text(cell: Any) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))


def _width(cells: list[list[Text]]) -> int:
    """Return the least width: every column as wide as its text, the last as its longest word."""
    *first, last = ([text.plain for text in column] or [""] for column in cells)
    widths = [max(cell_len(line) for text in each for line in text.split("\n")) for each in first]
    return sum(widths) + BETWEEN * len(first) + max(map(_longest, map(Text, last)), default=0)


def _longest(text: Text) -> int:
    """Return the columns of the longest word."""
    return max(map(cell_len, text.plain.split()), default=0)


def columns(*justify: Literal["left", "right"]) -> Columns:
    """Return columns without lines; long text folds in the last one."""
    table = Columns(
        box=None,
        padding=(0, BETWEEN, 0, 0),
        collapse_padding=True,
        show_header=False,
        show_footer=False,
        show_edge=False,
        pad_edge=False,
    )
    for at, how in enumerate(justify, 1):
        table.add_column(justify=how, no_wrap=at < len(justify), overflow="fold")
    return table


def drawn(table: Table) -> RenderableType:
    """Return a table with its caption above it; rows have the styles of their marks."""
    justify: list[Literal["left", "right"]] = ["left"] * table.names
    justify += ["right"] * (len(table.head) - table.names)
    body = columns(*justify)
    body.head = table.head
    body.add_row(*(Text(text, "dim") for text in table.head))
    for row, mark in zip_longest(table.rows, table.marks, fillvalue=""):
        body.add_row(*(Text(text, STYLES[mark]) for text in row))
    return Group(Text(table.caption, "italic"), body) if table.caption else body


def table_of(caption: str, body: Columns) -> Table:
    """Return columns as a table for HTML; their first row is the head."""
    cells = [[_text(cell).plain for cell in column.cells] for column in body.columns]
    head, *rows = zip(*cells, strict=True)
    return Table(caption, head, rows, len(head))


def indented(*renderables: Any) -> list[Any]:
    """Return the parts of a report's body, each with a blank line after it."""
    return [part for each in renderables for part in (_Indented(each), Text())]


def heading(name: str, rest: str = "") -> Text:
    """Return the first line of a report."""
    rest = f"  {on_one_line(rest)}" if rest else ""
    return Text.assemble((on_one_line(name), "bold"), (rest, "dim"))
