"""CAKs that the service makes and rotates: the chain always reaches one lifetime ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from macsec.errors import ConfigError
from macsec.kay.keys import derivation
from macsec.keys import Key

from .store import Random, StoredCak

CKN_LENGTH = 16
"""The octets of a CKN that enter KEK and ICK (9.3.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Schedule of generated CAKs. Times in nanoseconds.

    Each is used for `lifetime_ns`; the next starts `overlap_ns` before it ends, so that traffic
    moves while both ends have both. Raises ConfigError.
    """

    lifetime_ns: int
    overlap_ns: int
    cak_length: int = 32

    def __post_init__(self) -> None:
        if not 0 < self.overlap_ns < self.lifetime_ns:
            raise ConfigError("keys must overlap, and by less than their lifetime")
        if self.cak_length not in derivation.KEY_LENGTHS:
            raise ConfigError(f"a CAK has 16 or 32 octets, not {self.cak_length}")

    def extend(self, chain: Sequence[StoredCak], now_ns: int, random: Random) -> list[StoredCak]:
        """Return the chain without ended keys, and with the keys that start within one lifetime.

        The first starts now; after a time without rotation there is a gap that no key can fill.
        """
        kept = [cak for cak in chain if cak.end_ns is None or cak.end_ns > now_ns]
        if any(cak.end_ns is None for cak in kept):
            return kept
        start_ns = max((self._next(cak) for cak in kept), default=now_ns)
        while start_ns <= now_ns + self.lifetime_ns:
            kept.append(self.make(max(start_ns, now_ns), random))
            start_ns = self._next(kept[-1])
        return kept

    def make(self, start_ns: int, random: Random) -> StoredCak:
        """Make one CAK under a new name."""
        ckn, cak = random(CKN_LENGTH), Key(random(self.cak_length))
        return StoredCak(ckn, cak, start_ns, start_ns + self.lifetime_ns)

    def _next(self, cak: StoredCak) -> int:
        return (cak.end_ns or 0) - self.overlap_ns
