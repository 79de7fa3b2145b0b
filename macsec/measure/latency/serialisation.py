"""The serialisation that MACsec adds to a frame's latency, by arithmetic: no clock, no noise.

A frame that is longer by a SecTAG and an ICV takes longer to leave, on every link that it crosses.
All times are whole picoseconds, all shares exact fractions. Lengths count the FCS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from macsec.errors import ConfigError
from macsec.measure.arithmetic import OVERHEAD_WITH_SCI, OVERHEAD_WITHOUT_SCI

PREAMBLE = 8
"""Octets that leave before a frame: preamble and start delimiter."""
BIT_TIMES_PS = 1000
"""Picoseconds of a bit at one Gbit/s."""
RATES = (1, 10, 25, 40, 100, 200, 400, 800)
"""Gbit/s."""
SIZES = (64, 128, 256, 512, 1024, 1280, 1518, 9018)
"""Sizes of RFC 2544, and a jumbo frame."""
OVERHEADS = (OVERHEAD_WITHOUT_SCI, OVERHEAD_WITH_SCI)


class Path(NamedTuple):
    """A link, by its propagation delay."""

    name: str
    propagation_ps: int


CAMPUS = Path("campus, 500 m", 2_500_000)
INTER_REGION = Path("between regions, 12 ms", 12_000_000_000)
PATHS = (CAMPUS, INTER_REGION)


@dataclass(frozen=True, slots=True)
class Added:
    """One size at one rate over one path, with one overhead."""

    frame_octets: int
    gbit_per_s: int
    overhead_octets: int
    path: Path

    @property
    def clear_ps(self) -> int:
        """Time from the first bit out to the last bit in, without MACsec."""
        wire = PREAMBLE + self.frame_octets
        return serialisation_ps(wire, self.gbit_per_s) + self.path.propagation_ps

    @property
    def added_ps(self) -> int:
        """Time that the overhead adds to it."""
        return serialisation_ps(self.overhead_octets, self.gbit_per_s)

    @property
    def share(self) -> Fraction:
        """Ratio of added to clear."""
        return Fraction(self.added_ps, self.clear_ps)


def serialisation_ps(octets: int, gbit_per_s: int) -> int:
    """Return the ps that octets need to leave. Raises ConfigError where that is no whole number."""
    time, rest = divmod(8 * octets * BIT_TIMES_PS, gbit_per_s)
    if rest:
        raise ConfigError(
            f"{octets} octets at {gbit_per_s} Gbit/s take no whole number of picoseconds"
        )
    return time


def table(
    sizes: Sequence[int] = SIZES,
    rates: Sequence[int] = RATES,
    overheads: Sequence[int] = OVERHEADS,
    paths: Sequence[Path] = PATHS,
) -> Iterator[Added]:
    """Yield all rows: path by path, overhead by overhead, rate by rate."""
    for path in paths:
        for overhead in overheads:
            for rate in rates:
                yield from (Added(size, rate, overhead, path) for size in sizes)
