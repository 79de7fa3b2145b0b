"""Loader of the C library, and the names of a choice between it and Python.

Each job that C does has a reference implementation in Python with the same results. A caller
chooses by name: `native` (C), `reference` (Python), or `auto` (C where it was built).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal, overload

from macsec.errors import ConfigError, EnvironmentLacks

BACKENDS = ("auto", "native", "reference")

EXTENSION = "macsec._native"


@overload
def load(backend: Literal["native"], needs: str = ...) -> Any: ...


@overload
def load(backend: str, needs: str = ...) -> Any | None: ...


def load(backend: str, needs: str = "macsec_add_types") -> Any | None:
    """Return the extension module (its `ffi`, `lib` and types), or None for the reference.

    `needs` names a C function that the caller uses: a build on another system, or of an older
    version, may lack it. Raises ConfigError for an unknown backend and, for `native`,
    EnvironmentLacks if the module or that function is missing.
    """
    if backend not in BACKENDS:
        raise ConfigError(f"backend {backend!r}: one of {', '.join(BACKENDS)}")
    if backend == "reference":
        return None
    try:
        return _extension(needs)
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
    if not hasattr(module.lib, needs):
        raise EnvironmentLacks(f"the native data plane of this build lacks {needs}")
    if not hasattr(module, "FrameCalls") and module.lib.macsec_add_types() != 0:
        raise EnvironmentLacks("the native data plane lacks its Python types")
    return module
