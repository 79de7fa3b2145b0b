"""Markdown of the guide on a terminal, in a pager where it is long, or as it is in a pipe."""

from __future__ import annotations

from macsec.cli.shared.edge import stdout

WIDEST = 100
"""Columns of text: longer lines are hard to read."""


def show(text: str) -> None:
    """Print Markdown to stdout: rendered on a terminal, unchanged elsewhere."""
    to = stdout()
    if not to.isatty():
        to.write(text if text.endswith("\n") else text + "\n")
        return
    from rich.console import Console  # late: a pipe needs neither
    from rich.markdown import Markdown

    console = Console(highlight=False)
    page = Markdown(text, hyperlinks=False)
    width = min(console.width, WIDEST)
    lines = console.render_lines(page, console.options.update(width=width))
    if len(lines) < console.height:
        console.print(page, width=width)
        return
    with console.pager(styles=True):
        console.print(page, width=width)
