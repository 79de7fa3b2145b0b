"""What the parameter sets of MKPDUs have in common: header, body, padding (IEEE 802.1X 11.11.1).

A header has 4 octets: type (8 bits), what the type makes of 12 bits, length of the body (12
bits). Zeros fill each set up to a multiple of 4 octets.

What the standard leaves zero is kept in `spare`, and a set that cannot be read is kept whole
(`Opaque`), so that what is read encodes to the octets that it came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from macsec.errors import ConfigError

HEADER_LENGTH = 4
BODY_LIMIT = 0xFFF


class Spare(NamedTuple):
    """What a set has where the standard has nothing: bits of its 12, octets behind its body."""

    bits: int = 0
    extra: bytes = b""
    padding: bytes = b""


NOTHING = Spare()


def padded(length: int) -> int:
    """A length with its padding."""
    return -(-length // 4) * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSet:
    """What every set but Basic has. `bits`: the 12 between type and length."""

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
        """The octets as sent, padding included. Raises ConfigError for what does not fit."""
        bits = self._bits | self.spare.bits
        return framed(self.kind, bits, self._body + self.spare.extra, self.spare.padding)


@dataclass(frozen=True, slots=True)
class Opaque(ParameterSet):
    """A set of an unknown type, or of a length that its type does not have: nobody acts on it."""

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
    """Type, the 12 bits behind it, and the length that the 4 octets of a header tell."""
    word = int.from_bytes(octets[:HEADER_LENGTH])
    return word >> 24, word >> 12 & 0xFFF, word & BODY_LIMIT


def header(kind: int, bits: int, length: int) -> bytes:
    """The 4 octets of a header."""
    return (kind << 24 | bits << 12 | length).to_bytes(HEADER_LENGTH)


def framed(kind: int, bits: int, body: bytes, padding: bytes) -> bytes:
    """A set with its header and padding, zeros unless given. Raises ConfigError if too long."""
    if len(body) > BODY_LIMIT:
        raise ConfigError(f"a parameter set has up to {BODY_LIMIT} octets, {len(body)} given")
    room = padded(len(body)) - len(body)
    return header(kind, bits, len(body)) + body + (padding or bytes(room))


def fits(value: int, bits: int, what: str) -> int:
    """A number that has so many bits at most. Raises ConfigError."""
    if not 0 <= value < 1 << bits:
        raise ConfigError(f"{what} of an MKPDU: {value} does not fit {bits} bits")
    return value


def exactly(octets: bytes, length: int, what: str) -> bytes:
    """Octets that are as many as they have to be. Raises ConfigError."""
    if len(octets) != length:
        raise ConfigError(f"{what} of an MKPDU: {length} octets wanted, {len(octets)} given")
    return octets
