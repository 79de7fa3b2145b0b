"""Reader of a capture: batches of frames, in bounded memory however long the stream is.

Octets are read into a buffer of at most a few MiB. Whole records are indexed in place, and a batch
borrows that part of the buffer, which is never written again. An incomplete record at the end moves
to the front of the next buffer.

A packet of another link type is skipped and counted. A damaged record is passed over where its end
is known, in pcap where a next record can be found.

Decisions: times outside of 64 bits of nanoseconds (before 1677, after 2262) become the nearest
inside. A captured length over the original length is believed. A frame over the snap length of its
interface is delivered whole. Offsets count octets of the decompressed stream.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from macsec.errors import ConfigError, FormatError
from macsec.frames import Column, FrameBatch

from . import blocks, formats
from .beside import (
    Beside,
    Block,
    OtherBlock,
    SectionStart,
    comments_in,
    lost_with,
    other_block,
    packet_options,
    statistics,
)
from .damage import PassedOver, next_record
from .formats import Interface
from .index import COLUMNS, ODD, PASSABLE, TIME_MAX, TIME_MIN, Layout, Scan, Stop
from .native import new_index
from .raw_source import Wait
from .streams import CaptureInput, open_source

_BUFFER_LEAST, _BUFFER_MOST = 64 * 1024, 1 << 20
_ROWS_MOST = 1 << 20
_BESIDE_MOST = 1 << 20  # octets of the blocks between the frames of a batch
_RESUME_MOST = formats.MAX_CAPTURED + 4096  # octets behind damage that are searched
_HEADS_MOST = 1 << 18  # octets of sections and interfaces that are kept
_ODD_OPTION = "an option leaves its block"
_ROOM_LEAST = 64 * 1024  # with less free behind the tail, a new buffer is taken
_FLAGS, _LENGTH = COLUMNS.index("flags"), COLUMNS.index("length")
_PLACES = [COLUMNS.index("start"), COLUMNS.index("options")]


class Reader:
    """An iterable of FrameBatch; see `read`.

    `format`, `precision`: of the file. `interfaces`: all seen so far. `frames`, `octets`,
    `truncated` (cut by a snap length), `clamped` (times that were moved), `empty` (without octets):
    counts of delivered frames. `skipped`: packets that were not delivered, by link type. `faults`:
    damaged records that were passed over; the first is raised at the end. `beside`, `comments` and
    `directions` belong to the last delivered batch.
    """

    def __init__(
        self,
        where: CaptureInput,
        *,
        fcs: str,
        batch_frames: int,
        batch_octets: int,
        backend: str,
        max_ratio: int | None,
        wait: Wait | None,
    ) -> None:
        if fcs not in ("auto", "yes", "no"):
            raise ConfigError(f"fcs {fcs!r}: not one of auto, yes, no")
        if batch_frames < 1 or batch_octets < 1:
            raise ConfigError("a batch holds at least one frame and one octet")
        self.interfaces: list[Interface] = []
        self.frames = self.octets = self.truncated = 0
        self.clamped = self.empty = 0
        self._passed = PassedOver()
        self.skipped, self.faults = self._passed.skipped, self._passed.faults
        self.beside = Beside(np.zeros(0, np.int64))
        self._blocks: list[tuple[int, Block]] = []
        self._lost: Counter[str] = Counter()
        self._found = 0  # frames up to the block at hand
        self._pending = 0  # octets of the blocks that are kept
        self._fatal: FormatError | None = None  # of a section or interface
        self._fcs = fcs
        self._budget = batch_octets
        self._columns = np.zeros((len(COLUMNS), min(batch_frames, _ROWS_MOST)), np.int64)
        self._usual = min(max(batch_octets, _BUFFER_LEAST), _BUFFER_MOST)
        self._buffer = np.empty(self._usual, np.uint8)
        self._at = self._filled = 0
        self._before = 0  # octets of the stream before the buffer
        self._heads: bytearray | None = bytearray()
        self._index = new_index(backend)
        self.backend = self._index.name
        self._source = open_source(where, max_ratio, wait)
        self._name = os.fsdecode(where) if isinstance(where, str | bytes | os.PathLike) else ""
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
        if int.from_bytes(self._left(4), "big") not in formats.FORMATS:
            while self._filled < formats.HEAD_OCTETS and self._refill(formats.HEAD_OCTETS):
                pass
        found = blocks.find_format(self._left(formats.HEAD_OCTETS), self._name)
        self.format, self._format = found.name, found
        self._layout = Layout(
            found.name == "pcapng", found.big, found.record_header, self._fcs != "auto"
        )
        self._orders = [(0, found.big)]
        if self._layout.pcapng:
            self._first_section()
            return
        while self._filled < formats.PCAP_HEADER:
            if not self._refill(formats.PCAP_HEADER):
                raise FormatError(
                    f"the file header is truncated: {self._filled} of {formats.PCAP_HEADER} "
                    "octets are there",
                    0,
                    truncated=True,
                )
        head = self._left(formats.PCAP_HEADER)
        interface = blocks.parse_pcap_header(head, found, self._fcs)
        self._layout.swapped = blocks.swapped_lengths(head, found)
        self._index.configure(self._layout)
        self._note_head(formats.PCAP_HEADER)
        self._at = formats.PCAP_HEADER
        self._blocks.append((0, SectionStart()))
        self._describe(interface, 0)

    def _first_section(self) -> None:
        while needed := self._section(0):
            if not self._refill(needed):
                there = self._filled - self._at
                raise FormatError(
                    f"block after record 0 is truncated: {there} of {needed} octets are there",
                    self._before + self._at,
                    truncated=True,
                )

    @property
    def comments(self) -> dict[int, str]:
        """The comments of the last batch, by row; several of a row are joined by line ends."""
        found = {row: comments_in(given) for row, given in self.beside.options.items()}
        return {row: "\n".join(texts) for row, texts in found.items() if texts}

    @property
    def directions(self) -> Column:
        """The direction of each row of the last batch: 0 unknown, 1 inbound, 2 outbound."""
        return self.beside.flags & 3

    def behind(self) -> Beside:
        """Return the blocks behind the last frame, after the end."""
        blocks_left = [(0, block) for _, block in self._blocks]
        return Beside(np.zeros(0, np.int64), {}, blocks_left, self._lost)

    @property
    def position(self) -> int:
        """Octets of the stream up to the end of the last batch."""
        return self._before + self._at

    @property
    def heads(self) -> bytes | None:
        """The file header, or all sections and interfaces so far; None where they are too large.

        A capture goes on at `position` for a reader that gets these octets first.
        """
        return None if self._heads is None else bytes(self._heads)

    def _note_head(self, length: int) -> None:
        if self._heads is not None and len(self._heads) + length <= _HEADS_MOST:
            self._heads += self._left(length)
        else:
            self._heads = None

    @property
    def precision(self) -> str:
        """Unit of time of the file; for pcapng, of its first interface."""
        return self.interfaces[0].precision if self.interfaces else self._format.precision

    def _walk(self) -> Iterator[FrameBatch]:
        last = None
        try:
            yield from self._read_on()
        except FormatError as fault:
            last = fault
        if error := self._passed.error(last):
            raise error

    def _read_on(self) -> Iterator[FrameBatch]:
        while True:
            begin = self._at
            rows, scan = self._gather(begin)
            if rows:
                yield self._batch(self._buffer[begin : self._at], rows)
            if scan.stop is Stop.FAULT and not self._resume(scan):
                raise self._fatal or self._damage(scan)
            if scan.stop is Stop.MORE and not self._refill(scan.needed):
                if self._at < self._filled:
                    raise self._cut(scan)
                return

    def _gather(self, begin: int) -> tuple[int, Scan]:
        """Fill the columns from `begin` on, over the blocks between frames."""
        rows, budget = 0, self._budget
        while True:
            columns = self._columns[:, rows:]
            scan = self._index.scan(self._buffer[self._at : self._filled], columns, budget)
            if self._at > begin:
                columns[_PLACES, : scan.rows] += self._at - begin
            budget -= int(columns[_LENGTH, : scan.rows].sum())
            rows += scan.rows
            self._found = self.frames + rows
            self._at += scan.consumed
            if scan.stop is Stop.BLOCK:
                try:
                    needed = self._take_block(rows)
                except FormatError as fault:
                    self._fatal = fault
                    return rows, replace(scan, stop=Stop.FAULT)
                if needed:
                    return rows, replace(scan, stop=Stop.MORE, needed=needed)
            elif scan.stop is Stop.FAULT and self._layout.pcapng and scan.fault in PASSABLE:
                self._pass_over(scan)
            else:
                return rows, scan

    def _batch(self, arena: NDArray[np.uint8], rows: int) -> FrameBatch:
        # The index has checked all bounds against the chunk; it will overwrite the columns soon.
        kept = self._columns[: _FLAGS + 1, :rows].copy()
        start, length, wire_length, time_ns, source, flags = kept
        self.beside = self._beside_of(arena, flags, rows)
        batch = FrameBatch.trusted(arena, start, length, time_ns, source, wire_length)
        self.frames += rows
        self.octets += batch.octets
        self.empty += int(np.count_nonzero(wire_length == 0))
        self.truncated += int(np.count_nonzero(wire_length > length))
        self.clamped += int(np.count_nonzero((time_ns == TIME_MAX) | (time_ns == TIME_MIN)))
        return batch

    def _beside_of(self, arena: NDArray[np.uint8], flags: Column, rows: int) -> Beside:
        for row in np.flatnonzero(flags >= ODD).tolist():
            offset = int(self._columns[0, row]) - len(arena)
            self._note(f"record {self.frames + row + 1}", _ODD_OPTION, offset)
        flags &= 0xFFFFFFFF
        options: dict[int, bytes] = {}
        places, lengths = self._columns[_FLAGS + 1 :, :rows]
        for row in np.flatnonzero(lengths).tolist():
            area = arena[places[row] : places[row] + lengths[row]].tobytes()
            found = packet_options(area, self._row_order(row), self._lost)
            if found:
                options[row] = found
        beside = Beside(flags, options, self._blocks, self._lost)
        self._blocks, self._lost, self._orders = [], Counter(), [(0, self._layout.big)]
        self._pending = 0
        return beside

    def _row_order(self, row: int) -> bool:
        """Return whether the section of a row is big-endian."""
        return self._orders[bisect_right(self._orders, row, key=itemgetter(0)) - 1][1]

    def _pass_over(self, scan: Scan) -> None:
        """Go on behind a damaged block of known end, and note its number."""
        length = int.from_bytes(self._left(8)[4:], "big" if self._layout.big else "little")
        self._note(f"record {self._record}", scan.reason(), scan.fault_offset - scan.consumed)
        self._passed.damaged += 1
        self._at += length

    def _resume(self, scan: Scan) -> bool:
        """Go on at the next record of a pcap file that can be found behind a damaged one."""
        if self._layout.pcapng:
            return False
        # All that is searched has to be there: the pieces of a stream decide nothing.
        while (there := self._filled - self._at) < _RESUME_MOST and self._refill(there + 1):
            pass
        octets = self._buffer[self._at : self._at + min(there, _RESUME_MOST)]
        whole = there < _RESUME_MOST
        place = next_record(octets, whole, self._layout, self._format.tick_ns)
        if place is None:
            return False
        reason = f"{scan.reason()}: {place:,} octets passed over"
        self._note(f"record {self._record}", reason, scan.fault_offset - scan.consumed)
        self._passed.damaged += 1
        self._at += place
        return True

    @property
    def _record(self) -> int:
        """The number of the record at hand, with all that were passed over."""
        return self._found + self._passed.count + 1

    def _note(self, where: str, reason: str, offset: int = 0) -> None:
        self._passed.note(where, reason, self._before + self._at + offset)

    def _note_odd_options(self, length: int, head: int) -> None:
        """Note that the options of the block at hand end early, if they do."""
        place = blocks.odd_option(self._left(length)[head : length - 4], self._layout.big)
        if place is not None:
            self._note(f"block after record {self._record - 1}", _ODD_OPTION, head + place)

    def _damage(self, scan: Scan) -> FormatError:
        offset = self._before + self._at + scan.fault_offset - scan.consumed
        return FormatError(f"record {self._record}: {scan.reason()}", offset)

    def _cut(self, scan: Scan) -> FormatError:
        there, record, offset = self._filled - self._at, self._record, self._before + self._at
        header = self._layout.record_header
        if self._layout.pcapng:
            text = f"block after record {record - 1} is truncated: {there} of {scan.needed} octets"
        elif there < header:
            text = f"record {record} is truncated: {there} of {header} octets of its header"
        else:
            text = (
                f"record {record} is truncated: {there - header} of {scan.needed - header} octets"
            )
        return FormatError(f"{text} are there", offset, truncated=True)

    def _take_block(self, rows: int) -> int:
        """Take the block at hand, which is before row `rows`; return the octets it needs."""
        big = self._layout.big
        kind = int.from_bytes(self._left(4), "big" if big else "little")
        if kind == formats.SHB:
            return self._section(rows)
        if kind == formats.IDB:
            return self._interface(rows)
        length = int.from_bytes(self._left(8)[4:], "big" if big else "little")
        # Of a large block that is left out anyway, the head is enough.
        body = self._left(min(length, _BESIDE_MOST))[8 : length - 4]
        if kind in formats.PACKETS:
            self._count_skipped(kind, body)
        self._at += length
        if kind == formats.ISB:
            block = statistics(body, big, self.interfaces, self._layout.source_base, self._lost)
        else:
            block = other_block(kind, body, big, self._lost)
        if block is not None:
            self._keep(rows, block, length)
        return 0

    def _keep(self, rows: int, block: Block, octets: int) -> None:
        """Keep a block for the batch; without its contents where these would take up memory."""
        self._pending += octets
        if self._pending > _BESIDE_MOST:
            self._pending -= octets
            self._lost.update(lost_with(block))
            if isinstance(block, OtherBlock):
                return
            block = replace(block, options=b"")
        self._blocks.append((rows, block))

    def _count_skipped(self, kind: int, body: bytes) -> None:
        """Count a packet of another link type."""
        number = 0
        if kind != formats.SPB:
            octets = body[: 2 if kind == formats.PB else 4]
            number = int.from_bytes(octets, "big" if self._layout.big else "little")
        link_type = self.interfaces[self._layout.source_base + number].link_type
        self._passed.skip(link_type, self._before + self._at)

    def _section(self, rows: int) -> int:
        found = blocks.parse_section(self._rest(), self._before + self._at)
        if isinstance(found, blocks.Needs):
            return found.octets
        self._layout.big = found.big
        self._note_odd_options(found.length, 24)
        self._note_head(found.length)
        self._at += found.length
        self._layout.source_base = len(self.interfaces)
        self._index.configure(self._layout)
        self._orders.append((rows, found.big))
        self._keep(rows, SectionStart(found.options), len(found.options))
        return 0

    def _interface(self, rows: int) -> int:
        offset = self._before + self._at
        if len(self.interfaces) >= formats.MAX_INTERFACES:
            raise FormatError(f"more than {formats.MAX_INTERFACES} interfaces", offset)
        number = len(self.interfaces)
        found = blocks.parse_interface(self._rest(), self._layout.big, number, self._fcs, offset)
        if isinstance(found, blocks.Needs):
            return found.octets
        length, interface = found
        self._note_odd_options(length, 16)
        self._note_head(length)
        self._at += length
        self._describe(interface, rows)
        return 0

    def _describe(self, interface: Interface, rows: int) -> None:
        self._index.add(interface)
        self._keep(rows, interface, len(interface.options))
        self.interfaces.append(replace(interface, options=b""))

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
    where: CaptureInput,
    *,
    fcs: str = "auto",
    batch_frames: int = 4096,
    batch_octets: int = 8 << 20,
    backend: str = "auto",
    max_ratio: int | None = None,
    wait: Wait | None = None,
) -> Reader:
    """Read a pcap or pcapng capture, plain or compressed by gzip or zstd.

    `where`: a path, "-" for standard input, or a binary file object. `fcs`: whether frames carry
    an FCS to remove: as the file says, always (4 octets), never. A batch holds at most
    `batch_frames` frames and about `batch_octets` octets. `max_ratio`: limit on the expansion of a
    compressed stream. `wait`: called before each read with the descriptor of a pipe, -1 for
    anything else; False ends the stream there.

    Raises ConfigError if it cannot be opened. Raises FormatError if it is no capture, is damaged
    or is cut short, after all whole frames before that place were delivered.

    >>> import io, macsec
    >>> file = io.BytesIO()
    >>> with macsec.captures.write(file) as sink:
    ...     sink.write(macsec.FrameBatch.from_frames([bytes(60)] * 3))
    >>> _ = file.seek(0)
    >>> with macsec.captures.read(file) as reader:
    ...     [len(batch) for batch in reader]
    [3]

    See also: `write`, `FrameBatch`.
    """
    return Reader(
        where,
        fcs=fcs,
        batch_frames=batch_frames,
        batch_octets=batch_octets,
        backend=backend,
        max_ratio=max_ratio,
        wait=wait,
    )
