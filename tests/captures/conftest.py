"""Both backends, for every test that asks for one."""

import pytest

from macsec.native import load


def _native_built():
    return load("auto", needs="macsec_capture_index") is not None


@pytest.fixture(params=["reference", "native"])
def backend(request):
    """Each twin in turn."""
    if request.param == "native" and not _native_built():
        pytest.skip("macsec._native is not built")
    return request.param


@pytest.fixture
def twins():
    """Skip where there is only one."""
    if not _native_built():
        pytest.skip("macsec._native is not built")
