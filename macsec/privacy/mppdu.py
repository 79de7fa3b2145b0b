"""Components of an MPPDU (MPPCIs): Encapsulated Frames, Frame Fragments and padding.

Behind the EtherType come components until the MPPDU ends:

    0LLLLLLL LLLLLLLL                  an Encapsulated Frame of L octets, 14 or more
    00000000 00000000                  padding up to the end of the MPPDU
    1TTTFL00 00000000  length (16)     other components; `length` octets follow
        T 0: express fragment, 1: preemptable fragment: sequence (16), then octets of the frame;
             F: the first of its frame, L: the last
        T 2 to 7: not known, and passed over

One octet that is left at the end is padding. The header of an Encapsulated Frame has two octets,
since the YANG module counts four for it and the EtherType; the rest of this encoding is our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

ETHERTYPE = 0x88B5
"""Local Experimental EtherType 1: the one of MAC Privacy protection was not known."""
ETHERTYPE_LENGTH = 2
FRAME_HEADER = 2
FRAGMENT_HEADER = 6
FRAME_LEAST = 14
FRAME_MOST = (1 << 15) - 1
SEQUENCES = 1 << 16
EXPRESS, PREEMPTABLE = 0, 1
_OTHER, _FIRST, _LAST, _SPARE = 0x8000, 0x0800, 0x0400, 0x03FF

OPEN = {
    "EtherType": "not in the module: 88b5 (Local Experimental 1), or another one",
    "component formats": "only that the header of an Encapsulated Frame has two octets: see "
    "macsec/privacy/mppdu.py",
    "padding": "a header of zero, then octets of zero up to the end; what they hold is not checked",
    "sequence of fragments": "16 bits for each channel, one more for each fragment",
    "order of components": "any; a fragment is sent where no whole frame fits, the rest in later "
    "MPPDUs",
    "smallest fragment": "one octet",
    "default reassembly": "one frame for each peer and kind; a gap, a first fragment in the middle "
    "or too many octets discard it",
    "peers": "learned from the source address of MPPDUs, up to max-peers, if none are named",
    "errored MPPDU": "components before the fault are delivered, the rest is not",
    "bits on wire": "preamble, addresses, SecTAG with SCI, ICV, FCS and interpacket gap",
    "user-burst-octets, transmission gates": "not implemented: nothing competes with a channel",
    "access priorities, drop_eligible": "not implemented: a capture has neither",
    "padding of privacy frames": "4 octets and a multiple of 16, 32 or 64, as in the module; a "
    "least size is our own",
}
"""Choices where the YANG module leaves something open, and the parts that are left out."""


class EncapsulatedFrame(NamedTuple):
    """A whole user data frame, with its addresses and without FCS."""

    octets: bytes

    def encode(self) -> bytes:
        """Return header and octets."""
        return len(self.octets).to_bytes(2) + self.octets


class Fragment(NamedTuple):
    """A part of a user data frame. `kind`: EXPRESS or PREEMPTABLE."""

    kind: int
    sequence: int
    first: bool
    last: bool
    octets: bytes

    def encode(self) -> bytes:
        """Return header and octets."""
        word = _OTHER | self.kind << 12 | _FIRST * self.first | _LAST * self.last
        length = len(self.octets) + 2
        return word.to_bytes(2) + length.to_bytes(2) + self.sequence.to_bytes(2) + self.octets


class Padding(NamedTuple):
    """Octets without meaning, the header among them."""

    length: int

    def encode(self) -> bytes:
        """Return octets of zero."""
        return bytes(self.length)


class Unknown(NamedTuple):
    """A component of another type, passed over. `length`: with its header."""

    kind: int
    length: int


class Errored(NamedTuple):
    """A component that is not encoded correctly: nothing behind it is read."""

    reason: str
    length: int


Component = EncapsulatedFrame | Fragment | Padding | Unknown | Errored


def components(octets: bytes) -> Iterator[Component]:
    """Yield the components behind the EtherType of an MPPDU. Never raises; a fault is the last."""
    at = 0
    while at < len(octets):
        left = len(octets) - at
        word = int.from_bytes(octets[at : at + 2])
        if word == 0:  # one octet of zero too
            yield Padding(left)
            return
        if left < FRAME_HEADER:
            yield Errored("one octet is left, and not zero", left)
            return
        found, length = _other(octets[at:]) if word & _OTHER else _frame(octets[at:], word)
        yield found
        if isinstance(found, Errored):
            return
        at += length


def _frame(octets: bytes, length: int) -> tuple[Component, int]:
    end = FRAME_HEADER + length
    if length < FRAME_LEAST:
        return Errored("a frame of under 14 octets", len(octets)), 0
    if end > len(octets):
        return Errored("the MPPDU ends in a frame", len(octets)), 0
    return EncapsulatedFrame(octets[FRAME_HEADER:end]), end


def _other(octets: bytes) -> tuple[Component, int]:
    word, length = int.from_bytes(octets[:2]), int.from_bytes(octets[2:4])
    kind, end = word >> 12 & 7, 4 + length
    if len(octets) < 4 or end > len(octets):
        return Errored("the MPPDU ends in a component", len(octets)), 0
    if kind not in (EXPRESS, PREEMPTABLE):
        return Unknown(kind, end), end
    if word & _SPARE or length <= 2:
        return Errored("a fragment without octets, or with spare bits", len(octets)), 0
    sequence = int.from_bytes(octets[4:6])
    fragment = Fragment(
        kind, sequence, bool(word & _FIRST), bool(word & _LAST), octets[FRAGMENT_HEADER:end]
    )
    return fragment, end
