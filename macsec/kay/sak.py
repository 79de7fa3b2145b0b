"""A SAK as the CP machine and the SecY's orders know it (IEEE 802.1X 9.8, 9.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from macsec.keys import Key, Uncopyable
from macsec.suites import CipherSuite

from . import derivation

OFFSETS = {0: None, 1: 0, 2: 30, 3: 50}
"""The confidentiality offset's code in an MKPDU; code 0 is integrity alone (11.11.3)."""


class KI(NamedTuple):
    """Key Identifier: the Key Server's MI and its Key Number (9.8)."""

    mi: bytes
    kn: int

    def __str__(self) -> str:
        return f"{self.mi.hex()}/{self.kn}"


class Protection(NamedTuple):
    """How a SAK is to be used: the suite, whether it encrypts, from which octet on."""

    suite: CipherSuite
    code: int

    @property
    def encrypts(self) -> bool:
        """Whether there is confidentiality at all."""
        return OFFSETS[self.code] is not None

    @property
    def offset(self) -> int:
        """The confidentiality offset in octets; 0 where nothing is encrypted."""
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
        """The SSCI of a member under an XPN suite."""
        return self.sscis[sci] if self.protection.suite.xpn else None


def ranked(scis: set[int]) -> dict[int, int]:
    """SSCIs by rank: the numerically greatest SCI has SSCI 1 (802.1AE 10.7.13)."""
    return {sci: rank for rank, sci in enumerate(sorted(scis, reverse=True), 1)}
