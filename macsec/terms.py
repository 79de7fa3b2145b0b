"""Constants of the standard, and conversion of SCIs from and to text (clauses 9.3 to 9.10)."""

from __future__ import annotations

import re

ETHERTYPE_MACSEC = 0x88E5
ETHERTYPE_EAPOL = 0x888E
VLAN_TPIDS = frozenset({0x8100, 0x88A8, 0x9100})
VLAN_TAG_LENGTH = 4

ADDRESSES_LENGTH = 12
ETHERNET_HEADER = 14
"""Octets of an untagged frame before its data: two addresses and the EtherType."""
ICV_LENGTH = 16
AN_VALUES = range(4)
SHORT_LENGTH_LIMIT = 48
"""SL is the number of octets of Secure Data if below this, otherwise 0 (9.7)."""

PN_LIMIT_32 = 1 << 32
PN_LIMIT_64 = 1 << 64
WINDOW_LIMIT_32 = (1 << 32) - 1
WINDOW_LIMIT_XPN = (1 << 30) - 1

SCI_NONE = (1 << 64) - 1
"""FF-FF-FF-FF-FF-FF-FF-FF is reserved for "no SCI" (9.9)."""

PORT_END_STATION = 1
PORT_SCB = 0

_SEPARATORS = re.compile(r"[:\-. ]")


def octets_of(text: str, length: int | None = None) -> bytes:
    """Return the octets of bare hex; `:` `-` `.` may separate them. Raises ValueError."""
    bare = _SEPARATORS.sub("", text)
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", bare):
        raise ValueError("not an even number of hex digits")
    octets = bytes.fromhex(bare)
    if length is not None and len(octets) != length:
        raise ValueError(f"{length} octets wanted, {len(octets)} given")
    return octets


def sci_of(value: int | str | bytes) -> int:
    """Return an SCI, given as number, 16 hex digits or 8 octets, as number. Raises ValueError."""
    if isinstance(value, int):
        sci = value
    elif isinstance(value, bytes):
        if len(value) != 8:
            raise ValueError(f"an SCI has 8 octets, {len(value)} given")
        sci = int.from_bytes(value)
    else:
        sci = int.from_bytes(octets_of(value, 8))
    if not 0 <= sci < SCI_NONE:
        raise ValueError("an SCI is a 64-bit number other than all ones (9.9)")
    return sci


def sci_text(sci: int) -> str:
    """Return an SCI as 16 lower-case hex digits."""
    return f"{sci:016x}"
