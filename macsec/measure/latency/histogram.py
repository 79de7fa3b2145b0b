"""Histogram of latencies: whole nanoseconds, to three significant digits, up to an hour.

Log-linear: a cell a nanosecond up to 2^11 ns, and from there on 1024 cells to each doubling. It
is counted in C (`_native/measure/histogram.c`), or by its twin here where no C is built.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

import numpy as np

from macsec.native import load
from macsec.time_units import NS_PER_S

BITS = 11
HALF, WHOLE = 1 << (BITS - 1), 1 << BITS
CELLS = 33 * HALF
MOST = 3_600 * NS_PER_S
"""An hour; longer times count as an hour."""
STEPS = 5
"""Lines of a percentile distribution up to half of the rest."""

SHARES = {
    "p50": Fraction(1, 2),
    "p90": Fraction(9, 10),
    "p99": Fraction(99, 100),
    "p99.9": Fraction(999, 1000),
    "p99.99": Fraction(9999, 10_000),
}
"""The percentiles of a summary, as exact shares."""


class Histogram(Protocol):
    """Counts of latencies. `least` and `most` are exact. All values are 0 while it is empty."""

    @property
    def total(self) -> int:
        """The number of values."""

    @property
    def least(self) -> int:
        """The smallest value, in ns."""

    @property
    def most(self) -> int:
        """The largest value, in ns."""

    @property
    def mean(self) -> float:
        """Computed from the middles of the cells, in ns."""

    @property
    def stdev(self) -> float:
        """Computed from the middles of the cells, in ns."""

    def record(self, value: int, times: int = 1) -> None:
        """Count a value in ns; below 0 as 0, above an hour as an hour."""

    def record_many(self, values: Iterable[int]) -> None:
        """Count several values."""

    def merge(self, other: Any) -> None:
        """Add the counts of another histogram of the same kind."""

    def ranked(self, rank: int) -> int:
        """Return the value of a rank from 1 to `total`: the highest of its cell, at most `most`."""

    def cells(self) -> Iterator[tuple[int, int]]:
        """Yield the numbers of the cells that are not empty, in order, with their counts."""


class Level(NamedTuple):
    """A line of a percentile distribution: `total` values are at most `value` ns.

    That is at least `share` of all.
    """

    value: int
    share: Fraction
    total: int


class Summary(NamedTuple):
    """The summary of a histogram, in ns. `pdv` is that of RFC 8219: p99.9 less the least."""

    total: int
    least: int
    mean: float
    stdev: float
    percentiles: dict[str, int]
    most: int
    pdv: int


def cell_of(value: int) -> int:
    """Return the number of the cell of a value."""
    shift = (value | (WHOLE - 1)).bit_length() - BITS
    return shift * HALF + (value >> shift)


def bounds(cell: int) -> tuple[int, int]:
    """Return the lowest and the highest value of a cell."""
    shift = max(cell // HALF - 1, 0)
    lowest = (cell - shift * HALF) << shift
    return lowest, lowest + (1 << shift) - 1


def middle(cell: int) -> int:
    """Return the value that represents a cell in means."""
    lowest, highest = bounds(cell)
    return lowest + ((highest - lowest + 1) >> 1)


def new_histogram(backend: str = "auto") -> Histogram:
    """Make an empty histogram: "native" (C), "reference" (Python), or "auto"."""
    library = load(backend, needs="macsec_histogram_record")
    return PythonHistogram() if library is None else NativeHistogram(library)


class PythonHistogram:
    """A histogram counted in Python."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.total = self.least = self.most = 0

    def record(self, value: int, times: int = 1) -> None:
        """Count a value."""
        if times == 0:
            return
        value = min(max(value, 0), MOST)
        self.least = min(self.least, value) if self.total else value
        self.most = max(self.most, value)
        self.total += times
        self._counts[cell_of(value)] += times

    def record_many(self, values: Iterable[int]) -> None:
        """Count several values."""
        for value in values:
            self.record(int(value))

    def merge(self, other: PythonHistogram) -> None:
        """Add the counts of another histogram."""
        if other.total:
            self.least = min(self.least, other.least) if self.total else other.least
            self.most = max(self.most, other.most)
            self.total += other.total
            self._counts.update(other._counts)

    def ranked(self, rank: int) -> int:
        """Return the value of a rank."""
        below = 0
        for cell, count in self.cells():
            below += count
            if below >= rank:
                return min(bounds(cell)[1], self.most)
        return self.most

    def cells(self) -> Iterator[tuple[int, int]]:
        """Yield the cells that are not empty."""
        return iter(sorted(self._counts.items()))

    @property
    def mean(self) -> float:
        """Computed from the middles of the cells."""
        held = sum(count * middle(cell) for cell, count in self.cells())
        return held / self.total if self.total else 0.0

    @property
    def stdev(self) -> float:
        """Computed from the middles of the cells."""
        mean = self.mean
        held = sum(count * (middle(cell) - mean) ** 2 for cell, count in self.cells())
        return math.sqrt(held / self.total) if self.total else 0.0


