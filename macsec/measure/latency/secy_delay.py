"""The delays that Table 10-3 of IEEE 802.1AE allows a SecY, beside the measured ones.

A SecY may keep a frame for the wire transmit time of the longest MPDU and that of four MPDUs of 64
octets; so much may also the delay vary. The wire transmit time counts preamble and gap. The longest
MPDU is that of a frame of 1518 octets, and on a link for longer frames that of the frame measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from macsec.measure.arithmetic import GAP, OVERHEAD_WITH_SCI
from macsec.measure.latency.serialisation import RATES, serialisation_ps
from macsec.time_units import PS_PER_NS

USUAL_OCTETS = 1518
"""The longest frame of most links, FCS included."""
SHORT_OCTETS, SHORT_FRAMES = 64, 4
DIRECTIONS = {"transmit": "protect", "receive": "validate"}
"""Directions, and the path of each in a chain."""


def limit_ps(frame_octets: int, gbit_per_s: int) -> int:
    """Return the most ps that a SecY may keep a frame of this size."""
    longest = max(frame_octets, USUAL_OCTETS) + OVERHEAD_WITH_SCI + GAP
    return serialisation_ps(longest + SHORT_FRAMES * (SHORT_OCTETS + GAP), gbit_per_s)


@dataclass(frozen=True, slots=True)
class SecyDelay:
    """A measured direction at one rate: the median, and p99.9 less the least."""

    direction: str
    frame_octets: int
    delay_ns: int
    variance_ns: int
    gbit_per_s: int

    @property
    def limit_ps(self) -> int:
        """The limit of both."""
        return limit_ps(self.frame_octets, self.gbit_per_s)

    @property
    def delay_met(self) -> bool:
        """True if the median is within the limit."""
        return self.delay_ns * PS_PER_NS <= self.limit_ps

    @property
    def variance_met(self) -> bool:
        """True if the variance is within the limit."""
        return self.variance_ns * PS_PER_NS <= self.limit_ps


def delays(frame_octets: int, measured: dict[str, tuple[int, int]]) -> list[SecyDelay]:
    """Return both directions at every rate. `measured`: median and variance of each path."""
    return [
        SecyDelay(direction, frame_octets, *measured[path], rate)
        for direction, path in DIRECTIONS.items()
        for rate in RATES
    ]
