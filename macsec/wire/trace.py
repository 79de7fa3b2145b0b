"""How a frame on a wire can end, and the trace that holds every end in one digest."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from enum import IntEnum, IntFlag
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Fate(IntEnum):
    """What became of a frame, or of a copy of one; the numbers are those of the C twin."""

    ARRIVED = 0
    LOST = 1
    """The loss model took it, or the list of drops."""
    QUEUE = 2
    """`limit` frames were on their way already."""
    DOWN = 3
    """The link was down when it was sent or when it was to arrive."""
    TOO_LONG = 4
    """Longer than the MTU allows."""
    FCS = 5
    """A line error: the receiving port saw a wrong FCS, and nothing above it saw the frame."""
    TAKEN = 6
    """A tap took it, or put other frames in its place."""


class Mark(IntFlag):
    """What happened to a frame on its way."""

    NONE = 0
    COPY = 1
    """It is the second of a duplicated frame."""
    CORRUPTED = 2
    TAPPED = 4
    """It comes from a tap."""


class Record(NamedTuple):
    """One end: when (ps), on which link of the engine and in which direction, how, and what."""

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
    ) -> Record:
        """The record of a frame."""
        return cls(time_ps, link, direction, fate, mark, len(frame), zlib.crc32(frame))


LAYOUT = struct.Struct("<qIIHBBBxxx")
"""A record as it is hashed: time, length, CRC-32 of the frame, link, direction, fate, mark."""

RECORDS = np.dtype(
    {
        "names": ["time_ps", "length", "crc", "link", "direction", "fate", "mark", "zero"],
        "formats": ["<i8", "<u4", "<u4", "<u2", "u1", "u1", "u1", "3u1"],
    }
)
"""The same layout as an array. numpy copies no padding, so the last octets have a name."""

_CHUNK = 1 << 16


class Trace:
    """Every end of every frame, in order, hashed: equal digests mean equal histories.

    `watch`, where set, is called with each Record. `count` is how many there were.
    """

    def __init__(self) -> None:
        self.watch: Callable[[Record], None] | None = None
        self.count = 0
        self._hash = hashlib.sha256()
        self._pending = bytearray()

    def name(self, link: int, text: str) -> None:
        """A link of this number and name exists from here on."""
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
            self.watch(Record(time_ps, link, direction, fate, mark, length, crc))

    def end_many(self, records: NDArray[Any]) -> None:
        """Add packed records (RECORDS); `watch` does not see them."""
        self.count += len(records)
        self._flush()
        self._hash.update(records.tobytes())

    @property
    def digest(self) -> str:
        """SHA-256 of all so far, in hex."""
        self._flush()
        return self._hash.hexdigest()

    def _add(self, octets: bytes) -> None:
        self._pending += octets
        if len(self._pending) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        self._hash.update(self._pending)
        self._pending.clear()


def pack(record: Record) -> bytes:
    """A record as it is hashed."""
    time_ps, link, direction, fate, mark, length, crc = record
    return LAYOUT.pack(time_ps, length, crc, link, direction, fate, mark)
