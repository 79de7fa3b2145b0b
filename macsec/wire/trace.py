"""Fates of frames on a wire, and the trace that puts all of them into one digest."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from macsec.enumerations import FlagEnum, NumberEnum


class Fate(NumberEnum):
    """The end of a frame, or of a copy of one. C uses the same numbers."""

    ARRIVED = 0
    LOST = 1
    """Lost by the loss model, or by the list of drops."""
    QUEUE = 2
    """`limit` frames were on their way already."""
    DOWN = 3
    """The link was down when it was sent or when it was to arrive."""
    TOO_LONG = 4
    """Longer than the MTU allows."""
    FCS = 5
    """A line error: the receiving port found a wrong FCS and dropped the frame."""
    TAKEN = 6
    """A tap removed it, or put other frames in its place."""


class Mark(FlagEnum):
    """Changes made to a frame on its way."""

    NONE = 0
    COPY = 1
    """The second of a duplicated frame."""
    CORRUPTED = 2
    TAPPED = 4
    """Sent by a tap."""


class TraceRecord(NamedTuple):
    """The end of one frame: time, number of the link, direction, fate, marks, length, CRC-32."""

    time_ps: int
    link: int
    direction: int
    fate: Fate
    mark: Mark
    length: int
    crc: int

    @classmethod
    def of(
        cls, time_ps: int, link: int, direction: int, fate: Fate, mark: Mark, frame: bytes
    ) -> TraceRecord:
        """Make the record of a frame."""
        return cls(time_ps, link, direction, fate, mark, len(frame), zlib.crc32(frame))


LAYOUT = struct.Struct("<qIIHBBBxxx")
"""The hashed form of a record: time, length, CRC-32 of the frame, link, direction, fate, mark."""

RECORDS = np.dtype(
    {
        "names": ["time_ps", "length", "crc", "link", "direction", "fate", "mark", "zero"],
        "formats": ["<i8", "<u4", "<u4", "<u2", "u1", "u1", "u1", "3u1"],
    }
)
"""The same layout for numpy, which copies no padding: hence the name for the last octets."""

_CHUNK = 1 << 16


class Trace:
    """The ends of all frames, hashed in order: equal digests mean equal histories.

    `watch`, if set, is called with each TraceRecord. `count`: number of ends so far.
    """

    def __init__(self) -> None:
        self.watch: Callable[[TraceRecord], None] | None = None
        self.count = 0
        self._hash = hashlib.sha256()
        self._pending = bytearray()

    def name(self, link: int, text: str) -> None:
        """Add the number and the name of a new link."""
        octets = text.encode()
        self._add(struct.pack("<HI", link, len(octets)) + octets)

    def end(
        self, time_ps: int, link: int, direction: int, fate: Fate, mark: Mark, frame: bytes
    ) -> None:
        """Add the end of a frame."""
        length, crc = len(frame), zlib.crc32(frame)
        self.count += 1
        self._add(LAYOUT.pack(time_ps, length, crc, link, direction, fate, mark))
        if self.watch is not None:
            self.watch(TraceRecord(time_ps, link, direction, fate, mark, length, crc))

    def end_many(self, records: NDArray[Any]) -> None:
        """Add packed records (RECORDS), without calling `watch`."""
        self.count += len(records)
        self._flush()
        self._hash.update(records.tobytes())

    @property
    def digest(self) -> str:
        """SHA-256 of the trace so far, in hex."""
        self._flush()
        return self._hash.hexdigest()

    def _add(self, octets: bytes) -> None:
        self._pending += octets
        if len(self._pending) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        self._hash.update(self._pending)
        self._pending.clear()


def pack(record: TraceRecord) -> bytes:
    """Return the hashed form of a record."""
    time_ps, link, direction, fate, mark, length, crc = record
    return LAYOUT.pack(time_ps, length, crc, link, direction, fate, mark)
