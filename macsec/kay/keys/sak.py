"""A SAK as the CP machine and the actions for the SecY use it (IEEE 802.1X 9.8, 9.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from macsec.kay.keys import derivation
from macsec.keys import Key, Uncopyable
from macsec.suites import CipherSuite

OFFSETS = {0: None, 1: 0, 2: 30, 3: 50}
"""Code of the confidentiality offset in an MKPDU; code 0 is integrity only (11.11.3)."""


class KI(NamedTuple):
    """Key Identifier: the Key Server's MI and its Key Number (9.8)."""

    mi: bytes
    kn: int

    def __str__(self) -> str:
        return f"{self.mi.hex()}/{self.kn}"


class Protection(NamedTuple):
    """The use of a SAK: the suite, and the code of the confidentiality offset."""

    suite: CipherSuite
    code: int

    @property
    def encrypts(self) -> bool:
        """True if frames are encrypted."""
        return OFFSETS[self.code] is not None

    @property
    def offset(self) -> int:
        """The confidentiality offset in octets; 0 also without encryption."""
        return OFFSETS[self.code] or 0


@dataclass(frozen=True, slots=True, eq=False)
class Sak(Uncopyable):
    """A distributed SAK. `sscis`: the SCI of each member, with its SSCI (0 without XPN)."""

    ki: KI
    an: int
    key: Key
    protection: Protection
    sscis: Mapping[int, int]

    @property
    def salt(self) -> bytes | None:
        """The Salt under an XPN suite (802.1AE 10.7.28)."""
        return derivation.salt(*self.ki) if self.protection.suite.xpn else None

    def ssci(self, sci: int) -> int | None:
        """Return the SSCI of a member under an XPN suite, else None."""
        return self.sscis[sci] if self.protection.suite.xpn else None


def ranked(scis: set[int]) -> dict[int, int]:
    """Return SSCIs by rank: the numerically greatest SCI has SSCI 1 (802.1AE 10.7.13)."""
    return {sci: rank for rank, sci in enumerate(sorted(scis, reverse=True), 1)}
