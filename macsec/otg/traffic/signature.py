"""The last octets of a measured frame: flow, number, and the time at which it left."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

_MAGIC = 0x4F544773  # OTGs
_LAYOUT = struct.Struct(">IHIQ")
LENGTH = _LAYOUT.size
"""18 octets: with Ethernet, IPv4 and UDP a frame of 64 octets."""


class Signed(NamedTuple):
    """Contents of a signature."""

    flow: int
    number: int
    time_ps: int


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature of the frames of a flow, by its number."""

    flow: int

    def encode(self, number: int, time_ps: int) -> bytes:
        """Return the last octets of a frame."""
        return _LAYOUT.pack(_MAGIC, self.flow, number & 0xFFFFFFFF, time_ps)


def signed(frame: bytes) -> Signed | None:
    """Return the signature of a frame; None without one."""
    if len(frame) < LENGTH:
        return None
    magic, *rest = _LAYOUT.unpack_from(frame, len(frame) - LENGTH)
    return Signed(*rest) if magic == _MAGIC else None
