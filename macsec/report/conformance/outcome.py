"""Results of test plans with their counts, and their JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypedDict

from macsec.conformance import Target
from macsec.conformance.suites import CaseResult, CaseVerdict, Suite

VerdictJson = Literal["pass", "fail", "part", "not applicable"]


class CaseJson(TypedDict):
    """A case. `why`: the first difference of a failure, the reason of part and not applicable."""

    suite: str
    id: str
    demand: str
    clause: str
    verdict: VerdictJson
    why: str
    steps: list[str]
    backends: list[str]


class CaseCountsJson(TypedDict):
    """Cases of a plan by their verdict."""

    passed: int
    failed: int
    part: int
    not_applicable: int


class TestPlanJson(TypedDict):
    """Title and origin of a plan."""

    title: str
    source: str


class SuitesJson(TypedDict):
    """`macsec/suite/1`: cases of published test plans, each with its verdict.

    `suites` and `plans` by the name of the plan; `cases` in the order of the plans.
    """

    schema: Literal["macsec/suite/1"]
    suites: dict[str, CaseCountsJson]
    plans: dict[str, TestPlanJson]
    backends: list[str]
    cases: list[CaseJson]


@dataclass(frozen=True, slots=True)
class SuitesRun:
    """Results in the order of their plans, and the data planes of the run."""

    results: Sequence[CaseResult]
    targets: Sequence[Target]

    @property
    def by_suite(self) -> list[tuple[Suite, list[CaseResult]]]:
        """The plans with their results."""
        return [
            (results[0].suite, results)
            for _, group in groupby(self.results, key=lambda result: result.suite.name)
            for results in [list(group)]
        ]

    @property
    def failed(self) -> int:
        """The number of failed cases."""
        return verdicts(self.results)["fail"]

    @property
    def line(self) -> str:
        """The counts as one line."""
        counts = ", ".join(f"{count} {name}" for name, count in verdicts(self.results).items())
        planes = ", ".join(target.label for target in self.targets)
        return f"{len(self.results)} cases on {planes}: {counts}"


def verdicts(results: Sequence[CaseResult]) -> dict[str, int]:
    """Return the number of results with each verdict."""
    counts = Counter(result.verdict for result in results)
    return {verdict.value: counts[verdict] for verdict in CaseVerdict}


def to_json(run: SuitesRun) -> SuitesJson:
    """Return the JSON of a run."""
    return {
        "schema": "macsec/suite/1",
        "suites": {suite.name: _counts(results) for suite, results in run.by_suite},
        "plans": {
            suite.name: {"title": suite.title, "source": suite.source} for suite, _ in run.by_suite
        },
        "backends": [target.label for target in run.targets],
        "cases": [_case(result) for result in run.results],
    }


def _counts(results: Sequence[CaseResult]) -> CaseCountsJson:
    counts = Counter(result.verdict for result in results)
    return {
        "passed": counts[CaseVerdict.PASSED],
        "failed": counts[CaseVerdict.FAILED],
        "part": counts[CaseVerdict.PART],
        "not_applicable": counts[CaseVerdict.NOT_APPLICABLE],
    }


def _case(result: CaseResult) -> CaseJson:
    return {
        "suite": result.suite.name,
        "id": result.case.id,
        "demand": result.case.demand,
        "clause": result.case.clause,
        "verdict": result.verdict.value,
        "why": result.why,
        "steps": list(result.steps),
        "backends": [target.label for target in result.targets],
    }
