"""Results of test plans as a page of HTML: a table for each plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from macsec.conformance.suites import CaseResult, Suite
from macsec.report.html import page, tables
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import HtmlPage, PageSection
from macsec.report.table import Table

from .outcome import SuitesRun
from .text import MARKS, plans_table


def page_of(run: SuitesRun, origin: Mapping[str, str] | None = None) -> str:
    """Return the text of the file."""
    facts = {"data planes": ", ".join(target.label for target in run.targets), "result": run.line}
    sections = [
        PageSection("plans", "Test plans", [tables.draw(plans_table(run))]),
        *(_section(suite, results) for suite, results in run.by_suite),
    ]
    lead = "Cases of other people's test plans, under their own IDs, run in virtual time."
    return page.render(HtmlPage("macsec conformance", lead, facts, sections, origin or {}))


def _section(suite: Suite, results: Sequence[CaseResult]) -> PageSection:
    rows = [
        [result.case.id, result.verdict.value, result.case.demand, _notes(result)]
        for result in results
    ]
    marks = [MARKS[result.verdict] for result in results]
    head = ("case", "verdict", "demand", "notes")
    table = tables.draw(Table(suite.title, head, rows, names=len(head), marks=marks), prose=True)
    steps = tag("details", tag("summary", "The steps of each case"), *map(_steps, results))
    return PageSection(suite.name, suite.title, [table, steps], suite.source)


def _notes(result: CaseResult) -> str:
    return "; ".join(text for text in (result.why, result.case.clause) if text)


def _steps(result: CaseResult) -> Html:
    shown = [tag("li", step) for step in result.steps] or [tag("li", "no step: not applicable")]
    return tag("div", tag("h3", result.case.id), tag("ol", *shown))
