"""IEEE 802.1AE (MACsec) in Python with a C hot path."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from macsec import captures
    from macsec.frames import FrameBatch
    from macsec.secy import SecY, Verdict

__version__ = "0.1.0"
__all__ = ["FrameBatch", "SecY", "Verdict", "captures"]

# Loaded on first use, so that the command line answers at once.
_HOMES = {"FrameBatch": "macsec.frames", "SecY": "macsec.secy", "Verdict": "macsec.secy"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "captures":
        return import_module("macsec.captures")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
