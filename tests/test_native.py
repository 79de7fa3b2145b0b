"""The loader of the C library: three names, one kind of error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from macsec import native
from macsec.errors import ConfigError, EnvironmentLacks, StaleBuild
from macsec.native import BACKENDS, EXTENSION, SOURCES, interface, load


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
    library = SimpleNamespace(macsec_add_types=lambda: -1, MACSEC_INTERFACE=interface(SOURCES))
    monkeypatch.setitem(sys.modules, EXTENSION, SimpleNamespace(lib=library))  # type: ignore[arg-type]
    with pytest.raises(EnvironmentLacks, match="Python types"):
        load("native")


@pytest.mark.parametrize("built_from", [1, None])
def test_build_of_other_sources_is_refused(
    monkeypatch: pytest.MonkeyPatch, built_from: int | None
) -> None:
    """An older or newer one, or one without a mark: no job falls back in silence."""
    module = pytest.importorskip(EXTENSION)
    library = SimpleNamespace() if built_from is None else SimpleNamespace(MACSEC_INTERFACE=1)
    other = SimpleNamespace(lib=library, __file__=module.__file__)
    monkeypatch.setattr(native, "interface", lambda _: 2)
    monkeypatch.setitem(sys.modules, EXTENSION, other)  # type: ignore[arg-type]
    for backend in ("native", "auto"):
        with pytest.raises(StaleBuild, match=r"build it again \(pip install \.") as caught:
            load(backend)
        assert caught.value.exit_code == 5
    assert load("reference") is None


def test_number_of_the_sources_follows_their_declarations(tmp_path: Path) -> None:
    """Only what cffi reads counts; an installed package has no sources beside it."""
    assert interface(tmp_path / "none") is None
    numbers = []
    for at, text in enumerate(["int a;", "int b;", "int b;"]):
        folder = tmp_path / str(at)
        (folder / "base").mkdir(parents=True)
        (folder / "build_native.py").touch()
        header = f"/* {at} *//* cdef: begin */{text}/* cdef: end */"
        (folder / "base" / "one.h").write_text(header)
        numbers.append(interface(folder))
    assert numbers[0] != numbers[1] == numbers[2]


def test_verb_with_a_stale_build_ends_in_one_line(tmp_path: Path) -> None:
    """Exit code 5, the file and the remedy."""
    pytest.importorskip(EXTENSION)
    stale = "import macsec.native; macsec.native.interface = lambda _: 1\n"
    (tmp_path / "sitecustomize.py").write_text(stale)
    found = subprocess.run(
        [sys.executable, "-m", "macsec", "conformance"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ['PYTHONPATH']}"},
    )
    (line,) = found.stderr.splitlines()
    assert found.returncode == 5
    assert "was built from other sources than those here" in line
