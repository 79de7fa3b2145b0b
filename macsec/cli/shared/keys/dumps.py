"""A process with keys leaves no core dump, and no other process of its user can read its memory."""

from __future__ import annotations

import ctypes
import os
import sys

VARIABLE = "MACSEC_DUMPABLE"
"""The environment variable that leaves a process open to debuggers and core dumps."""

WITH_KEYS = {
    "protect",
    "validate",
    "explain",
    "mka",
    "replay",
    "tap",
    "keys",
    "lab",
    "otg",
    "corpus",
    "extcap",
}
"""The verbs that hold keys of users."""

_PR_SET_DUMPABLE = 4


def forbid(verb: str) -> None:
    """Forbid core dumps and debuggers to this process, if its verb holds keys."""
    if verb in WITH_KEYS and sys.platform == "linux" and os.environ.get(VARIABLE) != "1":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
