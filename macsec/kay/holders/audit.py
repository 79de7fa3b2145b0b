"""Audit log: one line for each use of a CAK, with time, process, CAK, operation; no secret."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from macsec.errors import ConfigError, MACsecError
from macsec.kay.keys.cak_holder import CakHolder
from macsec.keys import Key, Uncopyable

T = TypeVar("T")


class AuditLog:
    """File of JSON lines that only grows, for its owner only.

    `clock()`: nanoseconds since 1970. `who`: the process that uses the keys. A use that cannot be
    written does not happen: `write` raises MACsecError. The file is opened for each line, so it
    can be moved away.
    """

    def __init__(self, path: str | Path, clock: Callable[[], int], who: str) -> None:
        self._path, self._clock, self._who = Path(path), clock, who
        try:
            os.close(self._open())
        except OSError as error:
            raise ConfigError(f"{path}: cannot open the audit log: {error.strerror}") from None

    def write(self, ckn: bytes, operation: str, result: str = "ok") -> None:
        """Append one use."""
        line = {
            "time_ns": str(self._clock()),
            "who": self._who,
            "ckn": ckn.hex(),
            "operation": operation,
            "result": result,
        }
        octets = (json.dumps(line) + "\n").encode()
        try:
            descriptor = self._open()
            try:
                # One write for a line, so that lines of several processes do not mix.
                written = os.write(descriptor, octets)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise MACsecError(f"{self._path}: cannot write it: {error.strerror}") from None
        if written < len(octets):
            raise MACsecError(f"{self._path}: cannot write it: no space")

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(self._path, flags, 0o600)


class AuditedHolder(Uncopyable):
    """A holder that logs each use before it returns the result."""

    __slots__ = ("_holder", "_log", "cak_length", "ckn")

    def __init__(self, holder: CakHolder, log: AuditLog) -> None:
        self._holder, self._log = holder, log
        self.ckn, self.cak_length = holder.ckn, holder.cak_length
        log.write(self.ckn, "derive-kek-ick")  # every holder did so when it was made

    def icv(self, octets: bytes) -> bytes:
        """See `CakHolder`."""
        return self._logged("icv", lambda: self._holder.icv(octets))

    def icv_valid(self, octets: bytes, given: bytes) -> bool:
        """See `CakHolder`."""
        return self._logged("icv-check", lambda: self._holder.icv_valid(octets, given))

    def wrap(self, sak: Key) -> bytes:
        """See `CakHolder`."""
        return self._logged("wrap", lambda: self._holder.wrap(sak))

    def unwrap(self, wrapped: bytes) -> Key | None:
        """See `CakHolder`."""
        return self._logged("unwrap", lambda: self._holder.unwrap(wrapped))

    def sak(self, nonce: bytes, members: Sequence[bytes], kn: int, length: int) -> Key:
        """See `CakHolder`."""
        return self._logged("derive-sak", lambda: self._holder.sak(nonce, members, kn, length))

    def _logged(self, operation: str, use: Callable[[], T]) -> T:
        try:
            result = use()
        except MACsecError:
            self._log.write(self.ckn, operation, "failed")
            raise
        good = result is not None and result is not False
        self._log.write(self.ckn, operation, "ok" if good else "refused")
        return result

    def __repr__(self) -> str:
        return f"<Audited {self._holder!r}>"
