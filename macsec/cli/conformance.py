"""`macsec conformance`: test vectors on every backend and kernel of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
from rich.text import Text

from macsec import conformance
from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import GOOD, REFUSED, stdout
from macsec.conformance import NotRun, PassCount, Report, Target
from macsec.conformance.targets import BACKENDS
from macsec.report.page import Page, drawn, indented
from macsec.report.table import Table
from macsec.report.visible import on_one_line

OUTCOMES = ("passed", "failed")


@click.command("conformance", short_help="Run the test vectors on every backend and kernel.")
@click.argument("files", nargs=-1, type=options.FILE, metavar="[FILE]...")
@options.json_data
@click.option(
    "--backend",
    "backends",
    multiple=True,
    type=click.Choice(["native", "reference"]),
    help="Run on this data plane only (repeatable). Key agreement always runs.",
)
@click.option(
    "--kernel",
    "kernels",
    multiple=True,
    metavar="NAME",
    help="Run on this AES-GCM kernel of native only (repeatable).",
)
def command(
    files: tuple[str, ...], as_json: bool, backends: tuple[str, ...], kernels: tuple[str, ...]
) -> int:
    """Run the built-in test vectors and the 24 named cases, or only the vectors of FILE.

    A FILE has the schema macsec-vectors/1. Each vector runs on every backend and kernel, and fails
    if it fails on one of them. Exit 3 if one failed.
    """
    planes, not_run = conformance.available(*_wanted(backends, kernels))
    chosen = [conformance.load(file) for file in files] or None
    report = conformance.run(chosen, planes, not_run)
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        _show(report)
    return GOOD if report.good else REFUSED


def _wanted(
    backends: tuple[str, ...], kernels: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the wanted backends and kernels; MACSEC_KERNEL leaves one native kernel."""
    forced = chosen_plane("auto").kernel
    if kernels or forced is None:
        return backends, kernels
    wanted = backends or BACKENDS
    return wanted, (forced,) if "native" in wanted else ()


def _show(report: Report) -> None:
    """Print the table, the failures and what was not run on stdout, and a summary on stderr."""
    page = Page(stdout())
    page.add(Text(), *indented(drawn(_table(report))))
    not_run = (f"{_name(each)}: {each.reason}" for each in report.not_run)
    for word, style, lines in (
        ("failed", "red", _failures(report)),
        ("not run", "yellow", not_run),
    ):
        page.lines([Text.assemble((word, style), f"  {on_one_line(line)}") for line in lines])
    click.echo(_line(report), err=True)


def _table(report: Report) -> Table:
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


def _failures(report: Report) -> Iterator[str]:
    on: dict[tuple[str, str, str, str], list[str]] = {}
    for failed in report.failures():
        same = (failed.id, failed.why, failed.clause, failed.file)
        on.setdefault(same, []).append(failed.target.label)
    for (identity, why, clause, file), targets in on.items():
        yield f"{identity}  {why}  ({', '.join(targets)}; {clause}; {file})"


def _name(left_out: NotRun) -> str:
    return f"{left_out.backend} {left_out.kernel or ''}".strip()


def _line(report: Report) -> str:
    vectors, cases = report.vectors, report.named_cases
    failed = vectors.failed + cases.failed
    total = vectors.passed + vectors.failed
    named = cases.passed + cases.failed
    what = f"{total:,} vectors" + (f" and {named} named cases" if named else "")
    planes = ", ".join(target.label for target in report.targets)
    return f"{what} on {planes}: {f'{failed} failed' if failed else 'all passed'}"
