"""Every test that takes `plane` runs on both data planes, the native one on every kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support import canary
from support.planes import PLANES, Plane

import macsec

# Processes that tests start import the package that the tests import, not the checkout they run in.
os.environ |= {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(Path(macsec.__file__).parents[1])}

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", max_examples=5000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(params=PLANES, ids=str)
def plane(request: pytest.FixtureRequest) -> Plane:
    """A data plane: the reference, or the native one on one kernel."""
    chosen: Plane = request.param
    return chosen


def pytest_configure(config: pytest.Config) -> None:
    """Look for keys in all that comes out of the tests."""
    config.pluginmanager.register(canary.Plugin(), "canary")


def pytest_report_header() -> str:
    """Which planes and kernels this run covers."""
    return "data planes: " + ", ".join(map(str, PLANES))
