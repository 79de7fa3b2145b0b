"""Changes that an attacker without a key makes to the octets of a frame (clause 9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from macsec.terms import ADDRESSES_LENGTH, ETHERTYPE_MACSEC, ICV_LENGTH

ETHERTYPE = ETHERTYPE_MACSEC.to_bytes(2)
TCI_AT, SL_AT, PN_AT, SCI_AT, DATA_AT = 14, 15, 16, 20, 28
"""Octets of a frame whose SecTAG has an SCI and no VLAN tag before it."""


class FrameField(NamedTuple):
    """Bits `first` to `stop` (not included) of a frame; a negative bit counts from its end."""

    name: str
    first: int
    stop: int

    def bits(self, frame: bytes) -> range:
        """Return the bits of this field in a frame, the highest of each octet first."""
        whole = 8 * len(frame)
        first, stop = (bit + whole if bit < 0 else bit for bit in (self.first, self.stop))
        return range(first, stop or whole)


FIELDS = {
    field.name: field
    for field in (
        FrameField("destination", 0, 48),
        FrameField("source", 48, 96),
        FrameField("ethertype", 96, 112),
        FrameField("tci", 112, 118),
        FrameField("an", 118, 120),
        FrameField("sl", 120, 128),
        FrameField("pn", 128, 160),
        FrameField("sci", 160, 224),
        FrameField("data", 224, -8 * ICV_LENGTH),
        FrameField("icv", -8 * ICV_LENGTH, 0),
    )
}


def flipped(frame: bytes, bit: int) -> bytes:
    """Return the frame with one bit changed."""
    octets = bytearray(frame)
    octets[bit // 8] ^= 0x80 >> bit % 8
    return bytes(octets)


def flips(frame: bytes, field: str) -> Iterator[tuple[int, bytes]]:
    """Yield each bit of a field, counted from its first, and the frame with it changed."""
    bits = FIELDS[field].bits(frame)
    return ((bit - bits.start, flipped(frame, bit)) for bit in bits)


def patched(frame: bytes, at: int, octets: bytes) -> bytes:
    """Return the frame with other octets at a place."""
    return frame[:at] + octets + frame[at + len(octets) :]


def with_tci_an(frame: bytes, octet: int) -> bytes:
    """Return the frame with another TCI and AN octet."""
    return patched(frame, TCI_AT, bytes((octet,)))


def with_an(frame: bytes, an: int) -> bytes:
    """Return the frame with another AN."""
    return with_tci_an(frame, frame[TCI_AT] & 0xFC | an)


def with_sl(frame: bytes, sl: int) -> bytes:
    """Return the frame with another SL octet."""
    return patched(frame, SL_AT, bytes((sl,)))


def with_pn(frame: bytes, pn: int) -> bytes:
    """Return the frame with another PN field: the low 32 bits."""
    return patched(frame, PN_AT, (pn & 0xFFFFFFFF).to_bytes(4))


def with_sci(frame: bytes, sci: int) -> bytes:
    """Return the frame with another SCI."""
    return patched(frame, SCI_AT, sci.to_bytes(8))


def pn_field(frame: bytes) -> int:
    """Return the PN field of a frame."""
    return int.from_bytes(frame[PN_AT:SCI_AT])


def tagged(addresses: bytes, tci_an: int, pn: int, sci: int, data: bytes, icv: bytes) -> bytes:
    """Make a frame with a whole SecTAG, with the SL of 9.7."""
    sl = len(data) if len(data) < 48 else 0
    tag = ETHERTYPE + bytes((tci_an, sl)) + (pn & 0xFFFFFFFF).to_bytes(4) + sci.to_bytes(8)
    return addresses + tag + data + icv


def stripped(frame: bytes) -> bytes:
    """Return the frame without SecTAG and ICV: addresses and Secure Data."""
    return frame[:ADDRESSES_LENGTH] + frame[DATA_AT:-ICV_LENGTH]


def xor(one: bytes, other: bytes) -> bytes:
    """Return the XOR of two octet strings, as long as the shorter."""
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
