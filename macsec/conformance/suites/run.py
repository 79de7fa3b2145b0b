"""Running the cases of test plans: on each data plane, one verdict a case."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from macsec.conformance.outcome import Mismatch
from macsec.conformance.targets import Target
from macsec.enumerations import WordEnum
from macsec.errors import MACsecError

from .case import CaseRun, Suite, SuiteCase

LOG = logging.getLogger("macsec")


class CaseVerdict(WordEnum):
    """The verdict on a case."""

    PASSED = "pass"
    FAILED = "fail"
    PART = "part"
    """Passed as far as it concerns software; the reason names the rest."""
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case with its verdict. `why`: the first difference, or the reason of part and n/a."""

    suite: Suite
    case: SuiteCase
    verdict: CaseVerdict
    why: str = ""
    steps: tuple[str, ...] = ()
    """The checks that held on the first data plane."""
    targets: tuple[Target, ...] = ()
    """The data planes on which it ran; of a failure, those on which it failed."""


def run_suites(
    suites: Sequence[Suite],
    targets: Sequence[Target],
    watch: Callable[[CaseResult], None] = lambda _: None,
) -> list[CaseResult]:
    """Run every case of some plans; `watch` sees each result as it comes."""
    results = []
    for result in _results(suites, targets):
        watch(result)
        results.append(result)
    return results


def _results(suites: Sequence[Suite], targets: Sequence[Target]) -> Iterator[CaseResult]:
    for suite in suites:
        for case in suite.cases:
            yield run_case(suite, case, targets)


def run_case(
    suite: Suite,
    case: SuiteCase,
    targets: Sequence[Target],
    fetch: Callable[[Any], Any] | None = None,
) -> CaseResult:
    """Run one case on every target; `fetch` reads telemetry of members as a manager would."""
    if case.check is None:
        return CaseResult(suite, case, CaseVerdict.NOT_APPLICABLE, case.why)
    runs = [
        CaseRun(target, fetch=fetch) for target in (targets if case.on_data_plane else targets[:1])
    ]
    failures = {run.target: why for run in runs if (why := _attempt(case, run))}
    if failures:
        why = next(iter(failures.values()))
        return CaseResult(
            suite, case, CaseVerdict.FAILED, why, tuple(runs[0].steps), tuple(failures)
        )
    verdict = CaseVerdict.PART if case.why else CaseVerdict.PASSED
    ran = tuple(run.target for run in runs)
    return CaseResult(suite, case, verdict, case.why, tuple(runs[0].steps), ran)


def _attempt(case: SuiteCase, run: CaseRun) -> str:
    """Run the steps of a case; return the first difference, or "" if there is none."""
    if case.check is None:
        return ""
    try:
        with _silence():
            case.check(run)
    except Mismatch as found:
        return str(found)
    except (MACsecError, ValueError, LookupError, OverflowError) as error:
        return f"cannot be run: {type(error).__name__}: {error}"
    return "" if run.steps else "no step ran"


@contextmanager
def _silence() -> Iterator[None]:
    """Keep warnings back: a case that provokes one has it among its steps."""
    was, LOG.disabled = LOG.disabled, True
    try:
        yield
    finally:
        LOG.disabled = was
