"""The loader of the C library: three names, one kind of error."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from macsec.errors import ConfigError, EnvironmentLacks
from macsec.native import BACKENDS, EXTENSION, load


@pytest.fixture
def unbuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extension module."""
    monkeypatch.setitem(sys.modules, EXTENSION, None)  # type: ignore[arg-type]


def test_unknown_backend_is_refused_with_the_list() -> None:
    """The error names the wrong word and the right ones."""
    with pytest.raises(ConfigError, match="backend 'python': one of auto, native, reference"):
        load("python")


def test_reference_needs_no_extension() -> None:
    """`reference` is None whether C was built or not."""
    assert load("reference") is None


def test_extension_has_library_and_types() -> None:
    """`native` and `auto` return one module, whose types are there."""
    pytest.importorskip(EXTENSION)
    module = load("native")
    assert module is load("auto") is sys.modules[EXTENSION]
    with module.Lock() as held:
        assert held is None
    assert module.lib.macsec_kernel_count() >= 0


@pytest.mark.usefixtures("unbuilt")
def test_without_extension_auto_falls_back_and_native_is_refused() -> None:
    """Nothing but `native` insists on C."""
    assert [load(name) for name in BACKENDS if name != "native"] == [None, None]
    with pytest.raises(EnvironmentLacks, match="not built: install with a C compiler"):
        load("native")


def test_missing_function_falls_back_like_a_missing_extension() -> None:
    """A build without the function that a caller uses is no build for that caller."""
    pytest.importorskip(EXTENSION)
    assert load("auto", needs="macsec_of_the_future") is None
    with pytest.raises(EnvironmentLacks, match="lacks macsec_of_the_future"):
        load("native", needs="macsec_of_the_future")


def test_extension_without_its_types_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that cannot add its Python types is of no use."""
    library = SimpleNamespace(macsec_add_types=lambda: -1)
    monkeypatch.setitem(sys.modules, EXTENSION, SimpleNamespace(lib=library))  # type: ignore[arg-type]
    with pytest.raises(EnvironmentLacks, match="Python types"):
        load("native")
