"""Reuse of output arenas: at 9,014 octets a frame, fresh pages cost as much as the cipher."""

from __future__ import annotations

import sys
import threading

import numpy as np

from macsec.frames import Octets

KEPT = 4
LARGEST = 64 << 20

# Reference count of an arena that only the pool holds: the pool's list, the loop variable, and the
# argument of getrefcount.
_UNUSED = 3
_COUNTS_REFERENCES = (
    sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
)


class ArenaPool(threading.local):
    """Up to four arenas of one data plane, for each thread that uses it.

    Threads do not share arenas: overwriting memory that another core wrote last takes longer than
    fresh pages.

    An arena is free again when no batch, slice or view of it is left. Its reference count shows
    that, since every numpy view refers to the array that owns the memory. Where reference counts
    are not exact, every arena is fresh.
    """

    def __init__(self) -> None:
        self._kept: list[Octets] = []

    def take(self, octets: int) -> Octets:
        """Return an arena of at least `octets` octets, with arbitrary content."""
        for arena in self._kept:
            if len(arena) >= octets and sys.getrefcount(arena) == _UNUSED:
                return arena
        fresh: Octets = np.empty(octets, np.uint8)
        if _COUNTS_REFERENCES and octets <= LARGEST:
            self._kept.insert(0, fresh)
            del self._kept[KEPT:]
        return fresh
