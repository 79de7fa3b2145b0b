"""The test plans: every case is there, and passes on both data planes as far as it is software."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from macsec.conformance import available
from macsec.conformance.dpdk import CASES
from macsec.conformance.suites import (
    NAMES,
    CaseVerdict,
    Suite,
    SuiteCase,
    run_case,
    suites_named,
)

TARGETS = available()[0][:2]
IDS = Path(__file__).with_name("ids.txt")
"""A plan and an ID a line, as the plans have them."""
NOT_APPLICABLE_MOST = 15
SLOW = {
    "PF-1.27.4",
    "PF-1.27.6",
    "PF-1.27.7",
    "PF-1.27.11",
    "PF-1.17.4",
    "PF-1.17.5",
    "PF-1.27.1",
    "FPT_DDP_EXT.1",
    "FMT_SMF.1 T3",
    "deployment::scale_rekey",
}
"""Cases that take about a second or more on both data planes together."""
GOOD = {CaseVerdict.PASSED, CaseVerdict.PART, CaseVerdict.NOT_APPLICABLE}


def listed() -> dict[str, list[str]]:
    """Return the IDs of each plan."""
    plans: dict[str, list[str]] = {}
    for line in IDS.read_text().splitlines():
        plan, identity = line.split("\t")
        plans.setdefault(plan, []).append(identity)
    return plans


PLANS = suites_named([name for name in listed() if name in NAMES])


def each_case() -> list[object]:
    """Return each case, marked exhaustive if it is slow."""
    return [
        pytest.param(
            suite,
            case,
            id=f"{suite.name}-{case.id}".replace(" ", "_"),
            marks=[pytest.mark.exhaustive] if case.id in SLOW else [],
        )
        for suite in PLANS
        for case in suite.cases
    ]


@pytest.mark.parametrize("suite, case", each_case())
def test_a_case_holds_on_both_data_planes(suite: Suite, case: SuiteCase) -> None:
    """It passes, in part if not all of it is software; it says which steps ran."""
    result = run_case(suite, case, TARGETS)
    assert result.verdict in GOOD, result.why
    assert bool(result.steps) is (case.check is not None)


@pytest.mark.parametrize("suite", PLANS, ids=lambda suite: suite.name)
def test_a_plan_has_every_case_of_its_list(suite: Suite) -> None:
    """No ID is left out, none is made up."""
    wanted = set(listed()[suite.name])
    if suite.name == "dpdk":
        wanted = {case.name for case in CASES}  # one row for all of them
    assert {case.id for case in suite.cases} == wanted


def test_few_cases_are_not_applicable() -> None:
    """All else runs at least in part; each of these has its reason."""
    bare = [case for suite in PLANS for case in suite.cases if case.check is None]
    assert len(bare) <= NOT_APPLICABLE_MOST
    assert all(len(case.why.split()) > 3 for case in bare)


def test_no_two_cases_have_one_demand() -> None:
    """Each says what it asks for, in words of its own; Technica has several cases for a demand."""
    for suite in PLANS:
        demands = Counter(case.demand for case in suite.cases if suite.name != "technica")
        assert [demand for demand, times in demands.items() if times > 1] == []