class NativeHistogram:
    """A histogram counted in C; other C code records into `pointer`."""

    def __init__(self, module: Any) -> None:
        self._ffi, self._lib = module.ffi, module.lib
        self.pointer: Any = module.ffi.new("macsec_histogram *")

    def record(self, value: int, times: int = 1) -> None:
        """Count a value."""
        self._lib.macsec_histogram_record(self.pointer, value, times)

    def record_many(self, values: Iterable[int]) -> None:
        """Count several values."""
        column = np.fromiter(values, np.int64)
        given = self._ffi.from_buffer("int64_t[]", column)
        self._lib.macsec_histogram_record_many(self.pointer, given, len(column))

    def merge(self, other: NativeHistogram) -> None:
        """Add the counts of another histogram."""
        self._lib.macsec_histogram_merge(self.pointer, other.pointer)

    def ranked(self, rank: int) -> int:
        """Return the value of a rank."""
        return int(self._lib.macsec_histogram_ranked(self.pointer, rank))

    def cells(self) -> Iterator[tuple[int, int]]:
        """Yield the cells that are not empty."""
        counts = np.frombuffer(self._ffi.buffer(self.pointer.counts), np.uint64)
        return ((int(cell), int(counts[cell])) for cell in np.flatnonzero(counts))

    @property
    def total(self) -> int:
        """The number of values."""
        return int(self.pointer.total)

    @property
    def least(self) -> int:
        """The smallest value."""
        return int(self.pointer.least)

    @property
    def most(self) -> int:
        """The largest value."""
        return int(self.pointer.most)

    @property
    def mean(self) -> float:
        """Computed from the middles of the cells."""
        return float(self._lib.macsec_histogram_mean(self.pointer))

    @property
    def stdev(self) -> float:
        """Computed from the middles of the cells."""
        return math.sqrt(self._lib.macsec_histogram_variance(self.pointer))


def at_share(histogram: Histogram, share: Fraction) -> int:
    """Return the least value that at least this share of all values do not exceed."""
    return histogram.ranked(max(1, math.ceil(share * histogram.total)))


def summary(histogram: Histogram) -> Summary:
    """Return percentiles and the other numbers."""
    percentiles = {name: at_share(histogram, share) for name, share in SHARES.items()}
    return Summary(
        histogram.total,
        histogram.least,
        histogram.mean,
        histogram.stdev,
        percentiles,
        histogram.most,
        percentiles["p99.9"] - histogram.least,
    )


def levels(histogram: Histogram) -> Iterator[Level]:
    """Yield the percentile distribution: five steps to each halving of the rest, then all."""
    held = list(histogram.cells())
    at, below = 0, held[0][1] if held else 0
    for share in _shares():
        wanted = math.ceil(share * histogram.total)
        while below < wanted:
            at += 1
            below += held[at][1]
        if below == histogram.total:
            break
        yield Level(min(bounds(held[at][0])[1], histogram.most), share, below)
    yield Level(histogram.most, Fraction(1), histogram.total)


class Steps(NamedTuple):
    """A histogram in equal steps of `width` ns from `first` on; `beyond` lie above the last."""

    first: int
    width: int
    counts: list[int]
    beyond: int


def steps(histogram: Histogram, share: Fraction, most: int, unit: int = 1) -> Steps:
    """Return at most n steps that hold at least this share; the width is a multiple of `unit`."""
    unit = max(unit, 1)
    first, last = histogram.least // unit * unit, at_share(histogram, share)
    width = -(-(last - first + 1) // (most * unit)) * unit
    counts = [0] * ((last - first) // width + 1)
    for cell, count in histogram.cells():
        # A cell lies in the step of its middle, inside the measured range.
        at = (min(max(middle(cell), histogram.least), histogram.most) - first) // width
        if at < len(counts):
            counts[at] += count
    return Steps(first, width, counts, histogram.total - sum(counts))


def _shares() -> Iterator[Fraction]:
    left = Fraction(1)
    while True:
        for step in range(STEPS):
            yield 1 - left + left * step / (2 * STEPS)
        left /= 2
