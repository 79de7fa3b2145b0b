"""IEEE 802.1AE (MACsec) in Python with a C hot path."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from macsec.frames import FrameBatch
from macsec.secy import SecY, Verdict

if TYPE_CHECKING:
    from macsec import captures

__version__ = "0.1.0"
__all__ = ["FrameBatch", "SecY", "Verdict", "captures"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: not everyone who protects a frame reads captures.
    if name == "captures":
        return import_module("macsec.captures")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
