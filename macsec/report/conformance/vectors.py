"""Results of test vectors: a table, a line, a page of HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from macsec.conformance import NotRun, PassCount, Report, Target
from macsec.report.html import page, tables
from macsec.report.html.markup import tag
from macsec.report.html.model import HtmlPage, PageSection
from macsec.report.table import Table

OUTCOMES = ("passed", "failed")


def to_html(report: Report, origin: Mapping[str, str]) -> str:
    """Return the text of the file."""
    rows = [tag("li", line) for line in failures(report)]
    failed = tag("ul", *rows) if rows else tag("p", "No vector failed.", class_="note")
    left_out = [(name_of(each), each.reason) for each in report.not_run]
    others = Table("Not run", ("data plane", "reason"), left_out, 2, empty="every one ran.")
    sections = [
        PageSection("vectors", "Vectors", [tables.draw(vectors_table(report))]),
        PageSection("failures", "Failures", [failed]),
        PageSection("planes", "Data planes", [tables.draw(others)]),
    ]
    lead = "Test vectors, each on every data plane and kernel of this machine."
    facts = {"result": vectors_line(report)}
    return page.render(HtmlPage("macsec conformance", lead, facts, sections, origin))


def vectors_table(report: Report) -> Table:
    """Return passed vectors by suite and kind, a column for each data plane and kernel."""
    totals, by_target = report.by_kind(), report.by_target()
    targets = list(dict.fromkeys(target for counts in by_target.values() for target in counts))
    rows = [
        (
            *(suite, kind),
            *(_cell(by_target[suite, kind], target) for target in targets),
            *(str(count.passed), str(count.failed)),
        )
        for (suite, kind), count in totals.items()
    ]
    sums = [str(sum(getattr(count, name) for count in totals.values())) for name in OUTCOMES]
    return Table(
        "",
        ("suite", "kind", *(target.label.replace(" ", "\n") for target in targets), *OUTCOMES),
        [*rows, ("all", "", *("" for _ in targets), *sums)],
        names=2,
        marks=["bad" if count.failed else "" for count in totals.values()],
    )


def _cell(counts: dict[Target, PassCount], target: Target) -> str:
    count = counts.get(target)
    if count is None:
        return "-"
    return f"{count.passed}/{count.passed + count.failed}" if count.failed else str(count.passed)


def failures(report: Report) -> Iterator[str]:
    """Yield a line for each failure, with the data planes that have it."""
    on: dict[tuple[str, str, str, str], list[str]] = {}
    for failed in report.failures():
        same = (failed.id, failed.why, failed.clause, failed.file)
        on.setdefault(same, []).append(failed.target.label)
    for (identity, why, clause, file), targets in on.items():
        yield f"{identity}  {why}  ({', '.join(targets)}; {clause}; {file})"


def name_of(left_out: NotRun) -> str:
    """Return the data plane and kernel that did not run."""
    return f"{left_out.backend} {left_out.kernel or ''}".strip()


def vectors_line(report: Report) -> str:
    """Return the counts as one line."""
    vectors, cases = report.vectors, report.named_cases
    failed = vectors.failed + cases.failed
    total = vectors.passed + vectors.failed
    named = cases.passed + cases.failed
    what = f"{total:,} vector{'s' * (total != 1)}" + (f" and {named} named cases" if named else "")
    planes = ", ".join(target.label for target in report.targets)
    return f"{what} on {planes}: {f'{failed} failed' if failed else 'all passed'}"
