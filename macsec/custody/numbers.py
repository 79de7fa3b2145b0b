"""One record in use: a high-water mark, on the disk before a PN below it is used."""

from __future__ import annotations

import os

from macsec.custody.folder import Folder
from macsec.custody.record import Nonces, Record
from macsec.errors import ConfigError, CustodyError


class PacketNumbers:
    """The PNs of one key and SCI, for one process: that which made this.

    `mark`: PNs from here on may not be used yet. A fault while it is raised is final, since what
    the disk then holds is unknown: the mark stays, and is not raised again.
    """

    def __init__(self, folder: Folder, of: Nonces, first: int, init: bool) -> None:
        """Take the record. Without one, `init` makes it, to begin at PN `first`."""
        self._folder, self._of = folder, of
        self._lock = -1
        self._owner = os.getpid()
        self._broken = False
        if not init and folder.read(of) is None:
            raise ConfigError(
                f"{folder.where(of)}: there is no such record, so PNs of this key may be used: "
                "take a new key, or --state-init for one that never was"
            )
        self._lock = folder.lock(of)
        try:
            found = folder.read(of)  # once more: now nobody changes it
            if found is None:
                found = Record(of, first)
                folder.write(found)
        except BaseException:
            self.close()
            raise
        self.mark = max(found.next_pn, first)

    def reserve(self, mark: int) -> None:
        """Raise the mark. Raises MACsecError or CustodyError; then it stays."""
        if self._broken or self._lock < 0:
            raise CustodyError(f"{self._folder.where(self._of)}: its PNs can be reserved no more")
        if os.getpid() != self._owner:
            raise CustodyError("PNs can be reserved by the process alone that opened their state")
        if mark > self.mark:
            self._write(mark)
            self.mark = mark

    def settle(self, next_pn: int) -> None:
        """Write the exact value at the end; nothing may be sent after this."""
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
        """Let another process have the record."""
        if self._lock >= 0:
            self._folder.unlock(self._lock)
            self._lock = -1
