"""The histogram in C and in Python: equal to one another, to sorted values, to HdrHistogram."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planes import PLANES

from macsec.errors import ConfigError
from macsec.measure.latency.histogram import (
    CELLS,
    MOST,
    SHARES,
    WHOLE,
    PythonHistogram,
    at_share,
    bounds,
    cell_of,
    levels,
    new_histogram,
    steps,
    summary,
)
from macsec.report.latency.hgrm import BUCKETS, to_hgrm

NATIVE = len(PLANES) > 1
BACKENDS = ["reference", *(["native"] if NATIVE else [])]
needs_native = pytest.mark.skipif(not NATIVE, reason="the native data plane was not built")

latencies = st.one_of(st.integers(0, 5000), st.integers(0, MOST), st.integers(-(2**63), 2**63 - 1))
samples = st.lists(latencies, max_size=200)


@pytest.fixture(params=BACKENDS)
def new(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """A maker of histograms of each twin."""
    return lambda: new_histogram(request.param)


def exact_content(histogram: Any) -> tuple[Any, ...]:
    """Return everything that has to be exactly equal."""
    extremes = (histogram.total, histogram.least, histogram.most)
    return *extremes, list(histogram.cells()), list(levels(histogram))


@pytest.mark.parametrize("shift", range(32))
def test_cells_have_no_gaps_and_three_digits(shift: int) -> None:
    """Cells have no gaps, and none is wider than a 1024th of its values."""
    for cell in (shift * 1024, shift * 1024 + 1, shift * 1024 + 1023):
        lowest, highest = bounds(cell)
        assert cell_of(lowest) == cell_of(highest) == cell < CELLS
        assert cell_of(highest + 1) == cell + 1
        assert (highest - lowest) * 1024 <= lowest


def test_an_hour_has_the_last_cell() -> None:
    """An hour has a cell; the array ends close after it."""
    assert CELLS - 1024 <= cell_of(MOST) < CELLS


@needs_native
def test_c_and_python_have_the_same_sizes() -> None:
    """The header and the Python twin have the same sizes."""
    from macsec._native import ffi, lib

    assert lib.MACSEC_HISTOGRAM_CELLS == CELLS == len(ffi.new("macsec_histogram *").counts)
    assert lib.MACSEC_HISTOGRAM_MOST == MOST


@needs_native
@given(samples, samples, st.integers(0, 2**20))
def test_c_and_python_count_alike(first: list[int], second: list[int], times: int) -> None:
    """The same values, merged or one by one, give the same cells, levels, mean and deviation."""
    native, python = new_histogram("native"), new_histogram("reference")
    for each in (native, python):
        other = new_histogram("native" if each is native else "reference")
        each.record_many(first)
        other.record_many(second)
        other.record(7, times)
        each.merge(other)
    assert exact_content(native) == exact_content(python)
    assert math.isclose(native.mean, python.mean, rel_tol=1e-9)
    assert math.isclose(native.stdev, python.stdev, rel_tol=1e-6, abs_tol=1e-3)


@given(st.lists(st.integers(0, MOST), min_size=1, max_size=200))
def test_a_rank_gives_its_sorted_value_to_three_digits(values: list[int]) -> None:
    """Each rank gives the sorted value of that rank, to three significant digits, never below."""
    histogram = PythonHistogram()
    histogram.record_many(values)
    for rank, value in enumerate(sorted(values), 1):
        assert value <= histogram.ranked(rank) <= min(value + value / 1024, max(values))


def test_summary_has_percentiles_by_nearest_rank(new: Callable[[], Any]) -> None:
    """Percentiles by nearest rank of 1 to 10,000 ns; PDV is p99.9 less the least (RFC 8219)."""
    histogram = new()
    histogram.record_many(range(1, 10_001))
    found = summary(histogram)
    assert (found.total, found.least, found.most) == (10_000, 1, 10_000)
    exact = {"p50": 5000, "p90": 9000, "p99": 9900, "p99.9": 9990, "p99.99": 9999}
    for name, value in exact.items():
        assert value <= found.percentiles[name] <= value * (1 + 1 / 1024)
    assert found.pdv == found.percentiles["p99.9"] - 1
    assert found.mean == pytest.approx(5000.5, rel=1e-3)
    assert found.stdev == pytest.approx(2886.75, rel=1e-3)


def test_an_empty_histogram_is_zero_everywhere(new: Callable[[], Any]) -> None:
    """An empty histogram is zero everywhere."""
    found = summary(new())
    assert found == (0, 0, 0.0, 0.0, dict.fromkeys(SHARES, 0), 0, 0)
    assert list(levels(new())) == [(0, 1, 0)]


def test_values_outside_the_range_count_at_its_ends(new: Callable[[], Any]) -> None:
    """Below 0 counts as 0, above an hour as an hour; zero times adds nothing."""
    histogram = new()
    histogram.record(9, 0)
    histogram.record(-5)
    histogram.record(2**62)
    assert exact_content(histogram)[:3] == (2, 0, MOST)
    assert histogram.ranked(1) == 0
    assert histogram.ranked(2) == histogram.ranked(99) == MOST


def test_an_unknown_backend_is_refused() -> None:
    """An unknown backend is refused by name."""
    with pytest.raises(ConfigError, match="backend 'fast'"):
        new_histogram("fast")


def test_levels_have_five_steps_to_each_halving(new: Callable[[], Any]) -> None:
    """Five steps to each halving, each with all values up to its own; the last holds all."""
    histogram = new()
    histogram.record_many(range(1, 101))
    found = list(levels(histogram))
    assert [float(row.share) for row in found[:8]] == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6]
    assert [row.value for row in found[:8]] == [1, 10, 20, 30, 40, 50, 55, 60]
    assert all(row.total == row.value for row in found)
    assert found[-1] == (100, 1, 100)


def test_hgrm_has_the_columns_of_hdrhistogram(new: Callable[[], Any]) -> None:
    """The text has the columns of HdrHistogram: value, percentile, count, 1/(1-percentile)."""
    histogram = new()
    histogram.record_many([10, 20, 3000])
    lines = to_hgrm(histogram).splitlines()
    assert lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    rows = [line for line in lines[2:] if not line.startswith("#")]
    assert [line for line in rows[:-1] if not re.fullmatch(r"( *[\d.]+){4}", line)] == []
    assert rows[0].split() == ["10.000", "0.000000000000", "1", "1.00"]
    assert rows[-1].split() == ["3000.000", "1.000000000000", "3"]
    assert lines[-2] == "#[Max     =     3000.000, Total count    =            3]"
    assert lines[-1] == "#[Buckets =           32, SubBuckets     =         2048]"


SAMPLES = {
    "few": [0, 1, 2047, 2048, 2049, 4097, 10**9, MOST],
    "many": [round(20 * 1.01**step) for step in range(1000)],
    "skewed": [step * step * step for step in range(1000)],
}


@pytest.mark.parametrize("values", SAMPLES.values(), ids=SAMPLES)
def test_numbers_equal_those_of_hdrhistogram(values: list[int]) -> None:
    """Cells, percentiles, mean and deviation are those of the package `hdrhistogram`."""
    package = pytest.importorskip("hdrh.histogram", reason="hdrhistogram is not installed")
    theirs, ours = package.HdrHistogram(1, MOST, 3), PythonHistogram()
    for value in values:
        theirs.record_value(value)
    ours.record_many(values)
    assert (theirs.bucket_count, theirs.sub_bucket_count) == (BUCKETS, WHOLE)
    assert [theirs.get_count_at_index(cell) for cell, _ in ours.cells()] == [
        count for _, count in ours.cells()
    ]
    for percent in (12.5, 25, 50, 75, 87.5, 100):  # whole ranks: elsewhere it rounds to either side
        found = theirs.get_value_at_percentile(percent)
        assert at_share(ours, Fraction(percent) / 100) == min(found, max(values))
    assert theirs.get_mean_value() == pytest.approx(ours.mean)
    assert theirs.get_stddev() == pytest.approx(ours.stdev)


def test_steps_are_equal_and_the_rest_is_beyond(new: Callable[[], Any]) -> None:
    """Equal steps up to the given share; the rest is beyond."""
    histogram = new()
    histogram.record_many([20, 21, 29, 30, 55, 5000])
    assert steps(histogram, Fraction(5, 6), 4, 10) == (20, 10, [3, 1, 0, 1], 1)
    assert steps(histogram, Fraction(5, 6), 2, 10) == (20, 20, [4, 1], 1)
    assert steps(new(), Fraction(1), 4) == (0, 1, [0], 0)


@given(st.lists(st.integers(0, MOST), min_size=1, max_size=100), st.integers(1, 50))
def test_steps_lose_no_value(values: list[int], most: int) -> None:
    """There are at most n steps, and no value is lost."""
    histogram = PythonHistogram()
    histogram.record_many(values)
    found = steps(histogram, Fraction(99, 100), most, 10)
    assert len(found.counts) <= most
    assert sum(found.counts) + found.beyond == len(values)
    assert found.width % 10 == found.first % 10 == 0


def test_the_rank_of_a_share_is_rounded_up(new: Callable[[], Any]) -> None:
    """The rank is rounded up: half of three values is two."""
    histogram = new()
    histogram.record_many([1, 2, 3])
    assert at_share(histogram, Fraction(1, 2)) == 2
    assert at_share(histogram, Fraction(0)) == 1
