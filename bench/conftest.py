"""The data planes of the benchmarks."""

from __future__ import annotations

import pytest
from support.planes import BOTH_PLANES, PLANES, Plane

CHOSEN = [
    pytest.param(plane, marks=[] if plane in BOTH_PLANES else pytest.mark.exhaustive)
    for plane in PLANES
]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return the number of processes that tests/ would take."""
    # Imported late: tests/conftest.py loads this module as a plugin, after bench/conftest.py.
    from support import session

    return session.pytest_xdist_auto_num_workers(config)


@pytest.fixture(params=CHOSEN, ids=str)
def chosen(request: pytest.FixtureRequest) -> Plane:
    """A data plane; kernels that are not chosen here are exhaustive."""
    plane: Plane = request.param
    return plane


@pytest.fixture(params=[param for param in CHOSEN if param.values[0].kernel], ids=str)
def native_plane(request: pytest.FixtureRequest) -> Plane:
    """The native data plane; kernels that are not chosen here are exhaustive."""
    plane: Plane = request.param
    return plane


@pytest.fixture(
    params=[
        param
        if param.values[0].kernel
        else pytest.param(*param.values, marks=pytest.mark.exhaustive)
        for param in CHOSEN
    ],
    ids=str,
)
def fast_plane(request: pytest.FixtureRequest) -> Plane:
    """The chosen kernel; the others and the reference are exhaustive: they take seconds."""
    plane: Plane = request.param
    return plane
