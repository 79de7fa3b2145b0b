"""What is asked of all frames of a batch at once: in C, and in Python where no C is built."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macsec.frames.batch import FrameBatch
from macsec.terms import ADDRESSES_LENGTH

try:
    from macsec import _native
except ImportError:  # no C compiler worked where this was installed
    _native = None  # type: ignore[assignment]

Addresses = NDArray[np.uint64]
Flags = NDArray[np.bool_]


def equal(one: FrameBatch, other: FrameBatch) -> Flags:
    """Whether each frame has the octets of the same row of another batch of as many frames."""
    if len(one) != len(other):
        raise ValueError(f"{len(one)} frames against {len(other)}")
    return python_equal(one, other) if _native is None else native_equal(one, other)


def addresses(batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """Destination and source of each frame as numbers, zero for a frame under 12 octets."""
    return python_addresses(batch) if _native is None else native_addresses(batch)


def python_equal(one: FrameBatch, other: FrameBatch) -> Flags:
    """One frame after the other."""
    pairs = zip(one.frames(), other.frames(), strict=True)
    return np.fromiter((a == b for a, b in pairs), np.bool_, len(one))


def python_addresses(batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """By an index of all address octets."""
    octets = np.zeros((len(batch), 2, 8), np.uint8)
    whole = np.flatnonzero(batch.length >= ADDRESSES_LENGTH)
    where = batch.start[whole, None] + np.arange(ADDRESSES_LENGTH)
    octets[whole, :, 2:] = batch.arena[where].reshape(-1, 2, 6)
    numbers = octets.view(">u8")[:, :, 0].astype(np.uint64)
    return numbers[:, 0], numbers[:, 1]


def native_equal(one: FrameBatch, other: FrameBatch) -> Flags:
    """The same in C."""
    flags = np.empty(len(one), np.bool_)
    given, beside = _frames(one), _frames(other)
    out = _native.ffi.from_buffer("uint8_t[]", flags.view(np.uint8))
    _native.lib.macsec_frames_equal(given, beside, out)
    return flags


def native_addresses(batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """The same in C."""
    both = np.empty((2, len(batch)), np.uint64)
    given = _frames(batch)
    columns = [_native.ffi.from_buffer("uint64_t[]", column) for column in both]
    _native.lib.macsec_frames_addresses(given, *columns)
    return both[0], both[1]


def _frames(batch: FrameBatch) -> Any:
    """`macsec_frames` of a batch, which has to live as long."""
    ffi = _native.ffi
    columns = (batch.start, batch.length, batch.wire_length)
    pointers = [ffi.from_buffer("int64_t[]", column) for column in columns]
    arena = ffi.from_buffer("uint8_t[]", batch.arena)
    return ffi.new("macsec_frames *", (arena, *pointers, len(batch)))
