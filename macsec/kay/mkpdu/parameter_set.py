"""Header, body and padding: common to all parameter sets of MKPDUs (IEEE 802.1X 11.11.1).

A header has 4 octets: type (8 bits), 12 bits with a meaning for each type, length of the body (12
bits). Zeros pad each set to a multiple of 4 octets.

Fields that the standard leaves zero are kept in `spare`, and an unreadable set is kept whole
(`Opaque`), so that a decoded set encodes to the same octets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from macsec.errors import ConfigError

HEADER_LENGTH = 4
BODY_LIMIT = 0xFFF


class Spare(NamedTuple):
    """Contents of a set without a meaning in the standard: header bits, octets behind the body."""

    bits: int = 0
    extra: bytes = b""
    padding: bytes = b""


NOTHING = Spare()


def padded(length: int) -> int:
    """Return a length with its padding."""
    return -(-length // 4) * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSet:
    """Base of every set but Basic. `bits`: the 12 between type and length."""

    KIND: ClassVar[int]
    spare: Spare = NOTHING

    @property
    def kind(self) -> int:
        """The type of the set."""
        return self.KIND

    @property
    def _bits(self) -> int:
        """The 12 bits between type and length, without the spare ones."""
        return 0

    @property
    def _body(self) -> bytes:
        """The body, without spare octets."""
        return b""

    def encode(self) -> bytes:
        """Return the octets as sent, with padding. Raises ConfigError if a field does not fit."""
        bits = self._bits | self.spare.bits
        return framed(self.kind, bits, self._body + self.spare.extra, self.spare.padding)


@dataclass(frozen=True, slots=True)
class Opaque(ParameterSet):
    """A set of an unknown type, or of a wrong length for its type: it has no effect."""

    type: int
    header_bits: int
    octets: bytes

    @property
    def kind(self) -> int:
        """The type of the set."""
        return self.type

    @property
    def _bits(self) -> int:
        return self.header_bits

    @property
    def _body(self) -> bytes:
        return self.octets


def header_of(octets: bytes) -> tuple[int, int, int]:
    """Parse the 4 octets of a header: type, the 12 bits behind it, and length."""
    word = int.from_bytes(octets[:HEADER_LENGTH])
    return word >> 24, word >> 12 & 0xFFF, word & BODY_LIMIT


def header(kind: int, bits: int, length: int) -> bytes:
    """Return the 4 octets of a header."""
    return (kind << 24 | bits << 12 | length).to_bytes(HEADER_LENGTH)


def framed(kind: int, bits: int, body: bytes, padding: bytes) -> bytes:
    """Return a set with header and padding, by default zeros. Raises ConfigError if too long."""
    if len(body) > BODY_LIMIT:
        raise ConfigError(f"a parameter set has up to {BODY_LIMIT} octets, {len(body)} given")
    room = padded(len(body)) - len(body)
    return header(kind, bits, len(body)) + body + (padding or bytes(room))


def fits(value: int, bits: int, what: str) -> int:
    """Return a number that has at most n bits. Raises ConfigError for others."""
    if not 0 <= value < 1 << bits:
        raise ConfigError(f"{what} of an MKPDU: {value} does not fit {bits} bits")
    return value


def exactly(octets: bytes, length: int, what: str) -> bytes:
    """Return octets that have the right number. Raises ConfigError for others."""
    if len(octets) != length:
        raise ConfigError(f"{what} of an MKPDU: expected {length} octets, {len(octets)} given")
    return octets
