"""Tables and lines of a section of the results."""

from __future__ import annotations

from datetime import UTC, datetime

from macsec.measure.machine import machine
from macsec.measure.other_work import OtherWork


def table(title: str, columns: tuple[str, ...], rows: dict[str, list[str]]) -> str:
    """Return a table of numbers."""
    lines = [f"| {title} | {' | '.join(columns)} |", "| --- |" + " ---: |" * len(columns)]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join(lines) + "\n"


def bold(number: float, good: bool) -> str:
    """Return a number, bold if it meets its target."""
    return f"**{number:.2f}**" if good else f"{number:.2f}"


def command(*arguments: str) -> str:
    """Return a command line as a block of a document."""
    return f"```\n{' '.join(arguments)}\n```\n"


def circumstances(others: OtherWork) -> str:
    """Return the line that says where and when a section was measured."""
    here = machine()
    kind = f"{here['cpu']} ({here['cpu_family_model']}), {here['cores']} cores"
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    return f"Measured on {kind}, {day}, commit {here['commit']}; {others}.\n"
