"""A measurement of latency for people: on a terminal, or as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from macsec.measure.latency.run import Results
from macsec.report.latency.outcome import SECTIONS, TARGET_HEAD, Grid, head, target_cells
from macsec.report.page import Page, grid, heading, indented, tabulated

STYLES = {"met": "green", "missed": "red"}


def to_page(page: Page, results: Results, machine: Mapping[str, Any]) -> None:
    """The machine, the sections that have something to tell, the targets."""
    page.add(heading("macsec bench latency", results.kernel), Text())
    facts = grid("left", "left")
    for name, value in head(results, machine).items():
        facts.add_row(Text(name, "dim"), Text(value))
    page.add(*indented(facts))
    for section in SECTIONS:
        grids = list(section.grids(results))
        if grids:
            page.add(heading(section.title), *indented(Text(section.note, "dim")))
            page.add(*indented(*map(_table, grids)))
    targets = Grid("", TARGET_HEAD, target_cells(results))
    page.add(heading("targets"), Text(), *indented(_table(targets)))


def _table(told: Grid) -> Any:
    styles = [STYLES.get(row[-1], "") for row in told.rows]
    return tabulated(told.caption, told.head, told.rows, told.names, styles)
