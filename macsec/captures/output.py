"""Output of octets: a file that appears whole or not at all, standard output, a file object."""

from __future__ import annotations

import contextlib
import os
import sys
import zlib
from typing import Any, Protocol, TypeAlias

from macsec.errors import ConfigError, MACsecError
from macsec.whole_file import WholeFile


class Sink(Protocol):
    """Destination of octets."""

    def write(self, octets: memoryview) -> None:
        """Write all octets."""

    def commit(self) -> None:
        """Finish: all was written, so make the result appear."""

    def discard(self) -> None:
        """Leave no trace; does nothing after `commit`."""


class OctetsWriter(Protocol):
    """A binary file object of a caller."""

    def write(self, octets: memoryview, /) -> int | None:
        """Write octets, all of them or as many as it returns."""


CaptureOutput: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes] | OctetsWriter
"""A capture to write: a path, "-" for standard output, or a binary file object."""


class ObjectSink:
    """File object of the caller, or standard output; flushed after each write, never closed."""

    def __init__(self, file: Any, name: str) -> None:
        self._file = file
        self.name = name

    def write(self, octets: memoryview) -> None:
        """Write all octets and flush."""
        try:
            while octets:
                count = self._file.write(octets)
                if count is None or count >= len(octets):
                    break
                octets = octets[count:]
            flush = getattr(self._file, "flush", None)
            if flush is not None:
                flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise MACsecError(f"cannot write {self.name}: {error.strerror or error}") from error
        except (TypeError, ValueError) as error:
            raise ConfigError(f"cannot write octets to {self.name}: {error}") from error

    def commit(self) -> None:
        """Do nothing: all octets are already out."""

    def discard(self) -> None:
        """Do nothing: written octets cannot be taken back."""


class PackedSink:
    """Compressor in front of another sink."""

    def __init__(self, sink: Sink, compressor: Any) -> None:
        self._sink = sink
        self._compressor = compressor
        self._open = True

    def write(self, octets: memoryview) -> None:
        """Compress the octets and write the result."""
        packed = self._compressor.compress(octets)
        if packed:
            self._sink.write(memoryview(packed))

    def commit(self) -> None:
        """Write the end of the compressed stream and commit."""
        if self._open:
            self._open = False
            self._sink.write(memoryview(self._compressor.flush()))
        self._sink.commit()

    def discard(self) -> None:
        """Leave no trace."""
        self._sink.discard()


def open_sink(where: CaptureOutput) -> tuple[Sink, str]:
    """Return a sink for a path, "-" (standard output) or a binary file object, and its name.

    The name comes without the ending of the compression.
    """
    if hasattr(where, "write"):
        return ObjectSink(where, str(getattr(where, "name", "the file object"))), ""
    if isinstance(where, str) and where == "-":
        return _standard_output(), ""
    try:
        name = os.fsdecode(where)
    except TypeError:
        raise ConfigError(
            f"a capture is a path or a file opened in binary mode, not {type(where).__name__}"
        ) from None
    if name.endswith(".gz"):
        return PackedSink(WholeFile(name), zlib.compressobj(6, zlib.DEFLATED, 31)), name[:-3]
    if name.endswith(".zst"):
        from .zstd import new_compressor

        compressor = new_compressor()
        return PackedSink(WholeFile(name), compressor), name[:-4]
    return WholeFile(name), name


def _standard_output() -> Sink:
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        raise ConfigError("there is no standard output")
    with contextlib.suppress(OSError, ValueError):
        if buffer.isatty():
            raise ConfigError("binary is never written to a terminal: name a file or use a pipe")
    return ObjectSink(buffer, "the standard output")
