"""Both backends, for every test that asks for one."""

import importlib.util

import pytest


def _native_built():
    if importlib.util.find_spec("macsec._native") is None:
        return False
    from macsec import _native

    return hasattr(_native.lib, "macsec_capture_index")


@pytest.fixture(params=["python", "native"])
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
