"""Text for people: rich on a terminal, the same text plain everywhere else."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import IO, Any, Literal

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 160


class Page:
    """Takes renderables and lines; colours and the terminal's width only where there is one."""

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
        """Write lines that are never folded."""
        if self._console is None:
            self._file.write("".join(f"{line.plain}\n" for line in lines))
            return
        for line in lines:
            self._console.print(line, overflow="ellipsis", no_wrap=True, crop=True)


def grid(*justify: Literal["left", "right"]) -> Table:
    """A table without lines. What does not fit folds in the last column."""
    table = Table.grid(padding=(0, 3, 0, 0))
    for at, how in enumerate(justify, 1):
        table.add_column(justify=how, no_wrap=at < len(justify), overflow="fold")
    return table


def tabulated(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    names: int = 1,
    styles: Sequence[str] = (),
) -> Any:
    """A table with a caption: the first `names` columns are words, the others numbers."""
    justify: list[Literal["left", "right"]] = ["left"] * names
    justify += ["right"] * (len(head) - names)
    table = grid(*justify)
    table.add_row(*(Text(text, "dim") for text in head))
    for at, row in enumerate(rows):
        table.add_row(*(Text(text, styles[at] if at < len(styles) else "") for text in row))
    return Group(Text(caption, "italic"), table) if caption else table


def indented(*renderables: Any) -> list[Any]:
    """The body of a report, a blank line behind each part."""
    return [part for each in renderables for part in (Padding(each, (0, 0, 0, 2)), Text())]


def heading(name: str, rest: str = "") -> Text:
    """The first line of a report."""
    return Text.assemble((name, "bold"), ("  " + rest if rest else "", "dim"))
