"""One frame at a time through protect and validate, and the histogram that counts the times."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from support.planes import PLANES, Plane

from macsec.measure.latency.chain import LANES, make_chain
from macsec.measure.latency.histogram import new_histogram
from macsec.measure.workload import parse
from macsec.suites import SUITES

VALUES = 100_000
BACKENDS = sorted({plane.backend for plane in PLANES})


@pytest.mark.parametrize("size", ["60", "1514", "9014"])
def test_frames_in_all_lanes(benchmark: BenchmarkFixture, chosen: Plane, size: str) -> None:
    """64 frames timed in all lanes: each of them is in every one."""
    frames = parse(size).batch(16)
    chain = make_chain(SUITES["gcm-aes-128"], True, frames, chosen.backend, chosen.kernel)
    lanes = benchmark(chain.lanes, 64)
    chain.close()
    assert {name: lanes[name].total for name in LANES} == dict.fromkeys(LANES, 64)


def test_frames_through_a_ring(benchmark: BenchmarkFixture, chosen: Plane) -> None:
    """64 frames that are all due at once, through a ring that holds them."""
    frames = parse("60").batch(16)
    chain = make_chain(SUITES["gcm-aes-128"], True, frames, chosen.backend, chosen.kernel)
    load = benchmark(chain.load, 1e12, 64, 64)
    chain.close()
    assert (load.offered.handled, load.latency.total) == (64, 64)


@pytest.mark.parametrize("backend", BACKENDS)
def test_values_into_a_histogram(benchmark: BenchmarkFixture, backend: str) -> None:
    """100,000 values from 20 ns to 20 ms: the median is that of the values."""
    values = (20 * 1000 ** (np.arange(VALUES) / VALUES * 2)).astype(np.int64).tolist()
    histogram = new_histogram(backend)
    benchmark(histogram.record_many, values)
    assert histogram.total % VALUES == 0
    assert histogram.ranked(histogram.total // 2) == pytest.approx(20_000, rel=0.002)
