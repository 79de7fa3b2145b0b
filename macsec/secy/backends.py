"""Choosing a data plane: `native` where it was built and a kernel runs, else `reference`."""

from __future__ import annotations

from macsec.errors import ConfigError, EnvironmentLacks
from macsec.secy.controls import Controls
from macsec.secy.plane import DataPlane

BACKENDS = ("auto", "native", "reference")


def make_plane(controls: Controls, backend: str = "auto", kernel: str | None = None) -> DataPlane:
    """A data plane by name; `kernel` forces one of the native AES-GCM kernels."""
    if backend not in BACKENDS:
        raise ConfigError(f"backend {backend!r}: one of {', '.join(BACKENDS)}")
    if backend == "reference":
        return _reference(controls)
    try:
        from macsec.secy.native import NativePlane
    except ImportError:
        if backend == "native":
            raise EnvironmentLacks(
                "the native data plane was not built: install with a C compiler"
            ) from None
        return _reference(controls)
    return NativePlane(controls, kernel)


def _reference(controls: Controls) -> DataPlane:
    """The plane in Python; it and the library of its cipher are loaded where they are used."""
    from macsec.secy.reference import ReferencePlane

    return ReferencePlane(controls)
