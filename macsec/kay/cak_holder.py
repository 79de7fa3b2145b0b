"""Who holds a CAK: the KaY asks for what is made with it, and never sees it (IEEE 802.1X 9.3).

A holder may be memory, as below, or a token that the key does not leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from macsec.errors import ConfigError
from macsec.keys import Key, Uncopyable

from . import derivation


class CakHolder(Protocol):
    """One CAK and its name. Nothing here raises for what came off a wire."""

    @property
    def ckn(self) -> bytes:
        """The CAK's name: 1 to 32 octets."""

    @property
    def cak_length(self) -> int:
        """Octets of the CAK: 16 or 32."""

    def icv(self, octets: bytes) -> bytes:
        """The 16 octets of ICV of an MKPDU: over all before them, from the DA on (9.4.1)."""

    def icv_valid(self, octets: bytes, given: bytes) -> bool:
        """Whether `given` is that ICV, compared in constant time."""

    def wrap(self, sak: Key) -> bytes:
        """A SAK as an MKPDU carries it: 8 octets longer (9.8)."""

    def unwrap(self, wrapped: bytes) -> Key | None:
        """The SAK in `wrapped`; None where this CAK's KEK did not wrap it."""

    def sak(self, nonce: bytes, members: Sequence[bytes], kn: int, length: int) -> Key:
        """A new SAK of `length` octets from a nonce as long, the live MIs and the KN (9.8.1)."""


class MemoryHolder(Uncopyable):
    """A CAK in memory, with the KEK and ICK made of it. Raises ConfigError for wrong lengths."""

    __slots__ = ("_cak", "_ick", "_kek", "cak_length", "ckn")

    def __init__(self, cak: Key, ckn: bytes) -> None:
        if len(cak) not in derivation.KEY_LENGTHS:
            raise ConfigError(f"a CAK has 16 or 32 octets, {len(cak)} given: it is never filled up")
        self.ckn = bytes(ckn)
        self.cak_length = len(cak)
        self._cak = cak
        self._ick = derivation.ick_from_cak(cak, self.ckn)
        self._kek = derivation.kek_from_cak(cak, self.ckn)

    def icv(self, octets: bytes) -> bytes:
        """See `CakHolder`."""
        return derivation.icv(self._ick, octets)

    def icv_valid(self, octets: bytes, given: bytes) -> bool:
        """See `CakHolder`."""
        return derivation.icv_valid(self._ick, octets, given)

    def wrap(self, sak: Key) -> bytes:
        """See `CakHolder`."""
        return derivation.wrap(self._kek, sak)

    def unwrap(self, wrapped: bytes) -> Key | None:
        """See `CakHolder`."""
        return derivation.unwrap(self._kek, wrapped)

    def sak(self, nonce: bytes, members: Sequence[bytes], kn: int, length: int) -> Key:
        """See `CakHolder`."""
        return derivation.sak_from_cak(self._cak, nonce, members, kn, length)

    def wipe(self) -> None:
        """Overwrite the keys; the holder is of no use after this."""
        for key in (self._cak, self._ick, self._kek):
            key.wipe()

    def __repr__(self) -> str:
        return f"<MemoryHolder of CKN {self.ckn.hex()}>"
