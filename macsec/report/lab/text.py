"""The outcome of a lab for people: on a terminal, or as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from macsec.lab.virtual.lab import Lab
from macsec.report.lab.agreement import ms_text
from macsec.report.lab.outcome import (
    Run,
    agreement_table,
    alarm,
    began,
    counter_table,
    flow_table,
    host_table,
    link_table,
    trouble,
)
from macsec.report.page import Page, grid, heading, indented, tabulated

STYLES = {"bad": "bold red", "good": "green", "quiet": "dim"}


def to_page(page: Page, lab: Lab, run: Run) -> None:
    """Links, traffic, hosts, counters and the digest; what is unprotected first and last."""
    told = f"seed {run.seed}, {lab.backend}" if lab.backend else f"seed {run.seed}"
    page.add(heading(run.topology, told))
    if lab.blueprint.description:
        page.add(Text(lab.blueprint.description, "dim"))
    warning = Text(alarm(lab), "bold white on red")
    page.add(*([warning] if warning else []))
    page.add(*(Text(line, "bold red") for line in trouble(lab)), Text())
    tables = (
        link_table(lab),
        agreement_table(lab),
        flow_table(lab),
        host_table(lab),
        counter_table(lab),
    )
    page.add(
        *indented(
            *(
                tabulated(each.caption, each.head, each.rows, each.names, _styles(each.marks))
                for each in tables
                if each.rows
            )
        )
    )
    ending = grid("left", "left")
    ending.add_row("traffic began", began(lab))
    ending.add_row("ended at", f"{ms_text(lab.engine.now_ns)} of virtual time")
    ending.add_row("digest", Text(lab.digest, "bold"))
    page.add(*indented(ending))
    if warning:
        page.add(warning)


def _styles(marks: Sequence[str]) -> list[str]:
    return [STYLES.get(mark, "") for mark in marks]
