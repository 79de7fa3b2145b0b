"""The one way to write a file: beside its target, to the disk, then renamed over the target.

So a file appears whole or not at all. Until then the old one stays, after any failure.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import select
import stat
from typing import Self

from .errors import ConfigError, MACsecError, cannot

_NAME_MOST = 200  # octets of the target's name kept in the temporary one
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class WholeFile:
    """A file in the making; it has its name after `commit`, and is gone after `discard`.

    The temporary name is `.NAME.tmp-PID`, or the next free one like it.

    `mode`: None leaves it to the file that is replaced, or to the umask. Then a symbolic link is
    followed, and a device or FIFO is written in place. With a mode, as for secrets, the name itself
    is replaced, a link or a device too. `new`: the name must be free.

    Raises ConfigError if the file cannot be created, MACsecError if it cannot be written.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, mode: int | None = None, new: bool = False
    ) -> None:
        self.name = os.fsdecode(path)
        self._mode, self._new = mode, new
        self._target = self._temporary = ""
        self._descriptor = -1
        if not self.name:
            raise ConfigError("no file name")
        if self.name == "-":
            raise ConfigError("-: expected a file: this is not written to stdout")
        try:
            self._open()
        except (OSError, ValueError) as error:
            raise self._refused(error) from error

    def _open(self) -> None:
        if os.path.basename(self.name) in ("", ".", ".."):
            raise ValueError("Is a directory")
        folder, name = os.path.split(self.name)
        self._target = os.path.join(os.path.realpath(folder), name)
        if self._mode is None:
            self._target = os.path.realpath(self.name)
        if self._new and os.path.lexists(self._target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        there = None
        with contextlib.suppress(FileNotFoundError):
            there = os.lstat(self._target).st_mode
        if there is not None and stat.S_ISDIR(there):
            raise ValueError("Is a directory")
        if there is None or stat.S_ISREG(there) or self._mode is not None:
            self._open_beside(there)
        else:
            self._open_in_place()

    def _open_in_place(self) -> None:
        self._descriptor = os.open(self._target, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
        if os.isatty(self._descriptor):
            self.discard()
            raise ValueError("binary is never written to a terminal")

    def _open_beside(self, there: int | None) -> None:
        folder, name = os.path.split(self._target)
        kept = os.fsdecode(os.fsencode(name)[:_NAME_MOST])
        first = os.path.join(folder, f".{kept}.tmp-{os.getpid()}")
        for attempt in itertools.count():
            # A name is taken by a killed process of the same number, or by another WholeFile.
            candidate = first + (f"-{attempt}" if attempt else "")
            with contextlib.suppress(FileExistsError):
                self._descriptor = os.open(candidate, _FLAGS, self._mode or 0o666)
                break
        self._temporary = candidate
        mode = self._mode if self._mode is not None or there is None else stat.S_IMODE(there)
        if mode is not None:
            os.fchmod(self._descriptor, mode)

    def write(self, octets: bytes | memoryview) -> None:
        """Write all octets."""
        try:
            write_all(self._descriptor, memoryview(octets))
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._failed(error) from error

    def commit(self) -> None:
        """Make the file durable and give it its name."""
        if self._descriptor < 0:
            return
        try:
            if self._temporary:
                os.fsync(self._descriptor)
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
            if self._temporary:
                self._appear()
                self._sync_folder()
        except FileExistsError as error:
            raise self._refused(error) from error
        except OSError as error:
            raise self._failed(error) from error
        finally:
            self.discard()

    def _appear(self) -> None:
        if self._new:
            os.link(self._temporary, self._target)  # unlike a rename, fails where the name is taken
        else:
            os.rename(self._temporary, self._target)
            self._temporary = ""

    def _sync_folder(self) -> None:
        with contextlib.suppress(OSError):  # some file systems cannot
            folder = os.open(os.path.dirname(self._target), os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def discard(self) -> None:
        """Close and remove the temporary file; nothing is left to do after `commit`."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            with contextlib.suppress(OSError):
                os.close(descriptor)
        if self._temporary:
            temporary, self._temporary = self._temporary, ""
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def _refused(self, error: OSError | ValueError) -> MACsecError:
        if isinstance(error, FileExistsError):
            return ConfigError(f"{self.name}: exists; a file with keys is never overwritten")
        return cannot("write", self.name, error)

    def _failed(self, error: OSError) -> MACsecError:
        return MACsecError(f"cannot write {self.name}: {error.strerror or error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.commit()
        else:
            self.discard()


def write_whole(
    path: str | os.PathLike[str],
    contents: str | bytes,
    *,
    mode: int | None = None,
    new: bool = False,
) -> None:
    """Write a file in one go, text as UTF-8; see `WholeFile`."""
    with WholeFile(path, mode=mode, new=new) as file:
        file.write(contents.encode() if isinstance(contents, str) else contents)


def refuse_unwritable(path: str | None) -> None:
    """Raise as `WholeFile` does if a file cannot be made; None, a device and a FIFO pass."""
    if path is None:
        return
    if os.path.isfile(path) or os.path.isdir(path) or not os.path.exists(path):
        WholeFile(path).discard()


def make_folder(path: str | os.PathLike[str], mode: int = 0o777) -> None:
    """Make a folder for files to write, with those above it, unless it is there.

    Raises as `WholeFile` does.
    """
    if os.fsdecode(path) == "-":
        raise ConfigError("-: expected a folder")
    try:
        os.makedirs(path, mode, exist_ok=True)
    except (OSError, ValueError) as error:
        raise cannot("write", os.fsdecode(path), error) from error


def write_all(descriptor: int, octets: memoryview) -> None:
    """Write all octets, also after short writes and on a non-blocking descriptor."""
    while octets:
        try:
            octets = octets[os.write(descriptor, octets) :]
        except BlockingIOError:
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll()
