"""zstd streams, block by block: bounded output, and a stream that ends early is noticed.

The decompressor of either library returns all that its input expands to, and reports no early end.
So this module parses the lengths of the frame format (RFC 8878, section 3.1) and feeds the library
one block at a time: at most 128 KiB come out.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from macsec import extras
from macsec.errors import FormatError

from .raw_source import PIECE, RatioMeter, RawSource

MAX_WINDOW = 1 << 27
_FRAME_MAGIC = 0xFD2FB528
_SKIPPABLE = 0x184D2A50
_RLE = 1


def _library() -> Any:
    try:
        return import_module("compression.zstd" if extras.ZSTD_IN_PYTHON else "zstandard")
    except ImportError:
        raise extras.lacks("zstd") from None


def _damage() -> type[Exception]:
    library = _library()
    error: type[Exception] = library.ZstdError
    return error


def new_decompressor() -> Any:
    """Return an object with `decompress(octets)`, for one frame."""
    library = _library()
    if extras.ZSTD_IN_PYTHON:
        names = library.DecompressionParameter
        most = MAX_WINDOW.bit_length() - 1
        return library.ZstdDecompressor(options={names.window_log_max: most})
    return library.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()


def new_compressor() -> Any:
    """Return an object with `compress(octets)` and `flush()`, for one frame."""
    library = _library()
    if extras.ZSTD_IN_PYTHON:
        names = library.CompressionParameter
        return library.ZstdCompressor(options={names.compression_level: 3, names.checksum_flag: 1})
    return library.ZstdCompressor(level=3, write_checksum=True).compressobj()


class ZstdSource:
    """Decompressed octets of one or several zstd frames."""

    def __init__(self, raw: RawSource, ratio: int | None) -> None:
        self._raw = raw
        self._meter = RatioMeter(raw.name, ratio)
        self._pending = bytearray()
        self._piece = bytearray(PIECE)
        self._ready = memoryview(b"")
        self._frame: Any = None  # the decompressor inside a frame
        self._checksum = False
        self._last = False  # the last block of the frame is done
        self._damage = _damage()

    def readinto(self, view: memoryview) -> int:
        """Decompress up to the length of `view`."""
        while not self._ready:
            if not self._step():
                return 0
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _step(self) -> bool:
        """Process one frame header, block or checksum; return False at the end of the stream."""
        if self._frame is None:
            return self._enter()
        if self._last:
            if self._checksum:
                self._feed(4)
            self._frame = None
            return True
        header = int.from_bytes(self._need(3)[:3], "little")
        size = 1 if header >> 1 & 3 == _RLE else header >> 3
        if size > 128 * 1024:
            raise self._fault("a block is over 128 KiB")
        self._last = bool(header & 1)
        self._feed(3 + size)
        return True

    def _enter(self) -> bool:
        if not self._pending and not self._refill():
            return False
        magic = int.from_bytes(self._need(4)[:4], "little")
        if magic & 0xFFFFFFF0 == _SKIPPABLE:
            self._skip(8, int.from_bytes(self._need(8)[4:8], "little"))
            return True
        if magic != _FRAME_MAGIC:
            raise self._fault("a frame is followed by other octets")
        descriptor = self._need(5)[4]
        single = bool(descriptor & 0x20)
        size = 5 + (not single) + (0, 1, 2, 4)[descriptor & 3]
        size += (int(single), 2, 4, 8)[descriptor >> 6]
        self._check_window(descriptor, size)
        self._frame, self._last = new_decompressor(), False
        self._checksum = bool(descriptor & 4)
        self._feed(size)
        return True

    def _check_window(self, descriptor: int, size: int) -> None:
        header = self._need(size)
        if descriptor & 0x20:
            field = header[size - (1, 2, 4, 8)[descriptor >> 6] : size]
            window = int.from_bytes(field, "little") + (256 if descriptor >> 6 == 1 else 0)
        else:
            base = 1 << (10 + (header[5] >> 3))
            window = base + (base >> 3) * (header[5] & 7)
        if window > MAX_WINDOW:
            raise FormatError(
                f"the zstd stream needs a window of {window} octets, over {MAX_WINDOW}: decompress "
                "it first, zstd -dc --long=31 FILE | macsec VERB ... -",
                self._meter.produced,
            )

    def _feed(self, size: int) -> None:
        self._need(size)
        piece = bytes(self._pending[:size])
        del self._pending[:size]
        try:
            octets = self._frame.decompress(piece)
        except self._damage as error:
            raise self._fault(str(error)) from error
        self._meter.count(produced=len(octets))
        self._ready = memoryview(octets)

    def _skip(self, header: int, size: int) -> None:
        del self._pending[:header]
        while size:
            if not self._pending and not self._refill():
                raise self._early()
            count = min(size, len(self._pending))
            del self._pending[:count]
            size -= count

    def _need(self, size: int) -> bytearray:
        while len(self._pending) < size:
            if not self._refill():
                raise self._early()
        return self._pending

    def _refill(self) -> int:
        count = self._raw.readinto(memoryview(self._piece))
        self._pending += memoryview(self._piece)[:count]
        self._meter.count(consumed=count)
        return count

    def _early(self) -> FormatError:
        return FormatError("the zstd stream ends early", self._meter.produced, truncated=True)

    def _fault(self, why: str) -> FormatError:
        return FormatError(f"the zstd stream is damaged ({why})", self._meter.produced)

    def close(self) -> None:
        """Close the stream below."""
        self._raw.close()
