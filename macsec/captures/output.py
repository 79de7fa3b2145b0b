"""Output of octets: a file that appears whole or not at all, standard output, a file object."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import sys
import zlib
from typing import Any, Protocol

from macsec.errors import ConfigError, MACsecError

from .raw_source import cannot

_NAME_MOST = 200  # octets of the target's name kept in the temporary one


class Sink(Protocol):
    """Destination of octets."""

    def write(self, octets: memoryview) -> None:
        """Write all octets."""

    def commit(self) -> None:
        """Finish: all was written, so make the result appear."""

    def discard(self) -> None:
        """Leave no trace; does nothing after `commit`."""


class FileSink:
    """A regular file: written beside the target, and renamed over it when whole.

    The temporary name is `.NAME.tmp-PID`. An existing target that is no regular file (a device, a
    FIFO) is written in place.
    """

    def __init__(self, path: str) -> None:
        self.name = path
        self._target = ""
        self._temporary = ""
        self._descriptor = -1
        if os.path.basename(path) in ("", ".", ".."):
            raise ConfigError(f"cannot write {path!r}: Is a directory" if path else "no file name")
        try:
            self._open()
        except (OSError, ValueError) as error:
            raise cannot("write", path, error) from error

    def _open(self) -> None:
        self._target = os.path.realpath(self.name)
        mode = None
        with contextlib.suppress(FileNotFoundError):
            mode = os.stat(self._target).st_mode
        if mode is not None and stat.S_ISDIR(mode):
            raise ValueError("Is a directory")
        if mode is not None and not stat.S_ISREG(mode):
            self._descriptor = os.open(self._target, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
            if os.isatty(self._descriptor):
                self.discard()
                raise ValueError("binary is never written to a terminal")
            return
        folder, name = os.path.split(self._target)
        kept = os.fsdecode(os.fsencode(name)[:_NAME_MOST])
        temporary = os.path.join(folder, f".{kept}.tmp-{os.getpid()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        for attempt in range(100):
            candidate = temporary + (f"-{attempt}" if attempt else "")
            try:
                self._descriptor = os.open(candidate, flags, 0o666)
            except FileExistsError:
                continue  # of a killed process with the same number, or of another Writer
            self._temporary = candidate
            if mode is not None:
                os.fchmod(self._descriptor, stat.S_IMODE(mode))
            return
        raise FileExistsError(17, f"{temporary} and 99 similar names exist")

    def write(self, octets: memoryview) -> None:
        """Write all octets."""
        try:
            write_all(self._descriptor, octets)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._failed(error) from error

    def commit(self) -> None:
        """Make the file durable and rename it over the target."""
        if self._descriptor < 0:
            return
        try:
            if self._temporary:
                os.fsync(self._descriptor)
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
            if self._temporary:
                os.rename(self._temporary, self._target)
                self._temporary = ""
                self._sync_folder()
        except OSError as error:
            raise self._failed(error) from error
        finally:
            self.discard()

    def _sync_folder(self) -> None:
        with contextlib.suppress(OSError):  # some file systems cannot
            folder = os.open(os.path.dirname(self._target), os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def discard(self) -> None:
        """Close and remove the temporary file."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            with contextlib.suppress(OSError):
                os.close(descriptor)
        if self._temporary:
            temporary, self._temporary = self._temporary, ""
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def _failed(self, error: OSError) -> MACsecError:
        return MACsecError(f"cannot write {self.name}: {error.strerror or error}")


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


def write_all(descriptor: int, octets: memoryview) -> None:
    """Write all octets, also after short writes and on a non-blocking descriptor."""
    while octets:
        try:
            octets = octets[os.write(descriptor, octets) :]
        except BlockingIOError:
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll()


def open_sink(where: Any) -> tuple[Sink, str]:
    """Return a sink for a path, "-" (standard output) or a binary file object, and its name.

    The name comes without the ending of the compression.
    """
    if hasattr(where, "write"):
        return ObjectSink(where, str(getattr(where, "name", "the file object"))), ""
    if isinstance(where, str) and where == "-":
        return _standard_output(), ""
    name = os.fsdecode(where)
    if name.endswith(".gz"):
        return PackedSink(FileSink(name), zlib.compressobj(6, zlib.DEFLATED, 31)), name[:-3]
    if name.endswith(".zst"):
        from .zstd import new_compressor

        compressor = new_compressor()
        return PackedSink(FileSink(name), compressor), name[:-4]
    return FileSink(name), name


def _standard_output() -> Sink:
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        raise ConfigError("there is no standard output")
    with contextlib.suppress(OSError, ValueError):
        if buffer.isatty():
            raise ConfigError("binary is never written to a terminal: name a file or use a pipe")
    return ObjectSink(buffer, "the standard output")
