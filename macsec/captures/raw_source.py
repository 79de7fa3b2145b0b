"""Octets from the operating system, and the limit on how far they may expand."""

from __future__ import annotations

import io
import os
import select
import stat
from collections.abc import Callable
from typing import IO, Any, TypeAlias

from macsec.errors import ConfigError, FormatError, MACsecError

PIECE = 256 * 1024
"""Octets read at a time."""

_RATIO_FREE = 1 << 20  # decompressed octets before the ratio counts


Wait: TypeAlias = Callable[[int], bool]
"""Waits until a pipe can be read, given its descriptor, -1 for a file; False ends the stream."""


class RawSource:
    """Octets from the operating system or from a file object."""

    def __init__(
        self, file: IO[bytes], name: str, *, owned: bool, wait: Wait | None = None
    ) -> None:
        self.name = name
        self._wait = wait
        self._file: Any = file
        self._owned = owned
        self._head = b""
        self._buffered: io.BufferedReader | None = None
        if isinstance(file, io.BufferedReader):
            # Its readinto1 waits for the pipe even if octets are buffered. So the buffer is
            # emptied once, and then the raw file below is read.
            self._buffered, file = file, file.raw
        self._read = getattr(file, "readinto1", None) or getattr(file, "readinto", None)
        self._poll = _poll_of(file)
        self._descriptor = -1 if self._poll is None else file.fileno()

    def peek(self, size: int) -> bytes:
        """Return the first octets and keep them; fewer only if the stream is shorter."""
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
        """Fill `view` with the octets at hand; on a pipe, as long as more come without waiting."""
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
        if self._ended():
            return 0
        if self._read is not None:
            return int(self._guard(self._read, view))
        octets = self._guard(self._file.read, len(view))
        view[: len(octets)] = octets
        return len(octets)

    def _drain(self, buffered: io.BufferedReader) -> None:
        self._head = b"" if self._ended() else self._guard(buffered.read1, PIECE)
        if len(self._head) < PIECE:
            self._buffered = None

    def _ended(self) -> bool:
        return self._wait is not None and not self._wait(self._descriptor)

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
    """Return a poll object for a pipe or socket; None for a file that never waits."""
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


class RatioMeter:
    """Counter of octets in and out of a decompressor, with a limit on their ratio."""

    def __init__(self, name: str, ratio: int | None) -> None:
        self.produced = 0
        self._consumed = 0
        self._name = name
        self._ratio = ratio

    def count(self, consumed: int = 0, produced: int = 0) -> None:
        """Add to the counts. Raises FormatError over the limit."""
        self._consumed += consumed
        self.produced += produced
        if self._ratio is None or self.produced <= _RATIO_FREE:
            return
        if self.produced > self._ratio * self._consumed:
            raise FormatError(f"{self._name} expands more than {self._ratio} times", self.produced)
