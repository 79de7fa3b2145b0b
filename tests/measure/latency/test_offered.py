"""Offered load in virtual time: queues worked out by hand, and the C twin."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planes import PLANES

from macsec.measure.latency.histogram import PythonHistogram
from macsec.measure.latency.offered import Offered, VirtualServer, deadline, offer

NATIVE = len(PLANES) > 1


def run(service: list[int], interval: float, capacity: int) -> tuple[Offered, list[int]]:
    """A run in Python, with the latencies in order."""
    latencies: list[int] = []
    told = offer(VirtualServer(service), interval, len(service), capacity, latencies.append)
    return told, latencies


def test_unloaded() -> None:
    """A frame every 10 ticks, 3 each: nobody waits."""
    assert run([3] * 5, 10, 4) == (Offered(5, 5, 0, 0, 43), [3] * 5)


def test_no_coordinated_omission() -> None:
    """Behind one frame of 100 ticks the next are charged for their waiting, not for 1 tick each."""
    told, latencies = run([100, 1, 1, 1, 1], 10, 100)
    assert latencies == [100, 91, 82, 73, 64]
    assert (told.lost, told.ticks) == (0, 104)


def test_late() -> None:
    """Ten frames in 100 ticks, the deadline at 101: what waits longer is late, with any ring."""
    told, latencies = run([11] * 10, 10, 100)
    assert told == Offered(10, 10, 1, 0, 110)
    assert latencies == [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]


def test_ring() -> None:
    """While one frame takes 100 ticks there is its place and one more: the rest are lost."""
    told, latencies = run([100, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 10, 2)
    assert told == Offered(12, 3, 0, 9, 111)
    assert latencies == [100, 91, 1]


def test_place_is_held_until_done() -> None:
    """A frame due at the very tick at which another is done still finds its place taken."""
    assert run([10, 10], 10, 1) == (Offered(2, 1, 0, 1, 10), [10])


def test_no_frames() -> None:
    """Nothing offered, nothing done."""
    assert run([], 10, 1) == (Offered(0, 0, 0, 0, 0), [])


@given(
    st.lists(st.integers(0, 500), max_size=120),
    st.floats(0.3, 300, allow_nan=False),
    st.integers(1, 20),
)
def test_everyone_is_accounted_for(service: list[int], interval: float, capacity: int) -> None:
    """Each frame is handled or lost, and none is done before its own time has passed."""
    told, latencies = run(service, interval, capacity)
    assert told.handled + told.lost == told.frames == len(service)
    assert told.late <= told.handled
    assert len(latencies) == told.handled
    assert all(latency >= own for latency, own in zip(latencies, service, strict=False))


@pytest.mark.skipif(not NATIVE, reason="the native data plane was not built")
@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=120),
    st.floats(0.3, 300, allow_nan=False),
    st.integers(1, 20),
)
def test_twins(service: list[int], interval: float, capacity: int) -> None:
    """The queue in C does the same with each frame."""
    from macsec._native import ffi, lib

    histogram = PythonHistogram()
    told = offer(VirtualServer(service), interval, len(service), capacity, histogram.record)
    assert native(ffi, lib, service, interval, capacity) == (
        told,
        list(histogram.cells()),
        histogram.least,
        histogram.most,
    )


def native(ffi: Any, lib: Any, service: list[int], interval: float, capacity: int) -> Any:
    """The same in C, in virtual time: a chain without SecYs, a tick a nanosecond."""
    from macsec import _native
    from macsec.measure.latency.histogram import NativeHistogram

    latency = NativeHistogram(_native)
    kept = ffi.new("int64_t[]", service), ffi.new("int64_t[]", capacity)
    run = ffi.new(
        "macsec_offer *",
        {
            "interval_ticks": interval,
            "frames": len(service),
            "service": kept[0],
            "ring": kept[1],
            "capacity": capacity,
            "deadline_ticks": deadline(interval, len(service)),
            "latency": latency.pointer,
        },
    )
    lib.macsec_chain_offer(ffi.new("macsec_chain *", {"ns_per_tick": 1.0}), run)
    told = Offered(len(service), run.handled, run.late, run.lost, run.ticks)
    return told, list(latency.cells()), latency.least, latency.most
