"""Operations on a whole batch: compare frames, extract addresses. In C where it was built."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macsec.native import load
from macsec.terms import ADDRESSES_LENGTH

from .batch import FrameBatch

_LIBRARY = load("auto", needs="macsec_frames_addresses")

Addresses = NDArray[np.uint64]
Flags = NDArray[np.bool_]


def equal(one: FrameBatch, other: FrameBatch) -> Flags:
    """Return for each row whether both batches, of equal size, have the same octets there."""
    if len(one) != len(other):
        raise ValueError(f"{len(one)} frames against {len(other)}")
    return reference_equal(one, other) if _LIBRARY is None else native_equal(_LIBRARY, one, other)


def addresses(batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """Return destination and source of each frame as numbers, zero for a frame under 12 octets."""
    return reference_addresses(batch) if _LIBRARY is None else native_addresses(_LIBRARY, batch)


def reference_equal(one: FrameBatch, other: FrameBatch) -> Flags:
    """Compare one frame after the other."""
    pairs = zip(one.frames(), other.frames(), strict=True)
    return np.fromiter((a == b for a, b in pairs), np.bool_, len(one))


def reference_addresses(batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """Gather the octets of all addresses with one index."""
    octets = np.zeros((len(batch), 2, 8), np.uint8)
    whole = np.flatnonzero(batch.length >= ADDRESSES_LENGTH)
    where = batch.start[whole, None] + np.arange(ADDRESSES_LENGTH)
    octets[whole, :, 2:] = batch.arena[where].reshape(-1, 2, 6)
    numbers = octets.view(">u8")[:, :, 0].astype(np.uint64)
    return numbers[:, 0], numbers[:, 1]


def native_equal(library: Any, one: FrameBatch, other: FrameBatch) -> Flags:
    """Compare all frames in C."""
    flags = np.empty(len(one), np.bool_)
    ffi = library.ffi
    out = ffi.from_buffer("uint8_t[]", flags.view(np.uint8))
    library.lib.macsec_frames_equal(_frames(ffi, one), _frames(ffi, other), out)
    return flags


def native_addresses(library: Any, batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """Extract all addresses in C."""
    both = np.empty((2, len(batch)), np.uint64)
    ffi = library.ffi
    columns = [ffi.from_buffer("uint64_t[]", column) for column in both]
    library.lib.macsec_frames_addresses(_frames(ffi, batch), *columns)
    return both[0], both[1]


def _frames(ffi: Any, batch: FrameBatch) -> Any:
    """Return `macsec_frames` of a batch; its arrays must outlive it."""
    columns = (batch.start, batch.length, batch.wire_length)
    pointers = [ffi.from_buffer("int64_t[]", column) for column in columns]
    arena = ffi.from_buffer("uint8_t[]", batch.arena)
    return ffi.new("macsec_frames *", (arena, *pointers, len(batch)))
