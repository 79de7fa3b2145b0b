"""The capacity of a link: octets on the wire, and the part that MACsec leaves for frames.

Lengths here are those of Ethernet: frames with their FCS.
"""

from __future__ import annotations

from collections.abc import Sequence

FCS = 4
BITS_PER_GBIT = 1e9
GAP = 20
"""Octets on the wire between two frames: preamble and delimiter 8, interpacket gap 12."""
OVERHEAD_WITHOUT_SCI = 24
OVERHEAD_WITH_SCI = 32
"""SecTAG of 8 or 16 octets, and ICV of 16."""


def frames_per_second(lengths: Sequence[int], bits_per_second: float, overhead: int = 0) -> float:
    """Return the frames a second that a link carries when frames of these lengths come in turn."""
    wire = sum(lengths) / len(lengths) + GAP + overhead
    return bits_per_second / (8 * wire)


def goodput(lengths: Sequence[int], bits_per_second: float, overhead: int = 0) -> float:
    """Return the bits a second of original frames that a link carries."""
    frames = frames_per_second(lengths, bits_per_second, overhead)
    return frames * 8 * sum(lengths) / len(lengths)


def ratio(lengths: Sequence[int], overhead: int) -> float:
    """Return the share of the frames of a clear link that a link with MACsec carries."""
    return frames_per_second(lengths, 1, overhead) / frames_per_second(lengths, 1)
