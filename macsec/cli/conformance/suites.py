"""`macsec conformance --suite`: the cases of test plans, in virtual time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import click

from macsec.cli.shared.edge import GOOD, REFUSED, say, stdout
from macsec.cli.shared.files import page_file
from macsec.cli.shared.progress import steps
from macsec.conformance import Target
from macsec.conformance.suites import CaseResult, Suite, run_suites, suites_named
from macsec.errors import ConfigError
from macsec.report.conformance import SuitesRun, junit_of, page_of, to_json, to_page
from macsec.report.page import Page
from macsec.whole_file import refuse_unwritable, write_whole


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names of plans, and beginnings of the IDs of their cases: none for every case."""

    suites: tuple[str, ...]
    cases: tuple[str, ...] = ()

    def chosen(self) -> list[Suite]:
        """Return the plans with the wanted cases. Raises ConfigError if no case is left."""
        plans = suites_named(self.suites)
        if not self.cases:
            return plans
        left = [plan for each in plans if (plan := each.only(self.cases)).cases]
        if not left:
            raise ConfigError(f"case {', '.join(self.cases)}: no ID in these plans begins so")
        return left


def run_plans(
    wanted: Wanted, targets: Sequence[Target], as_json: bool, report: str | None, junit: str | None
) -> int:
    """Run the cases on one kernel of each backend; print and write the results."""
    refuse_unwritable(junit)
    page_file.refuse_double(report, junit)
    planes = one_a_backend(targets)
    run = SuitesRun(_results(wanted.chosen(), planes), planes)
    if as_json:
        click.echo(json.dumps(to_json(run), indent=2, ensure_ascii=False))
    else:
        to_page(Page(stdout()), run)
        say(run.line)
    if report is not None:
        page_file.save(report, page_of(run, page_file.origin()))
    if junit is not None:
        write_whole(junit, junit_of(run))
    return REFUSED if run.failed else GOOD


def _results(plans: Sequence[Suite], planes: Sequence[Target]) -> list[CaseResult]:
    with steps("conformance", sum(len(plan.cases) for plan in plans)) as step:
        return run_suites(plans, planes, lambda _: step())


def one_a_backend(targets: Sequence[Target]) -> list[Target]:
    """Return the first target of each backend: that of native is the fastest kernel."""
    return list({target.backend: target for target in reversed(targets)}.values())[::-1]
