"""A measurement of latency as text."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text

from macsec.measure.latency.run import LatencyResults
from macsec.measure.machine import MachineJson
from macsec.report.latency.outcome import TIME_KINDS, head, target_table
from macsec.report.page import Page, columns, drawn, heading, indented


def to_page(page: Page, results: LatencyResults, machine: MachineJson) -> None:
    """Print the machine, the kinds of time that were measured, the targets."""
    page.add(heading("macsec bench latency", results.kernel), Text())
    facts = columns("left", "left")
    for name, value in head(results, machine).items():
        facts.add_row(Text(name, "dim"), Text(value))
    page.add(*indented(facts))
    for kind in TIME_KINDS:
        tables = list(kind.tables(results))
        if tables:
            page.add(heading(kind.title), *indented(Text(kind.note, "dim")))
            page.add(*indented(*map(drawn, tables)))
    targets = replace(target_table(results), caption="")
    page.add(heading("targets"), Text(), *indented(drawn(targets)))
