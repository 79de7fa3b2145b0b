"""Where octets come from: files, pipes, standard input, gzip and zstd; in bounded pieces."""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
import zlib
from typing import IO, Any, Protocol

from macsec.errors import ConfigError, FormatError, MACsecError

GZIP_MAGIC = b"\x1f\x8b"
_PIECE = 256 * 1024

# What stands in the way of opening a file and is not the caller's mistake.
_RUNTIME = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EIO,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EINTR,
}
_RATIO_FREE = 1 << 20  # decompressed octets before the ratio counts


def cannot(what: str, name: str, error: OSError | ValueError) -> MACsecError:
    """The error for a file that cannot be opened: mostly a ConfigError."""
    reason = error.strerror if isinstance(error, OSError) else error
    kind = MACsecError if isinstance(error, OSError) and error.errno in _RUNTIME else ConfigError
    return kind(f"cannot {what} {name}: {reason}")


class Source(Protocol):
    """A stream of octets. `readinto` gives how many came; 0 is the end."""

    def readinto(self, view: memoryview) -> int:
        """Fill the front of `view` with what is there now, at least one octet before the end."""

    def close(self) -> None:
        """Release what this object opened."""


class RawSource:
    """Octets as the operating system or a file object gives them."""

    def __init__(self, file: IO[bytes], name: str, *, owned: bool) -> None:
        self.name = name
        self._file: Any = file
        self._owned = owned
        self._head = b""
        self._buffered: io.BufferedReader | None = None
        if isinstance(file, io.BufferedReader):
            # Its readinto1 waits for the pipe even when something is buffered: so what is
            # buffered is taken out once, and then the raw file below is read.
            self._buffered, file = file, file.raw
        self._read = getattr(file, "readinto1", None) or getattr(file, "readinto", None)
        self._poll = _poll_of(file)

    def peek(self, size: int) -> bytes:
        """The first octets, left in place; fewer only when the stream is shorter."""
        block = bytearray(size)
        view = memoryview(block)
        got = 0
        while got < size:
            count = self.readinto(view[got:])
            if not count:
                break
            got += count
        self._head = bytes(view[:got]) + self._head
        return self._head[:size]

    def readinto(self, view: memoryview) -> int:
        """Fill `view` with what is there; on a pipe, as long as more comes without waiting."""
        if self._buffered is not None and not self._head:
            self._drain(self._buffered)
        filled = min(len(self._head), len(view))
        if filled:
            view[:filled] = self._head[:filled]
            self._head = self._head[filled:]
        else:
            filled = self._one(view)
        if self._buffered is not None or self._head or self._poll is None:
            return filled
        while 0 < filled < len(view) and self._poll.poll(0):
            count = self._one(view[filled:])
            if not count:
                break
            filled += count
        return filled

    def _one(self, view: memoryview) -> int:
        if self._read is not None:
            return int(self._guard(self._read, view))
        octets = self._guard(self._file.read, len(view))
        view[: len(octets)] = octets
        return len(octets)

    def _drain(self, buffered: io.BufferedReader) -> None:
        self._head = self._guard(buffered.read1, _PIECE)
        if len(self._head) < _PIECE:
            self._buffered = None

    def _guard(self, read: Any, argument: Any) -> Any:
        try:
            result = read(argument)
        except OSError as error:
            raise MACsecError(f"cannot read {self.name}: {error.strerror or error}") from error
        except (TypeError, ValueError) as error:
            raise ConfigError(f"cannot read {self.name} as octets: {error}") from error
        if result is None:
            raise ConfigError(f"{self.name} is in non-blocking mode")
        if isinstance(result, str):
            raise ConfigError(f"cannot read {self.name} as octets: it is text")
        return result

    def close(self) -> None:
        """Close the file if this object opened it."""
        if self._owned:
            self._file.close()


def _poll_of(file: Any) -> select.poll | None:
    """A poll object for a pipe or socket; None for what never waits or has no descriptor."""
    try:
        descriptor = file.fileno()
        kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    except (AttributeError, OSError, ValueError):
        return None
    if kind not in (stat.S_IFIFO, stat.S_IFSOCK):
        return None
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return poll


class GzipSource:
    """The decompressed octets of one or several gzip members."""

    def __init__(self, raw: RawSource, ratio: int | None) -> None:
        self._raw = raw
        self._meter = RatioMeter(raw.name, ratio)
        self._inflate = zlib.decompressobj(31)
        self._pending = b""
        self._started = False  # inside a member
        self._rescue = False  # damage lies ahead: go octet by octet up to it
        self._piece = bytearray(_PIECE)

    def readinto(self, view: memoryview) -> int:
        """Decompress up to the length of `view`."""
        while True:
            ended = not self._pending and not self._refill()
            # At the end of the input zlib can still hold some output back.
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


class RatioMeter:
    """Counts octets in and out of a decompressor and refuses a ratio over the caller's cap."""

    def __init__(self, name: str, ratio: int | None) -> None:
        self.produced = 0
        self._consumed = 0
        self._name = name
        self._ratio = ratio

    def count(self, consumed: int = 0, produced: int = 0) -> None:
        """Add to the counts; FormatError past the cap."""
        self._consumed += consumed
        self.produced += produced
        if self._ratio is None or self.produced <= _RATIO_FREE:
            return
        if self.produced > self._ratio * self._consumed:
            raise FormatError(f"{self._name} expands more than {self._ratio} times", self.produced)


def open_source(where: Any, ratio: int | None = None) -> Source:
    """The decompressed octets of a path, of "-" (standard input) or of a binary file object."""
    raw = _open_raw(where)
    try:
        head = raw.peek(4)
        if head.startswith(GZIP_MAGIC):
            return GzipSource(raw, ratio)
        if is_zstd(head):
            from .zstd import ZstdSource

            return ZstdSource(raw, ratio)
    except BaseException:
        raw.close()
        raise
    return raw


def is_zstd(head: bytes) -> bool:
    """Whether a stream begins with a zstd frame or a skippable one."""
    number = int.from_bytes(head[:4], "little") if len(head) >= 4 else 0
    return number == 0xFD2FB528 or number & 0xFFFFFFF0 == 0x184D2A50


def _open_raw(where: Any) -> RawSource:
    if hasattr(where, "readinto") or hasattr(where, "read"):
        if isinstance(where, io.TextIOBase):
            raise ConfigError("a capture is read from a file opened in binary mode")
        return RawSource(where, str(getattr(where, "name", "the file object")), owned=False)
    if isinstance(where, str) and where == "-":
        return _standard_input()
    path = os.fspath(where)
    try:
        file = open(path, "rb", buffering=0)  # noqa: SIM115 closed by the Reader
    except (OSError, ValueError) as error:
        raise cannot("read", os.fsdecode(path), error) from error
    return RawSource(file, os.fsdecode(path), owned=True)


def _standard_input() -> RawSource:
    buffer = getattr(sys.stdin, "buffer", None)
    if buffer is None:
        raise ConfigError("there is no standard input")
    try:
        if buffer.isatty():
            raise ConfigError("the standard input is a terminal: no capture is read from there")
        if stat.S_ISDIR(os.fstat(buffer.fileno()).st_mode):
            raise ConfigError("cannot read the standard input: Is a directory")
    except (OSError, ValueError):
        pass  # no descriptor behind it
    return RawSource(buffer, "the standard input", owned=False)
