"""The outcome of a lab as text."""

from __future__ import annotations

from rich.text import Text

from macsec.lab.virtual.lab import Lab
from macsec.report.lab.agreement import ms_text
from macsec.report.lab.expected import expectations, table
from macsec.report.lab.outcome import (
    LabRun,
    agreement_table,
    alarm,
    began,
    counter_table,
    drop_table,
    flow_table,
    host_table,
    link_table,
    to_json,
    trouble,
    unsent,
)
from macsec.report.page import Page, columns, drawn, heading, indented


def to_page(page: Page, lab: Lab, run: LabRun) -> None:
    """Print links, traffic, hosts, counters and the digest; the warning first and last."""
    details = f"seed {run.seed}, {lab.backend}" if lab.backend else f"seed {run.seed}"
    page.add(heading(run.topology, details))
    if lab.blueprint.description:
        page.add(Text(" ".join(lab.blueprint.description.split()), "dim"))
    warning = Text(alarm(lab), "bold white on red")
    page.add(*([warning] if warning else []))
    page.add(*(Text(line, "bold red") for line in (*trouble(lab), *unsent(lab))), Text())
    tables = (
        link_table(lab),
        drop_table(lab),
        agreement_table(lab),
        flow_table(lab),
        host_table(lab),
        counter_table(lab),
    )
    page.add(*indented(*(drawn(each) for each in tables if each.rows)))
    ending = columns("left", "left")
    ending.add_row("traffic began", began(lab))
    ending.add_row("ended at", f"{ms_text(lab.engine.now_ns)} of virtual time")
    ending.add_row("digest", Text(lab.digest, "bold"))
    page.add(*indented(ending))
    _add_answer(page, lab, run)
    if warning:
        page.add(warning)


def _add_answer(page: Page, lab: Lab, run: LabRun) -> None:
    """Print the answer to the question of a topology, and what this run shows of it."""
    if not run.question:
        return
    found = expectations(run.expect, to_json(lab, run))
    page.add(Text(run.question, "bold"), Text(" ".join(run.answer.split())), Text())
    page.add(*indented(drawn(table(found))))
