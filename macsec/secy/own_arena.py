"""An arena of the caller for a result, in place of one of the data plane."""

from __future__ import annotations

from mmap import mmap
from typing import Any

import numpy as np

from macsec.errors import ArenaError
from macsec.frames import FrameBatch, Octets

Arena = bytearray | memoryview | mmap | Octets
"""Octets that can be written: these types, or any other contiguous buffer."""

GROWS_BY = 32
"""Octets by which a frame grows at most: SecTAG with SCI, and ICV."""


def own_arena(batch: FrameBatch, out: Any) -> Octets:
    """Return a caller's arena as an array.

    Raises ArenaError if it cannot be written, if the frames of the batch may not fit it, or if it
    holds them already: a frame would be overwritten before it is read.
    """
    view = _writable(out)
    wanted = batch.octets + GROWS_BY * len(batch)
    if view.nbytes < wanted:
        raise ArenaError(
            f"the arena has {view.nbytes} octets, but these {len(batch)} frames may need {wanted}: "
            f"a frame grows by up to {GROWS_BY} octets"
        )
    octets: Octets = np.asarray(view.cast("B")) if view.nbytes else np.zeros(0, np.uint8)
    if _overlap(batch, octets):
        raise ArenaError("the arena holds frames of this batch: give one apart from them")
    return octets


def moved(batch: FrameBatch, arena: Octets) -> FrameBatch:
    """Return the batch with its octets at the beginning of another arena."""
    octets = arena[: len(batch.arena)]
    octets[:] = batch.arena
    return FrameBatch.trusted(octets, batch.start, batch.length, batch.time_ns, batch.source)


def _writable(out: Any) -> memoryview:
    try:
        view = memoryview(out)
    except (TypeError, ValueError) as error:
        raise ArenaError(
            f"an arena is octets that can be written, not {type(out).__name__}: "
            f"give a bytearray or an array of uint8 ({error})"
        ) from None
    if view.readonly:
        raise ArenaError(f"the arena cannot be written: this {type(out).__name__} is read-only")
    if "O" in view.format:
        raise ArenaError(f"an arena is octets, not Python objects: its format is {view.format!r}")
    if not view.c_contiguous:
        raise ArenaError("the arena has gaps: give contiguous octets")
    return view


def _overlap(batch: FrameBatch, octets: Octets) -> bool:
    begin = _address(octets) - _address(batch.arena)
    overlapping = (batch.start < begin + len(octets)) & (batch.start + batch.length > begin)
    return bool(overlapping.any())


def _address(octets: Octets) -> int:
    return int(octets.__array_interface__["data"][0])
