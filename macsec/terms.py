"""Constants of the standard; octets, MAC addresses and SCIs from text (clauses 9.3 to 9.10)."""

from __future__ import annotations

import re

ETHERTYPE_MACSEC = 0x88E5
ETHERTYPE_EAPOL = 0x888E
ETHERTYPE_MAC_CONTROL = 0x8808
ETHERTYPE_EAPOL_WAN = 0x876F
"""EAPOL of WAN MACsec: bridges of a provider forward it."""
EAPOL_ETHERTYPES = (ETHERTYPE_EAPOL, ETHERTYPE_EAPOL_WAN)
VLAN_TPIDS = frozenset({0x8100, 0x88A8, 0x9100})
VLAN_TAG_LENGTH = 4
ETHERTYPE_LEAST = 0x0600

ADDRESSES_LENGTH = 12
BROADCAST = b"\xff" * 6
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

TRAFFIC_CLASSES = 8
"""Traffic classes of a SecY, and user priorities (10.7.17)."""
CLASS_SHIFT = 12
"""The traffic class is in the top four bits of the Port Identifier of an SCI."""

PORT_END_STATION = 1
PORT_SCB = 0

_SEPARATORS = re.compile(r"[:\-. ]")
_PREFIX = re.compile(r"0[xX]")
_SHORT_SCI = re.compile(r"0[xX][0-9A-Fa-f]{1,15}")
_SHORT_MAC = re.compile(r"[0-9A-Fa-f]{1,2}(?:([:-])[0-9A-Fa-f]{1,2})(?:\1[0-9A-Fa-f]{1,2}){4}")
_ADDRESS_AND_PORT = re.compile(r"(.{11,17}?)(@|/|::)(0[xX][0-9A-Fa-f]{1,4}|[0-9A-Fa-f]{1,5})")


def octets_of(text: str, length: int | None = None) -> bytes:
    """Return the octets of hex digits, after `0x` or not; `:` `-` `.` and spaces may separate them.

    Raises ValueError, without the text.
    """
    bare = _SEPARATORS.sub("", _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text)
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", bare):
        digits = re.fullmatch(r"[0-9A-Fa-f]+", bare)
        raise ValueError("an odd number of hex digits" if digits else "not hex digits alone")
    octets = bytes.fromhex(bare)
    if length is not None and len(octets) != length:
        raise ValueError(f"expected {length} octets, {len(octets)} given")
    return octets


def class_of_sci(sci: int) -> int:
    """Return the traffic class of an SCI, 0 to 15 (10.7.17)."""
    return sci >> CLASS_SHIFT & 0xF


def sci_of_class(sci: int, traffic_class: int) -> int:
    """Return the SCI of the same SecY for a traffic class."""
    return sci & ~(0xF << CLASS_SHIFT) | traffic_class << CLASS_SHIFT


def ethertype_of(text: str) -> int:
    """Return an EtherType written as four hex digits, with or without 0x; else ValueError."""
    if not re.fullmatch(r"(?:0[xX])?[0-9A-Fa-f]{4}", text):
        raise ValueError("expected an EtherType of 4 hex digits")
    return int(text, 16)


def mac_of(text: str) -> bytes:
    """Return a MAC address of 12 hex digits, or of 6 groups of one or two. Raises ValueError."""
    if _SHORT_MAC.fullmatch(text):
        return bytes(int(group, 16) for group in re.split("[:-]", text))
    return octets_of(text, 6)


def sci_of(value: int | str | bytes) -> int:
    """Return an SCI as number. Raises ValueError.

    Given as number, 8 octets, 16 hex digits, `0x` and fewer digits, or as a MAC address with its
    port behind `@`, `/` or `::`.
    """
    if isinstance(value, int):
        sci = value
    elif isinstance(value, bytes):
        if len(value) != 8:
            raise ValueError(f"an SCI has 8 octets, {len(value)} given")
        sci = int.from_bytes(value)
    elif _SHORT_SCI.fullmatch(value):
        sci = int(value, 16)
    elif match := _ADDRESS_AND_PORT.fullmatch(value):
        sci = int.from_bytes(mac_of(match[1])) << 16 | _port_of(match[2], match[3])
    else:
        sci = int.from_bytes(octets_of(value, 8))
    if not 0 <= sci < SCI_NONE:
        raise ValueError("an SCI is a 64-bit number other than all ones (9.9)")
    return sci


def _port_of(mark: str, text: str) -> int:
    """Return the port of an SCI: decimal; behind `/`, four digits that begin with 0 are hex."""
    if _PREFIX.match(text):
        return int(text, 16)
    padded = mark == "/" and len(text) == 4
    if padded and (text[0] == "0" or not text.isdecimal()):
        return int(text, 16)
    if padded:
        raise ValueError(f"port {text} is decimal for some programs, hex for others: write 0x")
    if not text.isdecimal() or int(text) > 0xFFFF:
        raise ValueError("the port of an SCI is 0 to 65535")
    return int(text)


def sci_text(sci: int) -> str:
    """Return an SCI as 16 lower-case hex digits."""
    return f"{sci:016x}"
