"""Choice of a data plane: `native` where it was built, else `reference`."""

from __future__ import annotations

from macsec.native import load

from .controls import Controls
from .plane import DataPlane


def make_plane(controls: Controls, backend: str = "auto", kernel: str | None = None) -> DataPlane:
    """Return a data plane by name; `kernel` forces one of the native AES-GCM kernels."""
    if load(backend, needs="macsec_secy_new") is None:
        # The reference and the library of its cipher are loaded only where they are used.
        from .reference import ReferencePlane

        return ReferencePlane(controls)
    from .native import NativePlane

    return NativePlane(controls, kernel)
