"""Text output: rich on a terminal, the same text without styles elsewhere."""

from __future__ import annotations

import io
import os
from itertools import zip_longest
from typing import IO, Any, Literal

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from macsec.report.table import Table

PLAIN_WIDTH = 160
STYLES = {"bad": "bold red", "good": "green", "quiet": "dim", "": ""}
"""The style of a row by its mark."""


class Page:
    """A file to which renderables and lines are written; only a terminal gets colours."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.is_terminal = file.isatty() and os.environ.get("TERM") != "dumb"
        self._console = (
            Console(file=file, highlight=False, soft_wrap=False) if self.is_terminal else None
        )
        self.width = self._console.width if self._console else PLAIN_WIDTH

    def add(self, *renderables: Any) -> None:
        """Write renderables below one another."""
        if self._console is not None:
            for renderable in renderables:
                self._console.print(renderable)
            return
        text = io.StringIO()
        plain = Console(file=text, width=PLAIN_WIDTH, color_system=None, highlight=False)
        for renderable in renderables:
            plain.print(renderable)
        self._file.write("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()))

    def lines(self, lines: list[Text]) -> None:
        """Write lines without folding them."""
        if self._console is None:
            self._file.write("".join(f"{line.plain}\n" for line in lines))
            return
        for line in lines:
            self._console.print(line, overflow="ellipsis", no_wrap=True, crop=True)


def columns(*justify: Literal["left", "right"]) -> RichTable:
    """Return columns without lines; long text folds in the last one."""
    table = RichTable.grid(padding=(0, 3, 0, 0))
    for at, how in enumerate(justify, 1):
        table.add_column(justify=how, no_wrap=at < len(justify), overflow="fold")
    return table


def drawn(table: Table) -> RenderableType:
    """Return a table with its caption above it; rows have the styles of their marks."""
    justify: list[Literal["left", "right"]] = ["left"] * table.names
    justify += ["right"] * (len(table.head) - table.names)
    body = columns(*justify)
    body.add_row(*(Text(text, "dim") for text in table.head))
    for row, mark in zip_longest(table.rows, table.marks, fillvalue=""):
        body.add_row(*(Text(text, STYLES[mark]) for text in row))
    return Group(Text(table.caption, "italic"), body) if table.caption else body


def indented(*renderables: Any) -> list[Any]:
    """Return the parts of a report's body, each with a blank line after it."""
    return [part for each in renderables for part in (Padding(each, (0, 0, 0, 2)), Text())]


def heading(name: str, rest: str = "") -> Text:
    """Return the first line of a report."""
    return Text.assemble((name, "bold"), ("  " + rest if rest else "", "dim"))
