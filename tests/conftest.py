"""Data planes for tests, profiles of Hypothesis, and the search for keys in all output."""

from __future__ import annotations

import os
import signal
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support import canary
from support.planes import BOTH_PLANES, PLANES, Plane

import macsec
from macsec.errors import StaleBuild
from macsec.native import load

pytest_plugins = ["support.session"]

# Processes that tests start import the package that the tests import, not the checkout they run in.
os.environ |= {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(Path(macsec.__file__).parents[1])}

# A shell ignores SIGINT for what it starts in the background, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Keys of tests run side by side on purpose: each process of tests has locks of its own.
LOCKS = tempfile.TemporaryDirectory(prefix="macsec-locks-")
os.environ["MACSEC_LOCK_DIR"] = LOCKS.name

settings.register_profile("dev", max_examples=25, deadline=None, print_blob=True)
settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", max_examples=5000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


WITH_C = {"captures", "frames", "latency", "live", "native", "properties", "secy", "wire"}
"""Folders of tests whose packages have a half in C."""
WITH_PROGRAMS = {"interop", "holders"}
"""Folders of tests that need programs or services of others."""
STAGES = ("native", "network", "programs")
"""Marks by which `.ci/run` chooses the files of a stage, beside these folders."""


@pytest.fixture(params=BOTH_PLANES, ids=str)
def plane(request: pytest.FixtureRequest) -> Plane:
    """A data plane: the reference, or the native one on the kernel that it chooses."""
    chosen: Plane = request.param
    return chosen


MORE_PLANES = [pytest.param(plane, marks=pytest.mark.exhaustive) for plane in PLANES[2:]]


@pytest.fixture(params=[*BOTH_PLANES, *MORE_PLANES], ids=str)
def every_plane(request: pytest.FixtureRequest) -> Plane:
    """A data plane: the reference, or the native one on each kernel that this CPU runs.

    For tests in which the octets of the cipher matter: a kernel cannot change a verdict. Kernels
    that are not chosen are exhaustive.
    """
    chosen: Plane = request.param
    return chosen


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder, and slow ones on the kernels that are not chosen."""
    for item in items:
        _see_that_marks_are_named(item)
        folders = set(item.path.relative_to(item.config.rootpath).parts)
        if folders & WITH_C and not _is_reference(item):
            item.add_marker(pytest.mark.native)
        if folders & WITH_PROGRAMS:
            item.add_marker(pytest.mark.programs)
        if item.get_closest_marker("network") or item.get_closest_marker("programs"):
            item.add_marker(pytest.mark.exhaustive)  # real time, and programs of others: minutes
        if item.get_closest_marker("slow") and not _is_on_both_planes(item):
            item.add_marker(pytest.mark.exhaustive)


def _see_that_marks_are_named(item: pytest.Item) -> None:
    """Refuse a mark that its file does not name: `.ci/run` finds the files of a stage by that."""
    for name in STAGES:
        if item.get_closest_marker(name) and f"mark.{name}" not in _text(item.path):
            raise pytest.UsageError(f"{item.nodeid}: write pytest.mark.{name} in this file")


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _is_reference(item: pytest.Item) -> bool:
    case = getattr(item, "callspec", None)
    return case is not None and "reference" in map(str, case.params.values())


def _is_on_both_planes(item: pytest.Item) -> bool:
    case = getattr(item, "callspec", None)
    return case is None or case.params.get("every_plane", PLANES[0]) in BOTH_PLANES


NOT_BUILT = (
    "the C extension is not built: run `pip install -e .` first, "
    "or test the reference plane alone with `pytest --reference`"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for machines without a C compiler."""
    parser.addoption(
        "--reference",
        action="store_true",
        help="test the reference plane alone, without the extension",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Search all output for keys. Without a build of these sources, end in one line."""
    try:
        load("auto")
    except StaleBuild as error:
        raise pytest.UsageError(str(error)) from None
    if len(PLANES) == 1 and not config.getoption("reference"):
        raise pytest.UsageError(NOT_BUILT)
    config.pluginmanager.register(canary.Plugin(), "canary")


def pytest_report_header() -> str:
    """Name the planes and kernels of this run."""
    return "data planes: " + ", ".join(map(str, PLANES))
