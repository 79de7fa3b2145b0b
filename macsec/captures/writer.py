"""Writer of a capture: pcap with nanoseconds, or pcapng with ports, directions and comments.

Always little-endian, and independent of machine and time of day: the same batches give the same
octets. Times before 1970 (and after 2106 for pcap) become the nearest that the format has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macsec.errors import ConfigError, FormatError
from macsec.frames import FrameBatch

from . import formats
from .emit import Emitter, Job, clamp_times, option
from .native import new_emitter
from .output import Sink, open_sink

_COMMENT_MOST = 65_535
_PIECE_FRAMES = 65_536
_PIECE_OCTETS = 8 << 20


class Writer:
    """A capture being written; see `write`. `frames` and `octets` count the frames so far."""

    def __init__(
        self,
        where: Any,
        *,
        format: str,  # noqa: A002 the public name
        interfaces: Sequence[str] | None,
        backend: str,
    ) -> None:
        if format not in ("auto", "pcap", "pcapng"):
            raise ConfigError(f"format {format!r}: not one of auto, pcap, pcapng")
        self.frames = self.octets = 0
        self._names = [_name(name) for name in interfaces or ()]
        self._described = 0  # interface blocks written
        self._emit: Emitter = new_emitter(backend)
        self._sink: Sink | None = None
        self._sink, name = open_sink(where)
        self.format = format
        if format == "auto":
            self.format = "pcapng" if name.endswith(".pcapng") else "pcap"
        try:
            self._begin()
        except BaseException:
            self.discard()
            raise

    def _begin(self) -> None:
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
        section = struct.pack("<IHHq", formats.PCAPNG_ORDER_MAGIC, 1, 0, -1)
        self._put(_block(formats.SHB, section))
        self.put([*self._describe(max(1, len(self._names)))])

    def write(
        self,
        batch: FrameBatch,
        comments: Sequence[str | None] | None = None,
        directions: ArrayLike | None = None,
        interfaces: Sequence[str] | None = None,
    ) -> None:
        """Add the frames of a batch.

        In pcapng the `source` column names the interface; `directions` (0 unknown, 1 inbound, 2
        outbound) and `comments` go with each packet. `interfaces`: names of the ports, if more are
        known than at the start of the capture. The pcap format holds none of these four.
        """
        for octets in self._compose(batch, comments, directions, interfaces):
            self.put([octets])

    def compose(
        self,
        batch: FrameBatch,
        comments: Sequence[str | None] | None = None,
        directions: ArrayLike | None = None,
        interfaces: Sequence[str] | None = None,
    ) -> list[memoryview]:
        """Return the octets that `write` would add, so that another thread can `put` them.

        Compose batches, and put the results, in the same order.
        """
        return list(self._compose(batch, comments, directions, interfaces))

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
    ) -> Iterator[memoryview]:
        if self._sink is None:
            raise ConfigError("the capture is already closed")
        ways = None if directions is None else np.asarray(directions, np.int64)
        for given in (comments, ways):
            if given is not None and len(given) != len(batch):
                raise ConfigError(f"{len(given)} comments or directions for {len(batch)} frames")
        if interfaces is not None and len(interfaces) > len(self._names):
            self._names += map(_name, interfaces[len(self._names) :])
        for first, last in _pieces(batch):
            yield from self._compose_piece(
                batch if last - first == len(batch) else batch.take(slice(first, last)),
                comments[first:last] if comments is not None else None,
                ways[first:last] if ways is not None else None,
            )

    def _compose_piece(
        self,
        batch: FrameBatch,
        comments: Sequence[str | None] | None,
        ways: NDArray[np.int64] | None,
    ) -> Iterator[memoryview]:
        self._check(batch)
        pcapng = self.format == "pcapng"
        job = Job(batch, pcapng, clamp_times(batch.time_ns, pcapng))
        if pcapng:
            yield from self._describe(max(int(batch.source.max()) + 1, len(self._names)))
            job.flags = None if ways is None else ways & 3
            _add_comments(job, comments)
        yield self._emit(job)
        self.frames += len(batch)
        self.octets += batch.octets

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
        if count <= self._described:
            return
        blocks = []
        for number in range(self._described, count):
            body = struct.pack("<HHI", formats.ETHERNET, 0, formats.MAX_CAPTURED)
            if number < len(self._names):
                body += option(formats.IF_NAME, self._names[number])
            body += option(formats.IF_TSRESOL, b"\x09") + bytes(4)
            blocks.append(_block(formats.IDB, body))
        self._described = count
        yield memoryview(b"".join(blocks))

    def _put(self, octets: bytes | memoryview) -> None:
        if self._sink is None:
            raise ConfigError("the capture is already closed")
        self._sink.write(memoryview(octets))

    def close(self) -> None:
        """Finish: the target appears."""
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


def _pieces(batch: FrameBatch) -> list[tuple[int, int]]:
    """Return row ranges of bounded size."""
    if not len(batch):
        return []
    if len(batch) <= _PIECE_FRAMES and batch.octets <= _PIECE_OCTETS:
        return [(0, len(batch))]
    total = np.cumsum(batch.length)
    pieces, first = [], 0
    while first < len(batch):
        budget = (int(total[first - 1]) if first else 0) + _PIECE_OCTETS
        last = int(np.searchsorted(total, budget, "right"))
        last = min(max(last, first + 1), first + _PIECE_FRAMES, len(batch))
        pieces.append((first, last))
        first = last
    return pieces


def _add_comments(job: Job, comments: Sequence[str | None] | None) -> None:
    if comments is None or not any(comments):
        return
    places: dict[str, tuple[int, int]] = {"": (0, 0)}
    texts, size = [], 0
    for text in comments:
        if text and text not in places:
            octets = text.encode("utf-8", "replace")
            if len(octets) > _COMMENT_MOST:
                octets = octets[:_COMMENT_MOST].decode("utf-8", "ignore").encode()
            places[text] = (size, len(octets))
            texts.append(octets)
            size += len(octets)
    rows = np.array([places[text or ""] for text in comments], np.int64)
    job.comments = np.frombuffer(b"".join(texts), np.uint8)
    job.comment_start = np.ascontiguousarray(rows[:, 0])
    job.comment_length = np.ascontiguousarray(rows[:, 1])


def _block(kind: int, body: bytes) -> bytes:
    total = 12 + len(body)
    return struct.pack("<II", kind, total) + body + struct.pack("<I", total)


def _name(name: str) -> bytes:
    octets = name.encode("utf-8", "replace")
    if len(octets) > formats.MAX_NAME:
        raise ConfigError(f"an interface name of {len(octets)} octets, over {formats.MAX_NAME}")
    return octets


def write(
    where: Any,
    *,
    format: str = "auto",  # noqa: A002 the public name
    interfaces: Sequence[str] | None = None,
    backend: str = "auto",
) -> Writer:
    """Write a capture, as a context manager.

    `where`: a path, "-" for standard output, or a binary file object. A path appears whole on a
    clean exit and not at all otherwise; a name that ends in .gz or .zst is compressed. `format`:
    pcap with nanoseconds, or pcapng, which "auto" chooses for names in .pcapng (.gz, .zst).
    `interfaces`: names of the ports in the `source` column, for pcapng.
    """
    return Writer(where, format=format, interfaces=interfaces, backend=backend)
