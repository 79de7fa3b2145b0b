"""MSEC-1.1 with all telemetry read over gNMI: the same steps as without."""

from __future__ import annotations

import pytest

from macsec.conformance.suites.openconfig import SUITE
from macsec.conformance.suites.run import CaseVerdict, run_case
from macsec.conformance.targets import available

pytest.importorskip("grpc", reason="grpcio is not installed: extra gnmi")
pytest.importorskip("pygnmi", reason="pygnmi is not installed")
from support.services.gnmi_scene import fetching

CASES = SUITE.only(["MSEC-1.1"]).cases


def test_each_case_of_the_plan_has_the_same_steps_over_gnmi() -> None:
    """Four cases pass on the reference plane; no step is other than without gNMI."""
    assert len(CASES) == 4
    with fetching() as fetch:
        for case in CASES:
            targets = available()[0][:1]
            over = run_case(SUITE, case, targets, fetch)
            without = run_case(SUITE, case, targets)
            assert over.verdict is CaseVerdict.PASSED, over.why
            assert over.steps == without.steps
