"""Emitter: records from batches. The reference, and the job that both twins take."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from macsec.frames import Column, FrameBatch, Octets
from macsec.time_units import NS_PER_S

from . import formats

_PCAP_TIME_MOST = (2**32 - 1) * NS_PER_S + NS_PER_S - 1


@dataclass(slots=True)
class Job:
    """A batch to write: pcap records, or enhanced packet blocks with flags and other options."""

    batch: FrameBatch
    pcapng: bool
    time_ns: Column  # within the range of the format
    source: Column  # the interface in its section
    flags: Column | None = None  # 0: no such option
    options: Octets | None = None  # all others, encoded and padded, one after the other
    options_start: Column | None = None
    options_length: Column | None = None  # 0: no others

    def size(self) -> int:
        """Return the octets of all records."""
        if not self.pcapng:
            return int(self.batch.length.sum()) + 16 * len(self.batch)
        size = 32 * len(self.batch) + int(_padded(self.batch.length).sum())
        optional: NDArray[np.bool_] = np.zeros(len(self.batch), np.bool_)
        if self.flags is not None:
            size += 8 * int(np.count_nonzero(self.flags))
            optional |= self.flags != 0
        if self.options_length is not None:
            size += int(self.options_length.sum())
            optional |= self.options_length != 0
        return size + 4 * int(np.count_nonzero(optional))


class Emitter(Protocol):
    """Function that turns a job into octets."""

    def __call__(self, job: Job) -> memoryview:
        """Return all records of the batch, little-endian."""


def _padded(lengths: Column) -> Column:
    return (lengths + 3) & ~3


def clamp_times(time_ns: Column, pcapng: bool) -> tuple[Column, int]:
    """Clamp times to the range of the format: from 1970, for pcap until 2106. Count the others."""
    most = 2**63 - 1 if pcapng else _PCAP_TIME_MOST
    clamped: Column = np.minimum(np.maximum(time_ns, 0), most)
    return clamped, int(np.count_nonzero(clamped != time_ns))


def reference_emit(job: Job) -> memoryview:
    """Return the octets of a job, made one frame at a time."""
    return memoryview(b"".join(_blocks(job) if job.pcapng else _records(job)))


def _records(job: Job) -> list[bytes | memoryview]:
    header = struct.Struct("<4I").pack
    pieces: list[bytes | memoryview] = []
    times = np.divmod(job.time_ns, NS_PER_S)
    rows = zip(*(column.tolist() for column in (*times, job.batch.wire_length)), strict=True)
    for frame, (seconds, fraction, wire) in zip(_frames(job.batch), rows, strict=True):
        pieces += (header(seconds, fraction, len(frame), wire), frame)
    return pieces


def _blocks(job: Job) -> list[bytes | memoryview]:
    header, trailer = struct.Struct("<7I").pack, struct.Struct("<I").pack
    pieces: list[bytes | memoryview] = []
    columns = (job.time_ns, job.source, job.batch.wire_length)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for row, (time_ns, source, wire) in enumerate(rows):
        frame = job.batch.view(row)
        padding = bytes(-len(frame) % 4)
        options = _options(job, row)
        total = 32 + len(frame) + len(padding) + len(options)
        high, low = divmod(time_ns, 2**32)
        head = header(formats.EPB, total, source, high, low, len(frame), wire)
        pieces += (head, frame.data, padding, options, trailer(total))
    return pieces


def _options(job: Job, row: int) -> bytes:
    options = b""
    if job.options is not None and job.options_start is not None:
        assert job.options_length is not None  # noqa: S101 set together
        start, length = int(job.options_start[row]), int(job.options_length[row])
        options += job.options[start : start + length].tobytes()
    if job.flags is not None and job.flags[row]:
        options += option(formats.EPB_FLAGS, int(job.flags[row]).to_bytes(4, "little"))
    return options + bytes(4) if options else b""


def option(code: int, value: bytes) -> bytes:
    """Return one option, padded."""
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _frames(batch: FrameBatch) -> list[memoryview]:
    block = batch.arena.data
    ends = (batch.start + batch.length).tolist()
    return [block[start:end] for start, end in zip(batch.start.tolist(), ends, strict=True)]
