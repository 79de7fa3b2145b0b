"""Loader of the C library, and the names of a choice between it and Python.

Each job that C does has a reference implementation in Python with the same results. A caller
chooses by name: `native` (C), `reference` (Python), or `auto` (C where it was built). Of these,
`native` and `auto` refuse a build of other sources than those of the checkout.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, overload

from macsec.errors import ConfigError, EnvironmentLacks, StaleBuild

BACKENDS = ("auto", "native", "reference")

EXTENSION = "macsec._native"
SOURCES = Path(__file__).resolve().parents[1] / "_native"
"""The C sources of a checkout; an installed package has none beside it."""
_MARKED = re.compile(r"/\* cdef: begin \*/(.*)/\* cdef: end \*/", re.DOTALL)


@overload
def load(backend: Literal["native"], needs: str = ...) -> Any: ...


@overload
def load(backend: str, needs: str = ...) -> Any | None: ...


def load(backend: str, needs: str = "macsec_add_types") -> Any | None:
    """Return the extension module (its `ffi`, `lib` and types), or None for the reference.

    `needs` names a C function that the caller uses: a build on another system, or of an older
    version, may lack it. Raises ConfigError for an unknown backend and, for `native`,
    EnvironmentLacks if the module or that function is missing; StaleBuild for a module that was
    not built from the C sources of this checkout.
    """
    if backend not in BACKENDS:
        raise ConfigError(f"backend {backend!r}: one of {', '.join(BACKENDS)}")
    if backend == "reference":
        return None
    try:
        return _extension(needs)
    except StaleBuild:
        raise
    except EnvironmentLacks:
        if backend == "auto":
            return None
        raise


def _extension(needs: str) -> Any:
    try:
        module = import_module(EXTENSION)
    except ImportError as error:
        raise EnvironmentLacks(
            "the native data plane was not built: install with a C compiler"
        ) from error
    wanted = interface(SOURCES)
    if wanted is not None and wanted != getattr(module.lib, "MACSEC_INTERFACE", None):
        raise StaleBuild(
            f"{module.__file__} was built from other sources than those here: build it again "
            "(pip install . or pip install -e .)"
        )
    if not hasattr(module.lib, needs):
        raise EnvironmentLacks(f"the native data plane of this build lacks {needs}")
    if not hasattr(module, "FrameCalls") and module.lib.macsec_add_types() != 0:
        raise EnvironmentLacks("the native data plane lacks its Python types")
    return module


@cache
def interface(sources: Path) -> int | None:
    """Return a number for all declarations of C sources; None where they are not.

    The twin of `interface` in _native/build_native.py, which writes it into the module.
    """
    if not (sources / "build_native.py").is_file():
        return None
    texts = [path.read_text() for path in sorted(sources.glob("**/*.h"))]
    marked = "".join(part for text in texts for part in _MARKED.findall(text))
    return int.from_bytes(sha256(marked.encode()).digest()[:7])
