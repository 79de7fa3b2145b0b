"""Holders of a CAK: they compute with it, and the KaY never sees it (IEEE 802.1X 9.3).

A holder may be memory, as below, or a token that the key does not leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from macsec.errors import ConfigError
from macsec.kay.keys import derivation
from macsec.keys import Key, Uncopyable, WrongKind, only_key


class CakHolder(Protocol):
    """One CAK and its name. No method raises for octets that came from the wire."""

    @property
    def ckn(self) -> bytes:
        """The CAK's name: 1 to 32 octets."""

    @property
    def cak_length(self) -> int:
        """Octets of the CAK: 16 or 32."""

    def icv(self, octets: bytes) -> bytes:
        """Return the ICV of an MKPDU, 16 octets: over all before it, from the DA on (9.4.1)."""

    def icv_valid(self, octets: bytes, given: bytes) -> bool:
        """Return whether `given` is that ICV, compared in constant time."""

    def wrap(self, sak: Key) -> bytes:
        """Return a SAK as an MKPDU carries it: 8 octets longer (9.8)."""

    def unwrap(self, wrapped: bytes) -> Key | None:
        """Return the SAK in `wrapped`; None if the KEK of this CAK did not wrap it."""

    def sak(self, nonce: bytes, members: Sequence[bytes], kn: int, length: int) -> Key:
        """Derive a SAK of `length` octets from a nonce as long, the live MIs and the KN (9.8.1)."""


class MemoryHolder(Uncopyable):
    """A CAK in memory, with the KEK and ICK made of it. Raises ConfigError for wrong lengths.

    >>> from macsec.kay import MemoryHolder
    >>> from macsec.keys import Key
    >>> holder = MemoryHolder(Key(bytes(16)), bytes.fromhex("11223344"))
    >>> holder.ckn.hex(), len(holder.icv(b"an MKPDU"))
    ('11223344', 16)

    See also: `ChainKey`, `seal` (802.1X 9.3, 9.4).
    """

    __slots__ = ("_cak", "_ick", "_kek", "cak_length", "ckn")

    def __init__(self, cak: Key, ckn: bytes) -> None:
        cak = only_key(cak)
        if isinstance(cak, WrongKind):
            raise ConfigError(f"expected a Key as CAK, not {cak}: macsec.Key(octets)")
        if len(cak) not in derivation.KEY_LENGTHS:
            raise ConfigError(f"a CAK has 16 or 32 octets, {len(cak)} given: it is never padded")
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

    @property
    def ick(self) -> Key:
        """The ICK, for a borrower of hellos."""
        return self._ick

    def wipe(self) -> None:
        """Overwrite the keys; the holder is unusable after this."""
        for key in (self._cak, self._ick, self._kek):
            key.wipe()

    def __repr__(self) -> str:
        return f"<MemoryHolder of CKN {self.ckn.hex()}>"
