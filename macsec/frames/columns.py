"""Operations on a whole batch: compare frames, find senders. In C where it was built."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from macsec.native import load
from macsec.terms import ADDRESSES_LENGTH

from .batch import Column, FrameBatch

_LIBRARY = load("auto", needs="macsec_frames_addresses")

GROUP = np.uint64(1 << 40)
"""The bit of an address that names a group of stations."""

Addresses = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Sides = NDArray[np.int64]


class KnownStations(NamedTuple):
    """Stations of known sides, by rising address."""

    addresses: Addresses
    sides: Sides


def equal(one: FrameBatch, other: FrameBatch, rows: Column | None = None) -> Flags:
    """Return for each row whether both batches, of equal size, have the same octets there.

    `rows` chooses from `one`, which may then have more frames.
    """
    count = len(one) if rows is None else len(rows)
    if count != len(other):
        raise ValueError(f"{count} frames against {len(other)}")
    if _LIBRARY is None:
        return reference_equal(one, other, rows)
    return native_equal(_LIBRARY, one, other, rows)


def known_sides(batch: FrameBatch, stations: KnownStations) -> Sides | None:
    """Return the side of each frame's sender, 0 for a frame under 12 octets.

    None if the sender of a frame is no station, or its destination, unless that is a group.
    """
    if _LIBRARY is None:
        return reference_known_sides(batch, stations)
    return native_known_sides(_LIBRARY, batch, stations)


def addresses(batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """Return destination and source of each frame as numbers, zero for a frame under 12 octets."""
    return reference_addresses(batch) if _LIBRARY is None else native_addresses(_LIBRARY, batch)


def reference_equal(one: FrameBatch, other: FrameBatch, rows: Column | None = None) -> Flags:
    """Compare one frame after the other."""
    chosen = one if rows is None else one.take(rows)
    pairs = zip(chosen.frames(), other.frames(), strict=True)
    return np.fromiter((a == b for a, b in pairs), np.bool_, len(other))


def reference_addresses(batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """Gather the octets of all addresses with one index."""
    octets = np.zeros((len(batch), 2, 8), np.uint8)
    whole = np.flatnonzero(batch.length >= ADDRESSES_LENGTH)
    where = batch.start[whole, None] + np.arange(ADDRESSES_LENGTH)
    octets[whole, :, 2:] = batch.arena[where].reshape(-1, 2, 6)
    numbers = octets.view(">u8")[:, :, 0].astype(np.uint64)
    return numbers[:, 0], numbers[:, 1]


def reference_known_sides(batch: FrameBatch, stations: KnownStations) -> Sides | None:
    """Look up all senders and destinations at once."""
    whole = batch.length >= ADDRESSES_LENGTH
    destinations, sources = addresses(batch)
    needed = np.concatenate([sources[whole], destinations[whole & (destinations & GROUP == 0)]])
    if not np.isin(needed, stations.addresses).all():
        return None
    sides = np.zeros(len(batch), np.int64)
    sides[whole] = stations.sides[np.searchsorted(stations.addresses, sources[whole])]
    return sides


def native_equal(
    library: Any, one: FrameBatch, other: FrameBatch, rows: Column | None = None
) -> Flags:
    """Compare all frames in C."""
    flags = np.empty(len(other), np.bool_)
    ffi = library.ffi
    chosen = ffi.NULL if rows is None else ffi.from_buffer("int64_t[]", rows)
    out = ffi.from_buffer("uint8_t[]", flags.view(np.uint8))
    library.lib.macsec_frames_equal(_frames(ffi, one), chosen, _frames(ffi, other), out)
    return flags


def native_addresses(library: Any, batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """Extract all addresses in C."""
    both = np.empty((2, len(batch)), np.uint64)
    ffi = library.ffi
    columns = [ffi.from_buffer("uint64_t[]", column) for column in both]
    library.lib.macsec_frames_addresses(_frames(ffi, batch), *columns)
    return both[0], both[1]


def native_known_sides(library: Any, batch: FrameBatch, stations: KnownStations) -> Sides | None:
    """Look up all addresses in C."""
    sides = np.empty(len(batch), np.int64)
    ffi = library.ffi
    unknown = library.lib.macsec_frames_sides(
        _frames(ffi, batch),
        ffi.from_buffer("uint64_t[]", stations.addresses),
        ffi.from_buffer("int64_t[]", stations.sides),
        len(stations.addresses),
        ffi.from_buffer("int64_t[]", sides),
    )
    return None if unknown else sides


def _frames(ffi: Any, batch: FrameBatch) -> Any:
    """Return `macsec_frames` of a batch; its arrays must outlive it."""
    columns = (batch.start, batch.length, batch.wire_length)
    pointers = [ffi.from_buffer("int64_t[]", column) for column in columns]
    arena = ffi.from_buffer("uint8_t[]", batch.arena)
    return ffi.new("macsec_frames *", (arena, *pointers, len(batch)))
