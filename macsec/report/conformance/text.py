"""Results of test plans as text: every case with its ID, then the counts of each plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from macsec.conformance.suites import CaseResult, CaseVerdict
from macsec.report.page import STYLES, Page, drawn, heading, indented
from macsec.report.table import Table

from .outcome import SuitesRun, verdicts

MARKS = {
    CaseVerdict.PASSED: "good",
    CaseVerdict.FAILED: "bad",
    CaseVerdict.PART: "",
    CaseVerdict.NOT_APPLICABLE: "quiet",
}
SHORT = {CaseVerdict.NOT_APPLICABLE: "n/a"}


def to_page(page: Page, run: SuitesRun) -> None:
    """Write the cases of each plan, then a table of all plans."""
    for suite, results in run.by_suite:
        page.add(heading(suite.title, suite.source))
        page.add(*(line for result in results for line in _case(result)), Text())
    page.add(*indented(drawn(plans_table(run))))


def _case(result: CaseResult) -> Iterator[Text]:
    word = SHORT.get(result.verdict, result.verdict.value)
    style = STYLES[MARKS[result.verdict]]
    yield Text.assemble(
        "  ", (f"{word:4}", style), f"  {result.case.id}  ", (result.case.demand, "dim")
    )
    if result.why:
        yield Text(f"        {result.why}", style if result.verdict is CaseVerdict.FAILED else "")


def plans_table(run: SuitesRun) -> Table:
    """Return the counts of verdicts, a row for each plan and one for all."""
    rows = [_row(suite.name, results) for suite, results in run.by_suite]
    if len(rows) > 1:
        rows.append(_row("all", run.results))
    heads = [SHORT.get(verdict, verdict.value) for verdict in CaseVerdict]
    return Table("", ("plan", "cases", *heads), rows)


def _row(name: str, results: Sequence[CaseResult]) -> list[str]:
    return [name, str(len(results)), *map(str, verdicts(results).values())]
