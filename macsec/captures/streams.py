"""Input of octets: files, pipes, standard input, gzip and zstd, in bounded pieces."""

from __future__ import annotations

import io
import os
import stat
import sys
import zlib
from typing import Any, Protocol, TypeAlias

from macsec.errors import ConfigError, FormatError, cannot

from .raw_source import PIECE, RatioMeter, RawSource, Wait
from .zstd import ZstdSource

GZIP_MAGIC = b"\x1f\x8b"


class Source(Protocol):
    """Stream of octets. `readinto` returns how many came; 0 is the end."""

    def readinto(self, view: memoryview) -> int:
        """Fill the front of `view` with the octets at hand, at least one before the end."""

    def close(self) -> None:
        """Release what this object opened."""


class OctetsReader(Protocol):
    """A binary file object of a caller, with `read`, and perhaps `readinto`."""

    def read(self, count: int, /) -> bytes | None:
        """Return at most `count` octets; none at the end."""


CaptureInput: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes] | OctetsReader
"""A capture to read: a path, "-" for standard input, or a binary file object."""


class GzipSource:
    """Decompressed octets of one or several gzip members."""

    def __init__(self, raw: RawSource, ratio: int | None) -> None:
        self._raw = raw
        self._meter = RatioMeter(raw.name, ratio)
        self._inflate = zlib.decompressobj(31)
        self._pending = b""
        self._started = False  # inside a member
        self._rescue = False  # damage is near: go octet by octet up to it
        self._piece = bytearray(PIECE)

    def readinto(self, view: memoryview) -> int:
        """Decompress up to the length of `view`."""
        while True:
            ended = not self._pending and not self._refill()
            # At the end of the input zlib may still hold output.
            octets = b"" if ended and not self._started else self._step(len(view))
            if octets:
                view[: len(octets)] = octets
                self._meter.count(produced=len(octets))
                return len(octets)
            if ended and self._started:
                raise FormatError(
                    "the gzip stream ends early", self._meter.produced, truncated=True
                )
            if ended:
                return 0

    def _refill(self) -> int:
        count = self._raw.readinto(memoryview(self._piece))
        self._pending = bytes(self._piece[:count])
        self._meter.count(consumed=count)
        return count

    def _step(self, room: int) -> bytes:
        if not self._started:
            self._pending = self._pending.lstrip(b"\0")  # padding between members
            if not self._pending:
                return b""
            self._started = True
        before = None if self._rescue else self._inflate.copy()
        given = self._pending[:1] if self._rescue else self._pending
        try:
            octets = self._inflate.decompress(given, room)
        except zlib.error as error:
            if before is None:
                raise FormatError(
                    f"the gzip stream is damaged ({error})", self._meter.produced
                ) from error
            self._inflate, self._rescue = before, True
            return b""
        rest = self._pending[len(given) :]
        if self._inflate.eof:
            self._pending = self._inflate.unused_data + rest
            self._inflate, self._started = zlib.decompressobj(31), False
        else:
            self._pending = self._inflate.unconsumed_tail + rest
        return octets

    def close(self) -> None:
        """Close the stream below."""
        self._raw.close()


def open_source(where: CaptureInput, ratio: int | None = None, wait: Wait | None = None) -> Source:
    """Open a path, "-" (standard input) or a binary file object, and decompress it."""
    raw = _open_raw(where, wait)
    try:
        head = raw.peek(4)
        if head.startswith(GZIP_MAGIC):
            return GzipSource(raw, ratio)
        if is_zstd(head):
            return ZstdSource(raw, ratio)
    except BaseException:
        raw.close()
        raise
    return raw


def is_zstd(head: bytes) -> bool:
    """Return whether a stream begins with a zstd frame or a skippable one."""
    number = int.from_bytes(head[:4], "little") if len(head) >= 4 else 0
    return number == 0xFD2FB528 or number & 0xFFFFFFF0 == 0x184D2A50


def _open_raw(where: Any, wait: Wait | None) -> RawSource:
    if hasattr(where, "readinto") or hasattr(where, "read"):
        if isinstance(where, io.TextIOBase):
            raise ConfigError("a capture is read from a file opened in binary mode")
        name = str(getattr(where, "name", "the file object"))
        return RawSource(where, name, owned=False, wait=wait)
    if isinstance(where, str) and where == "-":
        return _standard_input(wait)
    try:
        path = os.fspath(where)
    except TypeError:
        raise ConfigError(
            f"a capture is a path or a file opened in binary mode, not {type(where).__name__}"
        ) from None
    try:
        file = open(path, "rb", buffering=0)  # noqa: SIM115 closed by the Reader
    except (OSError, ValueError) as error:
        raise cannot("read", os.fsdecode(path), error) from error
    return RawSource(file, os.fsdecode(path), owned=True, wait=wait)


def _standard_input(wait: Wait | None) -> RawSource:
    buffer = getattr(sys.stdin, "buffer", None)
    if buffer is None:
        raise ConfigError("there is no standard input")
    try:
        if buffer.isatty():
            raise ConfigError("the standard input is a terminal: no capture is read from there")
        if stat.S_ISDIR(os.fstat(buffer.fileno()).st_mode):
            raise ConfigError("cannot read the standard input: Is a directory")
    except (OSError, ValueError):
        pass  # it has no descriptor
    return RawSource(buffer, "the standard input", owned=False, wait=wait)
