"""Settings of attacks, for their tests."""

from __future__ import annotations

from typing import Any

from macsec.attacks import Setting
from support.planes import Plane

FRAMES = 2000
"""Frames of a flood in these tests."""


def setting(plane: Plane | None = None, **given: Any) -> Setting:
    """Return a setting on a plane, by default the reference plane."""
    backend, kernel = ("reference", None) if plane is None else (plane.backend, plane.kernel)
    frames = {"frames": FRAMES if backend == "native" else 300}
    return Setting(**{"backend": backend, "kernel": kernel, "seed": 5, **frames, **given})
