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

    id: str
    demand: str
    clause: str
    verdict: VerdictJson
    why: str
    steps: list[str]
    backends: list[str]


class TestPlanJson(TypedDict):
    """A test plan and its cases; `verdicts` counts them."""

    name: str
    title: str
    source: str
    verdicts: dict[str, int]
    cases: list[CaseJson]


class SuitesJson(TypedDict):
    """`macsec/suites/1`: cases of published test plans, each with its verdict."""

    schema: Literal["macsec/suites/1"]
    verdicts: dict[str, int]
    backends: list[str]
    suites: list[TestPlanJson]


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
        "schema": "macsec/suites/1",
        "verdicts": verdicts(run.results),
        "backends": [target.label for target in run.targets],
        "suites": [_plan(suite, results) for suite, results in run.by_suite],
    }


def _plan(suite: Suite, results: Sequence[CaseResult]) -> TestPlanJson:
    return {
        "name": suite.name,
        "title": suite.title,
        "source": suite.source,
        "verdicts": verdicts(results),
        "cases": [_case(result) for result in results],
    }


def _case(result: CaseResult) -> CaseJson:
    return {
        "id": result.case.id,
        "demand": result.case.demand,
        "clause": result.case.clause,
        "verdict": result.verdict.value,
        "why": result.why,
        "steps": list(result.steps),
        "backends": [target.label for target in result.targets],
    }
