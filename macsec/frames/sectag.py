"""The SecTAG: encode, decode and the checks of clause 9.12.

Octets as in Figure 9-2: EtherType (2), TCI and AN (1), SL (1), PN (4), and with SC an SCI (8).
"""

from __future__ import annotations

from dataclasses import dataclass

from macsec.enumerations import FlagEnum
from macsec.terms import ETHERTYPE_MACSEC, SHORT_LENGTH_LIMIT

LENGTH_WITHOUT_SCI = 8
LENGTH_WITH_SCI = 16
MPDU_MINIMUM = 17


class TCI(FlagEnum):
    """Bits of the third octet above the AN (9.5), high bit first."""

    V = 0x80
    ES = 0x40
    SC = 0x20
    SCB = 0x10
    E = 0x08
    C = 0x04


AN_MASK = 0x03
SL_MASK = 0x3F

_TCIS = [TCI(bits) for bits in range(256)]
_SC, _V, _ES_SCB = int(TCI.SC), int(TCI.V), int(TCI.ES | TCI.SCB)

MEANINGS: dict[TCI, str] = {
    TCI(0): "integrity only",
    TCI.C: "integrity only, changed text or an ICV that is not 16 octets",
    TCI.E | TCI.C: "confidentiality",
    TCI.E: "reserved for the KaY, never for the Controlled Port",
}
"""Meaning of E and C together (9.5, 10.5.3)."""


@dataclass(frozen=True, slots=True)
class SecTAG:
    """The fields of a SecTAG. `sci` is None when SC is clear; `pn` is the 32-bit field.

    `ethertype`: that of MACsec, unless the network knows SecTAGs by another.

    >>> from macsec.frames import TCI, SecTAG
    >>> tag = SecTAG(TCI.SC | TCI.E | TCI.C, an=0, sl=0, pn=1, sci=0x5254001301560001)
    >>> tag.encode().hex()
    '88e52c00000000015254001301560001'

    See also: `observe` (clauses 9.3 to 9.12).
    """

    tci: TCI
    an: int
    sl: int
    pn: int
    sci: int | None = None
    ethertype: int = ETHERTYPE_MACSEC

    @property
    def length(self) -> int:
        """Octets of the SecTAG, EtherType included (9.3)."""
        return LENGTH_WITH_SCI if int(self.tci) & _SC else LENGTH_WITHOUT_SCI

    def encode(self) -> bytes:
        """Return the octets as sent."""
        head = self.ethertype.to_bytes(2) + bytes((self.tci | self.an, self.sl))
        head += self.pn.to_bytes(4)
        return head if self.sci is None else head + self.sci.to_bytes(8)


def short_length(user_data_length: int) -> int:
    """Return the SL to send: the octets of Secure Data if under 48, else 0 (9.7)."""
    return user_data_length if user_data_length < SHORT_LENGTH_LIMIT else 0


def decode(mpdu: bytes, ethertype: int = ETHERTYPE_MACSEC) -> SecTAG | None:
    """Return the SecTAG at the front of an MPDU, unchecked; None if it is cut short."""
    if len(mpdu) < LENGTH_WITHOUT_SCI or int.from_bytes(mpdu[:2]) != ethertype:
        return None
    tci = _TCIS[mpdu[2] & ~AN_MASK]
    sci = None
    if mpdu[2] & _SC:
        if len(mpdu) < LENGTH_WITH_SCI:
            return None
        sci = int.from_bytes(mpdu[8:16])
    return SecTAG(tci, mpdu[2] & AN_MASK, mpdu[3], int.from_bytes(mpdu[4:8]), sci, ethertype)


@dataclass(frozen=True, slots=True)
class TagRules:
    """The EtherType of SecTAGs, and switches where implementations read 9.12 differently."""

    xpn: bool = False
    icv_length: int = 16
    exact_length: bool = False
    """Padding behind the ICV of a short frame makes a bad tag, as in Linux."""
    refuse_sl_48: bool = True
    """An SL of 48 to 63 makes a bad tag: none is ever sent (9.7)."""
    ethertype: int = ETHERTYPE_MACSEC
    refuse_e0_c1: bool = False
    """C without E makes a bad tag, as in cnxk."""


def fault(mpdu: bytes, rules: TagRules) -> str | None:
    """Return the reason why an MPDU fails 9.12, a) to i); None if it is valid."""
    if len(mpdu) < MPDU_MINIMUM:
        return "fewer than 17 octets"
    tag = decode(mpdu, rules.ethertype)
    if tag is None:
        return "the SecTAG is cut short"
    tci = mpdu[2]
    if tci & _V:
        return "V is set"
    if tci & _SC and tci & _ES_SCB:
        return "ES or SCB is set with SC"
    if tag.sl & ~SL_MASK:
        return "bits 7 or 8 of the SL octet are set"
    if rules.refuse_sl_48 and tag.sl >= SHORT_LENGTH_LIMIT:
        return "SL is 48 or more"
    if rules.refuse_e0_c1 and tag.tci & (TCI.E | TCI.C) == TCI.C:
        return "C is set without E"
    if tag.pn == 0 and not rules.xpn:
        return "PN is zero"
    return _length_fault(len(mpdu) - tag.length, tag.sl, rules)


def _length_fault(room: int, sl: int, rules: TagRules) -> str | None:
    if sl == 0:
        short = room < SHORT_LENGTH_LIMIT + rules.icv_length
        return "SL is 0 but under 48 octets of Secure Data" if short else None
    if rules.exact_length and room != sl + rules.icv_length:
        return "not the length that SL says"
    return "shorter than SL says" if room < sl + rules.icv_length else None


def secure_data_length(mpdu_length: int, tag: SecTAG, icv_length: int) -> int:
    """Return the length of the Secure Data of a valid MPDU; padding may follow the ICV (9.10)."""
    return tag.sl or mpdu_length - tag.length - icv_length
