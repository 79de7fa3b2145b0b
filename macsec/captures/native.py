"""The C twins of the index and of the emitter, through macsec._native."""

from __future__ import annotations

from typing import Any

from macsec.errors import ConfigError
from .emit import Emitter


def library() -> tuple[Any, Any] | None:
    """Give ffi and lib of the extension module, or None where it is not built."""
    return None


def new_emitter(backend: str) -> Emitter | None:
    """The twin in C, or None for the one in Python."""
    if backend not in ("auto", "native", "python"):
        raise ConfigError(f"backend {backend!r}: not one of auto, native, python")
    return None


class NativeIndex:
    """Not there yet."""

    name = "native"
