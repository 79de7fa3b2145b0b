"""What an attacker without a key does to the octets of a frame (clause 9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_MACSEC, ICV_LENGTH

ETHERTYPE = ETHERTYPE_MACSEC.to_bytes(2)
TCI_AT, SL_AT, PN_AT, SCI_AT, DATA_AT = 14, 15, 16, 20, 28
"""Octets of a frame whose SecTAG has an SCI and no VLAN tag before it."""


class Field(NamedTuple):
    """Bits `first` to `stop` (not included) of a frame; a negative bit counts from its end."""

    name: str
    first: int
    stop: int

    def bits(self, frame: bytes) -> range:
        """The bits of this field in a frame, each octet's highest first."""
        whole = 8 * len(frame)
        first, stop = (bit + whole if bit < 0 else bit for bit in (self.first, self.stop))
        return range(first, stop or whole)


FIELDS = {
    field.name: field
    for field in (
        Field("destination", 0, 48),
        Field("source", 48, 96),
        Field("ethertype", 96, 112),
        Field("tci", 112, 118),
        Field("an", 118, 120),
        Field("sl", 120, 128),
        Field("pn", 128, 160),
        Field("sci", 160, 224),
        Field("data", 224, -8 * ICV_LENGTH),
        Field("icv", -8 * ICV_LENGTH, 0),
    )
}


def flipped(frame: bytes, bit: int) -> bytes:
    """The frame with one bit changed."""
    octets = bytearray(frame)
    octets[bit // 8] ^= 0x80 >> bit % 8
    return bytes(octets)


def flips(frame: bytes, field: str) -> Iterator[tuple[int, bytes]]:
    """Each bit of a field, counted from the field's first, and the frame with it changed."""
    bits = FIELDS[field].bits(frame)
    return ((bit - bits.start, flipped(frame, bit)) for bit in bits)


def patched(frame: bytes, at: int, octets: bytes) -> bytes:
    """The frame with other octets at a place."""
    return frame[:at] + octets + frame[at + len(octets) :]


def with_tci_an(frame: bytes, octet: int) -> bytes:
    """The frame with another TCI and AN octet."""
    return patched(frame, TCI_AT, bytes((octet,)))


def with_an(frame: bytes, an: int) -> bytes:
    """The frame under another AN."""
    return with_tci_an(frame, frame[TCI_AT] & 0xFC | an)


def with_sl(frame: bytes, sl: int) -> bytes:
    """The frame with another SL octet."""
    return patched(frame, SL_AT, bytes((sl,)))


def with_pn(frame: bytes, pn: int) -> bytes:
    """The frame with another PN field: the low 32 bits."""
    return patched(frame, PN_AT, (pn & 0xFFFFFFFF).to_bytes(4))


def with_sci(frame: bytes, sci: int) -> bytes:
    """The frame under another SCI."""
    return patched(frame, SCI_AT, sci.to_bytes(8))


def pn_field(frame: bytes) -> int:
    """The PN as it stands in a frame."""
    return int.from_bytes(frame[PN_AT:SCI_AT])


def tagged(addresses: bytes, tci_an: int, pn: int, sci: int, data: bytes, icv: bytes) -> bytes:
    """A frame with a whole SecTAG, its SL as 9.7 asks for."""
    sl = len(data) if len(data) < 48 else 0
    tag = ETHERTYPE + bytes((tci_an, sl)) + (pn & 0xFFFFFFFF).to_bytes(4) + sci.to_bytes(8)
    return addresses + tag + data + icv


def stripped(frame: bytes) -> bytes:
    """The frame without SecTAG and ICV: what stands between them behind the addresses."""
    return frame[:ADDRESSES_LENGTH] + frame[DATA_AT:-ICV_LENGTH]


def xor(one: bytes, other: bytes) -> bytes:
    """Two octet strings together, as long as the shorter."""
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
