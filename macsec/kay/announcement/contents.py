"""The contents of an announcement: TLVs 111 to 114 (IEEE 802.1X 11.12), to data and back.

TLVs before the first NID hold for every network; those behind a NID for that network alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from macsec.kay.mkpdu.parameter_sets import SUITE_BY_IDENTIFIER, TLV
from macsec.kay.policy import NAME_LIMITS, KayPolicy, capability_for
from macsec.suites import CipherSuite

ACCESS_INFORMATION = 111
CIPHER_SUITES = 112
KMD = 113
NID = 114

_SUITE_LENGTH = 10
_MKA, _MKA_MACSEC = 1 << 3, 1 << 4


class SuiteAbility(NamedTuple):
    """A Cipher Suite that a station has, and its MACsec Capability with it, 0 to 3 (11.11.3)."""

    suite: CipherSuite
    capability: int


class Access(NamedTuple):
    """Access Information (11.12.2): `capabilities` has a bit for each kind of access, 8 bits.

    `status`: the octet before, kept as received: our own is 0.
    """

    capabilities: int
    status: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """Announcement of a station. `suites` is None without a TLV, and `access` likewise."""

    suites: tuple[SuiteAbility, ...] | None = None
    access: Access | None = None
    kmd: str = ""
    nids: tuple[str, ...] = ()

    def ability(self, suite: CipherSuite) -> int:
        """Return the MACsec Capability with a suite, 0 if it was not announced."""
        return next((each.capability for each in self.suites or () if each.suite is suite), 0)


def own(policy: KayPolicy) -> Announced:
    """Return what a KaY with this policy announces: the preferred suites first.

    With MACsec Capability 0 there are no suites, and so no TLV.
    """
    preferred = [*policy.ciphers, *(each for each in policy.suites if each not in policy.ciphers)]
    suites = tuple(
        SuiteAbility(suite, min(policy.capability, max(map(_needed, suite.offsets))))
        for suite in preferred
    )
    able = _MKA | (_MKA_MACSEC if policy.capability else 0)
    return Announced(
        suites=suites if policy.capability else None,
        access=Access(able) if policy.nid else None,
        kmd=policy.kmd,
        nids=(policy.nid,) if policy.nid else (),
    )


def _needed(offset: int) -> int:
    return capability_for(2 if offset else 1)


def tlvs_of(announced: Announced, *, with_kmd: bool = True) -> tuple[TLV, ...]:
    """Return the TLVs, global ones first. An MKPDU has a parameter set of its own for the KMD."""
    found = []
    if announced.suites:
        found.append(TLV(CIPHER_SUITES, b"".join(map(_suite_octets, announced.suites))))
    if announced.kmd and with_kmd:
        found.append(TLV(KMD, announced.kmd.encode()))
    found += [TLV(NID, nid.encode()) for nid in announced.nids]
    if announced.access is not None:
        found.append(TLV(ACCESS_INFORMATION, bytes(announced.access[::-1])))
    return tuple(found)


def _suite_octets(ability: SuiteAbility) -> bytes:
    return ability.capability.to_bytes(2) + ability.suite.identifier.to_bytes(8)


def read(tlvs: Iterable[TLV]) -> Announced:
    """Return what TLVs say; unknown ones, and those of a wrong length, have no effect.

    Of several of a type the first counts, and of a NID each (11.12.8).
    """
    first: dict[int, bytes] = {}
    nids: dict[str, None] = {}
    for tlv in tlvs:
        first.setdefault(tlv.type, tlv.value)
        if tlv.type == NID and (name := _text(tlv.value, NID)):
            nids[name] = None
    access, suites = first.get(ACCESS_INFORMATION, b""), first.get(CIPHER_SUITES)
    return Announced(
        suites=None if suites is None or len(suites) % _SUITE_LENGTH else _suites_in(suites),
        access=Access(access[1], access[0]) if len(access) == 2 else None,
        kmd=_text(first.get(KMD, b""), KMD),
        nids=tuple(nids),
    )


def _suites_in(octets: bytes) -> tuple[SuiteAbility, ...]:
    """Return the suites that are known here, each once."""
    found: dict[CipherSuite, int] = {}
    for at in range(0, len(octets), _SUITE_LENGTH):
        suite = SUITE_BY_IDENTIFIER.get(int.from_bytes(octets[at + 2 : at + _SUITE_LENGTH]))
        if suite is not None:
            found.setdefault(suite, octets[at + 1] & 3)
    return tuple(SuiteAbility(suite, capability) for suite, capability in found.items())


def name_of(octets: bytes) -> str:
    """Return the KMD of a parameter set as text, "" for one that is too long."""
    return _text(octets, KMD)


def _text(octets: bytes, kind: int) -> str:
    limit = NAME_LIMITS["kmd" if kind == KMD else "nid"]
    return octets.decode("utf-8", "replace") if len(octets) <= limit else ""
