"""Reader of a capture: batches of frames, in bounded memory however long the stream is.

Octets are read into a buffer of at most a few MiB. Whole records are indexed in place, and a batch
borrows that part of the buffer, which is never written again. An incomplete record at the end moves
to the front of the next buffer.

Decisions: times outside of 64 bits of nanoseconds (before 1677, after 2262) become the nearest
inside. A captured length over the original length is believed. A frame over the snap length of its
interface is delivered whole. Offsets count octets of the decompressed stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macsec.errors import ConfigError, FormatError
from macsec.frames import FrameBatch

from . import blocks, formats
from .formats import Interface
from .index import COLUMNS, Layout, Scan, Stop, comment_texts
from .native import new_index
from .streams import open_source

_BUFFER_LEAST, _BUFFER_MOST = 64 * 1024, 1 << 20
_ROWS_MOST = 1 << 20
_ROOM_LEAST = 64 * 1024  # with less free behind the tail, a new buffer is taken
_FLAGS = COLUMNS.index("flags")


class Reader:
    """An iterable of FrameBatch; see `read`.

    `format`, `precision`: of the file. `interfaces`: all seen so far. `frames`, `octets`,
    `truncated` (cut by a snap length): counts of delivered frames. `comments` (row to text) and
    `directions` (0 unknown, 1 inbound, 2 outbound) belong to the last delivered batch.
    """

    def __init__(
        self,
        where: Any,
        *,
        fcs: str,
        batch_frames: int,
        batch_octets: int,
        backend: str,
        max_ratio: int | None,
    ) -> None:
        if fcs not in ("auto", "yes", "no"):
            raise ConfigError(f"fcs {fcs!r}: not one of auto, yes, no")
        if batch_frames < 1 or batch_octets < 1:
            raise ConfigError("a batch holds at least one frame and one octet")
        self.interfaces: list[Interface] = []
        self.frames = self.octets = self.truncated = 0
        self.comments: dict[int, str] = {}
        self.directions: NDArray[np.int64] = np.zeros(0, np.int64)
        self._fcs = fcs
        self._budget = batch_octets
        self._columns = np.zeros((len(COLUMNS), min(batch_frames, _ROWS_MOST)), np.int64)
        self._usual = min(max(batch_octets, _BUFFER_LEAST), _BUFFER_MOST)
        self._buffer = np.empty(self._usual, np.uint8)
        self._at = self._filled = 0
        self._before = 0  # octets of the stream before the buffer
        self._index = new_index(backend)
        self.backend = self._index.name
        self._source = open_source(where, max_ratio)
        self._batches: Iterator[FrameBatch] | None = None
        try:
            self._begin()
        except BaseException:
            self.close()
            raise
        self._batches = self._walk()

    def _begin(self) -> None:
        while self._filled < 4 and self._refill(4):
            pass
        found = blocks.find_format(self._left(4))
        self.format, self._format = found.name, found
        self._layout = Layout(
            found.name == "pcapng", found.big, found.record_header, self._fcs != "auto"
        )
        if self._layout.pcapng:
            self._section()
            return
        while self._filled < formats.PCAP_HEADER:
            if not self._refill(formats.PCAP_HEADER):
                raise FormatError(
                    f"the file header is truncated: {self._filled} of {formats.PCAP_HEADER} "
                    "octets are there",
                    0,
                    truncated=True,
                )
        interface = blocks.parse_pcap_header(self._left(formats.PCAP_HEADER), found, self._fcs)
        self._index.configure(self._layout)
        self._at = formats.PCAP_HEADER
        self.interfaces.append(interface)
        self._index.add(interface)

    @property
    def precision(self) -> str:
        """Unit of time of the file; for pcapng, of its first interface."""
        return self.interfaces[0].precision if self.interfaces else self._format.precision

    def _walk(self) -> Iterator[FrameBatch]:
        while True:
            chunk = self._buffer[self._at : self._filled]
            scan = self._index.scan(chunk, self._columns, self._budget)
            offset = self._before + self._at
            if scan.rows:
                batch = self._batch(chunk[: scan.consumed], scan.rows)
                self._at += scan.consumed
                yield batch
            else:
                self._at += scan.consumed
            if scan.stop is Stop.FAULT:
                raise FormatError(scan.reason(), offset + scan.fault_offset)
            if scan.stop is Stop.BLOCK:
                self._rare_block()
            elif scan.stop is Stop.MORE and not self._refill(scan.needed):
                if self._at < self._filled:
                    raise self._cut(scan)
                return

    def _batch(self, arena: NDArray[np.uint8], rows: int) -> FrameBatch:
        # The index has checked all bounds against the chunk; it will overwrite the columns soon.
        kept = self._columns[: _FLAGS + 1, :rows].copy()
        start, length, wire_length, time_ns, source, flags = kept
        self.comments = comment_texts(arena, self._columns, rows)
        self.directions = flags & 3
        batch = FrameBatch.trusted(arena, start, length, time_ns, source, wire_length)
        self.frames += rows
        self.octets += batch.octets
        self.truncated += int(np.count_nonzero(wire_length > length))
        return batch

    def _cut(self, scan: Scan) -> FormatError:
        there, record, offset = self._filled - self._at, self.frames + 1, self._before + self._at
        header = self._layout.record_header
        if self._layout.pcapng:
            text = f"block after record {self.frames} is truncated: {there} of {scan.needed} octets"
        elif there < header:
            text = f"record {record} is truncated: {there} of {header} octets of its header"
        else:
            text = (
                f"record {record} is truncated: {there - header} of {scan.needed - header} octets"
            )
        return FormatError(f"{text} are there", offset, truncated=True)

    def _rare_block(self) -> None:
        kind = int.from_bytes(self._left(4), "big" if self._layout.big else "little")
        if kind == formats.SHB:
            self._section()
        else:
            self._interface()

    def _section(self) -> None:
        while True:
            found = blocks.parse_section(self._rest(), self._before + self._at)
            if isinstance(found, blocks.SectionHeader):
                break
            self._require(found.octets)
        self._at += found.length
        self._layout.big = found.big
        self._layout.source_base = len(self.interfaces)
        self._index.configure(self._layout)

    def _interface(self) -> None:
        offset = self._before + self._at
        if len(self.interfaces) >= formats.MAX_INTERFACES:
            raise FormatError(f"more than {formats.MAX_INTERFACES} interfaces", offset)
        number = len(self.interfaces)
        while True:
            found = blocks.parse_interface(
                self._rest(), self._layout.big, number, self._fcs, offset
            )
            if not isinstance(found, blocks.Needs):
                break
            self._require(found.octets)
        length, interface = found
        self._at += length
        self.interfaces.append(interface)
        self._index.add(interface)

    def _require(self, octets: int) -> None:
        """Read until `octets` octets of the block are here. FormatError if it is cut short."""
        while self._filled - self._at < octets:
            if not self._refill(octets):
                there = self._filled - self._at
                raise FormatError(
                    f"block after record {self.frames} is truncated: {there} of {octets} octets "
                    "are there",
                    self._before + self._at,
                    truncated=True,
                )

    def _left(self, most: int) -> bytes:
        return self._buffer[self._at : min(self._filled, self._at + most)].tobytes()

    def _rest(self) -> memoryview:
        return self._buffer[self._at : self._filled].data

    def _refill(self, needed: int) -> int:
        """Read once, behind the octets in the buffer; return how many came."""
        size = len(self._buffer)
        if self._at + needed > size or size - self._filled < _ROOM_LEAST:
            tail = self._buffer[self._at : self._filled]
            fresh = np.empty(max(self._usual, needed + _ROOM_LEAST), np.uint8)
            fresh[: len(tail)] = tail
            self._before += self._at
            self._at, self._filled = 0, len(tail)
            self._buffer = fresh
        count = self._source.readinto(self._buffer.data[self._filled :])
        self._filled += count
        return count

    def __iter__(self) -> Iterator[FrameBatch]:
        return self

    def __next__(self) -> FrameBatch:
        if self._batches is None:
            raise StopIteration
        try:
            return next(self._batches)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the stream; the counts stay."""
        self._batches = None
        self._buffer = np.zeros(0, np.uint8)
        self._at = self._filled = 0
        self._source.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(
    where: Any,
    *,
    fcs: str = "auto",
    batch_frames: int = 4096,
    batch_octets: int = 8 << 20,
    backend: str = "auto",
    max_ratio: int | None = None,
) -> Reader:
    """Read a pcap or pcapng capture, plain or compressed by gzip or zstd.

    `where`: a path, "-" for standard input, or a binary file object. `fcs`: whether frames carry
    an FCS to remove: as the file says, always (4 octets), never. A batch holds at most
    `batch_frames` frames and about `batch_octets` octets. `max_ratio`: limit on the expansion of a
    compressed stream.

    Raises ConfigError if it cannot be opened. Raises FormatError if it is no capture, is damaged
    or is cut short, after all whole frames before that place were delivered.
    """
    return Reader(
        where,
        fcs=fcs,
        batch_frames=batch_frames,
        batch_octets=batch_octets,
        backend=backend,
        max_ratio=max_ratio,
    )
