"""Locks of this machine: at most one process sends under a key and SCI, with records or without.

Each lock is a file of a private folder, locked while its process lives (flock), so the file that a
killed process left blocks no other. Names hold check values of keys, which reveal nothing of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from macsec.errors import MACsecError
from macsec.suites import CipherSuite

LOG = logging.getLogger("macsec")

ENDING = ".lock"
_OTHERS_WRITE = 0o022
_SAFELY = os.O_CLOEXEC | os.O_NOFOLLOW
_ROUNDS = 100
"""Attempts to open a lock file that other processes remove meanwhile."""


def nonce_names(check_value: str, sci: str, suite: CipherSuite, iv: bytes) -> set[str]:
    """Return the names of the locks of a transmit SA: its key with its SCI, and with its nonces.

    `iv` is the IV with a PN of zero. The PN leaves its first 4 octets as they are under XPN, else
    its first 8, which are the SCI: SAs of one key that share these share nonces.
    """
    fixed = iv[: 4 if suite.xpn else 8].hex()
    return {f"{check_value}-{sci}", f"{check_value}-{fixed}"}


def member_name(ckn: bytes, sci: int) -> str:
    """Return the name of the lock of a member of a CA: two with one SCI get the same SAKs."""
    return f"ckn-{hashlib.sha256(ckn).hexdigest()[:16]}-{sci:016x}"


class InUse:
    """The locks that this process holds in `folder`, until `close`.

    A folder that cannot be used gives a warning: a second process is then not noticed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owner = os.getpid()
        self._locks: dict[str, int] = {}
        self._file = -1
        try:
            self._file = _private(folder)
        except OSError as error:
            reason = error.strerror or str(error)
            LOG.warning(
                "%s: cannot keep locks there (%s): a second process under the same key and SCI "
                "would repeat nonces unnoticed",
                folder,
                reason,
            )

    def take(self, names: Iterable[str], what: str) -> None:
        """Take some locks; `what` describes them. Raises MACsecError if another process has one."""
        for name in sorted(names):
            if self._file >= 0 and name not in self._locks:
                self._locks[name] = self._lock(f"{name}{ENDING}", what)

    def _lock(self, name: str, what: str) -> int:
        for _ in range(_ROUNDS):
            file = os.open(name, os.O_RDWR | os.O_CREAT | _SAFELY, 0o600, dir_fd=self._file)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._names(name, file):
                    os.ftruncate(file, 0)
                    os.write(file, b"%d\n" % os.getpid())
                    return file
            except BlockingIOError:
                holder = os.read(file, 32).decode("ascii", "replace").strip()
                os.close(file)
                pid = f" (pid {holder})" if holder.isdecimal() else ""
                raise MACsecError(
                    f"another process{pid} uses {what}: both would send the same nonces. End it, "
                    "or take another key"
                ) from None
            except BaseException:
                os.close(file)
                raise
            os.close(file)
        raise MACsecError(f"{self._folder}/{name}: cannot lock it: other processes remove it")

    def _names(self, name: str, file: int) -> bool:
        """Return whether a name still is that of an open file: its holder may have removed it."""
        try:
            found = os.stat(name, dir_fd=self._file, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return found.st_ino == os.fstat(file).st_ino

    def close(self) -> None:
        """Release all locks and remove their files."""
        for name, file in self._locks.items():
            if os.getpid() == self._owner:
                with contextlib.suppress(OSError):
                    os.unlink(f"{name}{ENDING}", dir_fd=self._file)
            os.close(file)
        self._locks.clear()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _private(folder: Path) -> int:
    """Open a folder that only its owner, this user, can change; make it if it is missing."""
    for each in (*reversed(folder.parents), folder):
        with contextlib.suppress(FileExistsError):
            os.mkdir(each, 0o700)
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _SAFELY)
    found = os.fstat(file)
    if found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & _OTHERS_WRITE:
        return file
    os.close(file)
    raise PermissionError("it belongs to another user, or others can write to it")
