"""Writer of a capture: pcap with nanoseconds, or pcapng with ports, directions and comments.

Always little-endian, and independent of machine and time of day: the same batches give the same
octets. Times before 1970 (and after 2106 for pcap) become the nearest that the format has, and are
counted; an interface that comes with an offset of time keeps it, and so holds its times.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macsec.errors import ConfigError, FormatError
from macsec.frames import Column, FrameBatch
from macsec.time_units import NS_PER_S

from . import formats
from .beside import KEPT_FLAGS, Beside, Block, SectionStart, ended
from .emit import Emitter, Job, clamp_times, option
from .formats import Interface
from .native import new_emitter
from .output import CaptureOutput, Sink, open_sink
from .row_options import RowOptions

_OFFSET_MOST = 1 << 33  # seconds that 64 bits of nanoseconds hold
_PIECE_FRAMES = 65_536
_PIECE_OCTETS = 8 << 20


class Writer:
    """A capture being written; see `write`.

    `frames` and `octets` count the frames so far, `clamped` the times that were moved. `lost`: what
    was beside frames and left out, and how often.
    """

    def __init__(
        self,
        where: CaptureOutput,
        *,
        format: str,  # noqa: A002 the public name
        interfaces: Sequence[str] | None,
        backend: str,
        copying: bool,
        keep_secrets: bool,
    ) -> None:
        if format not in ("auto", "pcap", "pcapng"):
            raise ConfigError(f"format {format!r}: not one of auto, pcap, pcapng")
        self.frames = self.octets = self.clamped = 0
        self.lost: Counter[str] = Counter()
        self._keep_secrets = keep_secrets
        self._begun = False
        self._base = 0  # the number of the section's first interface
        self._offsets = array("q")  # in ns, of each interface
        self._shifted = False  # one of them is not 0
        self._names = [_name(name) for name in interfaces or ()]
        self._described = 0  # interface blocks written
        self._emit: Emitter = new_emitter(backend)
        self._sink: Sink | None = None
        self._sink, name = open_sink(where)
        self.format = format
        if format == "auto":
            self.format = "pcapng" if name.endswith(".pcapng") else "pcap"
        try:
            if self.format == "pcap" or not copying:
                self._begin()
        except BaseException:
            self.discard()
            raise

    def _begin(self) -> None:
        self._begun = True
        if self.format == "pcap":
            self._put(
                struct.pack(
                    "<IHHIIII",
                    formats.PCAP_NS_MAGIC,
                    2,
                    4,
                    0,
                    0,
                    formats.MAX_CAPTURED,
                    formats.ETHERNET,
                )
            )
            return
        self._put(self._section(SectionStart()))
        self.put([*self._describe(max(1, len(self._names)))])

    def write(
        self,
        batch: FrameBatch,
        comments: Sequence[str | None] | None = None,
        directions: ArrayLike | None = None,
        interfaces: Sequence[str] | None = None,
        beside: Beside | None = None,
    ) -> None:
        """Add the frames of a batch.

        In pcapng the `source` column names the interface; `directions` (0 unknown, 1 inbound, 2
        outbound) and `comments` go with each packet. `interfaces`: names of the ports, if more are
        known than at the start of the capture. `beside`: what is beside these frames in the
        capture that they come from. The pcap format holds none of these five.
        """
        for octets in self._compose(batch, comments, directions, interfaces, beside):
            self.put([octets])

    def compose(
        self,
        batch: FrameBatch,
        comments: Sequence[str | None] | None = None,
        directions: ArrayLike | None = None,
        interfaces: Sequence[str] | None = None,
        beside: Beside | None = None,
    ) -> list[memoryview]:
        """Return the octets that `write` would add, so that another thread can `put` them.

        Compose batches, and put the results, in the same order.
        """
        return list(self._compose(batch, comments, directions, interfaces, beside))

    def put(self, composed: Sequence[memoryview]) -> None:
        """Add octets from `compose`."""
        for octets in composed:
            self._put(octets)

    def _compose(
        self,
        batch: FrameBatch,
        comments: Sequence[str | None] | None,
        directions: ArrayLike | None,
        interfaces: Sequence[str] | None,
        beside: Beside | None,
    ) -> Iterator[memoryview]:
        if self._sink is None:
            raise ConfigError("the capture is already closed")
        ways = None if directions is None else np.asarray(directions, np.int64) & 3
        for given in (comments, ways):
            if given is not None and len(given) != len(batch):
                raise ConfigError(f"{len(given)} comments or directions for {len(batch)} frames")
        if interfaces is not None and len(interfaces) > len(self._names):
            self._names += map(_name, interfaces[len(self._names) :])
        flags: NDArray[np.int64] | None = ways
        blocks: Sequence[tuple[int, Block]] = ()
        if self.format == "pcap":
            flags = None
            self.lost += Counter() if beside is None else beside.all_lost()
        elif beside is not None:
            self.lost += beside.lost
            flags, blocks = beside.flags & KEPT_FLAGS, beside.blocks
        options = RowOptions(comments, {} if beside is None else beside.options)
        yield from self._compose_all(batch, options, flags, blocks)

    def _compose_all(
        self,
        batch: FrameBatch,
        options: RowOptions,
        flags: NDArray[np.int64] | None,
        blocks: Sequence[tuple[int, Block]],
    ) -> Iterator[memoryview]:
        """Yield the octets of frames and of the blocks between them."""
        done = 0
        for row, block in (*blocks, (len(batch), None)):
            for first, last in _pieces(batch, done, row):
                whole = last - first == len(batch)
                yield from self._compose_piece(
                    batch if whole else batch.take(slice(first, last)),
                    options.of_rows(first, last),
                    None if flags is None else flags[first:last],
                )
            done = row
            if block is not None:
                yield from self._compose_block(block)

    def _compose_piece(
        self, batch: FrameBatch, options: RowOptions, flags: NDArray[np.int64] | None
    ) -> Iterator[memoryview]:
        self._check(batch)
        pcapng = self.format == "pcapng"
        source = batch.source
        if pcapng:
            yield from self._header()
            yield from self._describe(max(int(source.max()) + 1, len(self._names)))
        time_ns, clamped = clamp_times(self._times(batch), pcapng)
        self.clamped += clamped
        job = Job(batch, pcapng, time_ns, source - self._base if self._base else source)
        if pcapng:
            job.flags = flags
            options.add_to(job)
        yield self._emit(job)
        self.frames += len(batch)
        self.octets += batch.octets

    def _times(self, batch: FrameBatch) -> Column:
        """Return the times to write: without the offsets of the interfaces."""
        if self.format == "pcap" or not self._shifted:
            return batch.time_ns
        moved: Column = batch.time_ns - np.frombuffer(self._offsets, np.int64)[batch.source]
        return moved

    def _header(self) -> Iterator[memoryview]:
        """Yield a section, unless the capture that is copied gave one."""
        if not self._begun:
            yield memoryview(self._section(SectionStart()))

    def _compose_block(self, block: Block) -> Iterator[memoryview]:
        if isinstance(block, SectionStart):
            yield memoryview(self._section(block))
            return
        yield from self._header()
        if isinstance(block, Interface):
            yield memoryview(self._interface(block))
        elif block.kind == formats.DSB and not self._keep_secrets:
            self.lost[block.name] += 1
        else:
            yield memoryview(_block(block.kind, block.body))

    def _section(self, section: SectionStart) -> bytes:
        self._begun = True
        self._base = self._described
        body = struct.pack("<IHHq", formats.PCAPNG_ORDER_MAGIC, 1, 0, -1)
        return _block(formats.SHB, body + ended(section.options))

    def _interface(self, interface: Interface) -> bytes:
        """Return the block of the next interface: for Ethernet in units of 1 ns, without FCS."""
        ours = interface.link_type == formats.ETHERNET
        tsresol, offset, snap = 9, interface.tsoffset, formats.MAX_CAPTURED
        if not ours:
            tsresol, snap = interface.tsresol, interface.snap_length
        elif abs(offset) >= _OFFSET_MOST:
            offset = 0
        options = interface.options + option(formats.IF_TSRESOL, bytes([tsresol]))
        if offset:
            options += option(formats.IF_TSOFFSET, struct.pack("<q", offset))
        self._described += 1
        self._offsets.append(offset * NS_PER_S if ours else 0)
        self._shifted = self._shifted or bool(offset and ours)
        body = struct.pack("<HHI", interface.link_type, 0, snap)
        return _block(formats.IDB, body + ended(options))

    def _check(self, batch: FrameBatch) -> None:
        # No frame is longer than it was on the wire, so one maximum settles most batches.
        if int(batch.wire_length.max()) > formats.MAX_CAPTURED:
            self._check_lengths(batch)
        if self.format == "pcapng":
            low, high = int(batch.source.min()), int(batch.source.max())
            if low < 0 or high >= formats.MAX_INTERFACES:
                raise ConfigError(f"sources {low} to {high}: a capture has interfaces 0 to 65535")

    def _check_lengths(self, batch: FrameBatch) -> None:
        over = batch.length > formats.MAX_CAPTURED
        over |= batch.wire_length > 2**32 - 1
        if over.any():
            row = int(over.argmax())
            raise FormatError(
                f"frame {self.frames + row + 1} of {batch.length[row]} octets "
                f"({batch.wire_length[row]} on the wire) is over {formats.MAX_CAPTURED}"
            )

    def _describe(self, count: int) -> Iterator[memoryview]:
        """Yield interface blocks up to `count`."""
        described = []
        while self._described < count:
            named = self._names[self._described : self._described + 1]
            options = b"".join(option(formats.IF_NAME, name) for name in named)
            interface = Interface(self._described, "", formats.ETHERNET, options=options)
            described.append(self._interface(interface))
        if described:
            yield memoryview(b"".join(described))

    def _put(self, octets: bytes | memoryview) -> None:
        if self._sink is None:
            raise ConfigError("the capture is already closed")
        self._sink.write(memoryview(octets))

    def close(self) -> None:
        """Finish: the target appears."""
        if self._sink is not None and not self._begun:
            self._begin()
        sink, self._sink = self._sink, None
        if sink is None:
            return
        try:
            sink.commit()
        finally:
            sink.discard()

    def discard(self) -> None:
        """Give up: the target stays as it was."""
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.discard()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def __del__(self) -> None:
        if getattr(self, "_sink", None) is not None:
            self.discard()


def _pieces(batch: FrameBatch, first: int, end: int) -> list[tuple[int, int]]:
    """Return row ranges of bounded size from `first` to `end`."""
    if first >= end:
        return []
    if end - first <= _PIECE_FRAMES and batch.octets <= _PIECE_OCTETS:
        return [(first, end)]
    total = np.cumsum(batch.length)
    pieces = []
    while first < end:
        budget = (int(total[first - 1]) if first else 0) + _PIECE_OCTETS
        last = int(np.searchsorted(total, budget, "right"))
        last = min(max(last, first + 1), first + _PIECE_FRAMES, end)
        pieces.append((first, last))
        first = last
    return pieces


def _block(kind: int, body: bytes) -> bytes:
    total = 12 + len(body)
    return struct.pack("<II", kind, total) + body + struct.pack("<I", total)


def _name(name: str) -> bytes:
    octets = name.encode("utf-8", "replace")
    if len(octets) > formats.MAX_NAME:
        raise ConfigError(f"an interface name of {len(octets)} octets, over {formats.MAX_NAME}")
    return octets


def write(
    where: CaptureOutput,
    *,
    format: str = "auto",  # noqa: A002 the public name
    interfaces: Sequence[str] | None = None,
    backend: str = "auto",
    copying: bool = False,
    keep_secrets: bool = False,
) -> Writer:
    """Write a capture, as a context manager.

    `where`: a path, "-" for standard output, or a binary file object. A path appears whole on a
    clean exit and not at all otherwise; a name that ends in .gz or .zst is compressed. `format`:
    pcap with nanoseconds, or pcapng, which "auto" chooses for names in .pcapng (.gz, .zst).
    `interfaces`: names of the ports in the `source` column, for pcapng. `copying`: sections and
    interfaces come with the batches, as `Reader.beside`. `keep_secrets`: copy decryption secrets.

    >>> import io, macsec
    >>> file = io.BytesIO()
    >>> with macsec.captures.write(file, format="pcap") as sink:
    ...     sink.write(macsec.FrameBatch.from_frames([bytes(60)]))
    >>> len(file.getvalue())  # a header of 24 octets, one of 16, and the frame
    100

    See also: `read`, `FrameBatch`.
    """
    return Writer(
        where,
        format=format,
        interfaces=interfaces,
        backend=backend,
        copying=copying,
        keep_secrets=keep_secrets,
    )
