"""One record in use: a high-water mark that is on the disk before a PN below it is used."""

from __future__ import annotations

import os

from macsec.errors import ConfigError, CustodyError

from .folder import Folder
from .record import Nonces, Record


class PacketNumbers:
    """PNs of one key and SCI, for the process that created this object.

    `mark`: PNs from here on may not be used yet. An error while raising it is final, since the
    content of the disk is then unknown: the mark stays, and cannot be raised again.
    """

    def __init__(self, folder: Folder, of: Nonces, first: int, init: bool) -> None:
        """Lock and read the record. If there is none, `init` makes it, from PN `first` on."""
        self._folder, self._of = folder, of
        self._lock = -1
        self._owner = os.getpid()
        self._broken = False
        if not init and folder.read(of) is None:
            raise ConfigError(
                f"{folder.where(of)}: there is no such record, so PNs of this key may be used: "
                "take a new key, or --state-init for a key that was never used"
            )
        self._lock = folder.lock(of)
        try:
            found = folder.read(of)  # again: now no other process changes it
            if found is None:
                found = Record(of, first)
                folder.write(found)
        except BaseException:
            self.close()
            raise
        self.mark = max(found.next_pn, first)

    def reserve(self, mark: int) -> None:
        """Raise the mark. It stays if this raises MACsecError or CustodyError."""
        if self._broken or self._lock < 0:
            raise CustodyError(
                f"{self._folder.where(self._of)}: its PNs cannot be reserved any more"
            )
        if os.getpid() != self._owner:
            raise CustodyError("only the process that opened the state can reserve PNs")
        if mark > self.mark:
            self._write(mark)
            self.mark = mark

    def settle(self, next_pn: int) -> None:
        """Write the exact value at the end; no frame may be sent after this."""
        if self._broken or self._lock < 0 or os.getpid() != self._owner:
            return
        self._write(next_pn)
        self._broken = True

    def _write(self, next_pn: int) -> None:
        try:
            self._folder.write(Record(self._of, next_pn))
        except BaseException:
            self._broken = True
            raise

    def close(self) -> None:
        """Release the record for other processes."""
        if self._lock >= 0:
            self._folder.unlock(self._lock)
            self._lock = -1
