"""Folder of records, each with a lock file (D-27): written whole, checked when read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from macsec.errors import ConfigError, MACsecError

from .record import SIZE_LIMIT, Nonces, PNRecord
from .system import System

ENDING = ".pn"
_SAFELY = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_OTHERS_WRITE = 0o022
_OTHERS = 0o077


class Folder:
    """An open folder. Raises ConfigError if it is missing, not ours, or writable by others.

    `create`: make it if it is missing, for its owner only.
    """

    def __init__(self, path: Path, create: bool = False, system: System | None = None) -> None:
        self.path = path
        self._os = system or System()
        if create:
            self._create()
        try:
            self._file = self._os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise ConfigError(
                f"{path}: there is no such folder: --state-init makes it, for a key never used"
            ) from None
        except OSError as error:
            raise ConfigError(f"{path}: cannot open it: {error.strerror}") from None
        try:
            self._check_owner(self._os.fstat(self._file), str(path), _OTHERS_WRITE)
        except BaseException:
            self.close()
            raise

    def _create(self) -> None:
        try:
            self._os.mkdir(self.path, 0o700)
        except FileExistsError:
            return
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot make it: {error.strerror}") from None
        with self._reported(str(self.path), "make"):
            above = self._os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self._os.fsync(above)
            finally:
                self._shut(above)

    def close(self) -> None:
        """Close the folder."""
        if self._file >= 0:
            self._shut(self._file)
            self._file = -1

    # ---------------------------------------------------------------- locks

    def lock(self, of: Nonces) -> int:
        """Lock a record. Raises MACsecError if another process has the lock."""
        name = f".{of.name}.lock"
        where = f"{self.path}/{name}"
        with self._reported(where, "open"):
            file = self._open(name, os.O_RDWR | os.O_CREAT)
        try:
            self._check_file(file, where)
            self._os.lock(file)
        except OSError as error:
            self._shut(file)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise MACsecError(f"{where}: cannot lock it: {error.strerror}") from None
            raise MACsecError(
                f"{self.path}/{of.name}{ENDING}: another process uses this key and SCI"
            ) from None
        except BaseException:
            self._shut(file)
            raise
        return file

    def unlock(self, file: int) -> None:
        """Release a lock. In the child of a fork this only closes: the parent keeps the lock."""
        self._shut(file)

    # ---------------------------------------------------------------- records

    def where(self, of: Nonces) -> str:
        """Return the path of a record, for a message."""
        return f"{self.path}/{of.name}{ENDING}"

    def read(self, of: Nonces) -> PNRecord | None:
        """Return the record of these nonces, None if there is none.

        Raises ConfigError if it is damaged or belongs to another key or SCI, and if another record
        of the same key could have used the same nonces.
        """
        try:
            names = sorted(self._os.listdir(self._file))
        except OSError as error:
            raise MACsecError(f"{self.path}: cannot read it: {error.strerror}") from None
        own = None
        for name in names:
            if not name.startswith(f"{of.key}-") or not name.endswith(ENDING):
                continue
            record = self._record(name)
            where = f"{self.path}/{name}"
            if name == of.name + ENDING:
                own = record
                if record.nonces != of:
                    self._foreign(where, of, record.nonces)
            elif record.nonces.name + ENDING != name:
                raise ConfigError(f"{where}: was made for another key or SCI")
            elif record.nonces.meets(of):
                raise ConfigError(
                    f"{where}: SCI {record.nonces.sci} used the nonces of SCI {of.sci} under this "
                    "key: take a new key"
                )
        return own

    @staticmethod
    def _foreign(where: str, of: Nonces, found: Nonces) -> NoReturn:
        if found.name != of.name:
            raise ConfigError(f"{where}: was made for another key or SCI")
        what = f"under {found.cipher}" if found.cipher != of.cipher else "with another SSCI or salt"
        raise ConfigError(f"{where}: this key was used {what}: take a new key")

    def _record(self, name: str) -> PNRecord:
        where = f"{self.path}/{name}"
        try:
            file = self._open(name, os.O_RDONLY)
        except OSError as error:
            raise ConfigError(f"{where}: cannot open it: {error.strerror}") from None
        try:
            self._check_file(file, where)
            octets = b""
            while len(octets) < SIZE_LIMIT and (piece := self._os.read(file, SIZE_LIMIT)):
                octets += piece
            return PNRecord.decode(octets)
        except OSError as error:
            raise MACsecError(f"{where}: cannot read it: {error.strerror}") from None
        except ValueError as error:
            raise ConfigError(f"{where}: {error}. PNs may be used: take a new key") from None
        finally:
            self._shut(file)

    def write(self, record: PNRecord) -> None:
        """Replace a record; it is on the disk when this returns.

        The caller holds its lock, so a half-written file of an earlier process is removed. If this
        raises MACsecError, either the old or the new record is there, whole.
        """
        name = record.nonces.name
        half = f".{name}.new"
        with self._reported(self.where(record.nonces), "write"):
            self._unlink(half)
            file = self._open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            try:
                rest = record.encode()
                while rest:
                    rest = rest[self._os.write(file, rest) :]
                self._os.fsync(file)
            finally:
                self._os.close(file)
            self._os.rename(half, name + ENDING, src_dir_fd=self._file, dst_dir_fd=self._file)
            self._os.fsync(self._file)

    # ---------------------------------------------------------------- files

    def _open(self, name: str, flags: int) -> int:
        return self._os.open(name, flags | _SAFELY, 0o600, dir_fd=self._file)

    def _shut(self, file: int) -> None:
        """Close a file that was not written to; after an error the descriptor is closed too."""
        with suppress(OSError):
            self._os.close(file)

    def _unlink(self, name: str) -> None:
        try:
            self._os.unlink(name, dir_fd=self._file)
        except FileNotFoundError:
            return

    def _check_file(self, file: int, where: str) -> None:
        found = self._os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError(f"{where}: not a regular file")
        self._check_owner(found, where, _OTHERS)

    @staticmethod
    def _check_owner(found: Any, where: str, forbidden: int) -> None:
        if found.st_uid != os.geteuid():
            raise ConfigError(
                f"{where}: belongs to another user: chown it, or take another --state"
            )
        if found.st_mode & forbidden:
            raise ConfigError(f"{where}: others have access to it: chmod go-rwx")

    @staticmethod
    @contextmanager
    def _reported(where: str, what: str) -> Iterator[None]:
        """Turn a system error into one line."""
        try:
            yield
        except OSError as error:
            raise MACsecError(
                f"{where}: cannot {what} it: {error.strerror}; no PN was used that is not recorded"
            ) from None
