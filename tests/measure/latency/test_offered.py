"""Offered load in virtual time: queues worked out by hand, and the C twin."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planes import PLANES
from support.virtual.virtual_server import VirtualServer

from macsec.measure.latency.histogram import PythonHistogram
from macsec.measure.latency.offered import Offered, deadline, offer

NATIVE = len(PLANES) > 1


def run(service: list[int], interval: float, capacity: int) -> tuple[Offered, list[int]]:
    """Run in Python; return the outcome and the latencies in order."""
    latencies: list[int] = []
    outcome = offer(VirtualServer(service), interval, len(service), capacity, latencies.append)
    return outcome, latencies


def test_without_load_no_frame_waits() -> None:
    """A frame every 10 ticks, 3 ticks each: no frame waits."""
    assert run([3] * 5, 10, 4) == (Offered(5, 5, 0, 0, 43), [3] * 5)


def test_waiting_frames_are_charged_from_when_they_were_due() -> None:
    """Frames behind one of 100 ticks are charged for their waiting, not for 1 tick each."""
    outcome, latencies = run([100, 1, 1, 1, 1], 10, 100)
    assert latencies == [100, 91, 82, 73, 64]
    assert (outcome.lost, outcome.ticks) == (0, 104)


def test_a_frame_after_the_deadline_is_late() -> None:
    """Ten frames in 100 ticks, deadline at 101: a frame done later is late, with any ring."""
    outcome, latencies = run([11] * 10, 10, 100)
    assert outcome == Offered(10, 10, 1, 0, 110)
    assert latencies == [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]


def test_a_full_ring_loses_frames() -> None:
    """A ring of two places loses the frames that arrive during one of 100 ticks."""
    outcome, latencies = run([100, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 10, 2)
    assert outcome == Offered(12, 3, 0, 9, 111)
    assert latencies == [100, 91, 1]


def test_a_place_is_occupied_until_its_frame_is_done() -> None:
    """A frame due at the tick at which another is done finds its place still occupied."""
    assert run([10, 10], 10, 1) == (Offered(2, 1, 0, 1, 10), [10])


def test_no_frames_give_an_empty_outcome() -> None:
    """Without frames nothing is done."""
    assert run([], 10, 1) == (Offered(0, 0, 0, 0, 0), [])


@given(
    st.lists(st.integers(0, 500), max_size=120),
    st.floats(0.3, 300, allow_nan=False),
    st.integers(1, 20),
)
def test_each_frame_is_handled_or_lost(service: list[int], interval: float, capacity: int) -> None:
    """Each frame is handled or lost, and none is done before its own time has passed."""
    outcome, latencies = run(service, interval, capacity)
    assert outcome.handled + outcome.lost == outcome.frames == len(service)
    assert outcome.late <= outcome.handled
    assert len(latencies) == outcome.handled
    assert all(latency >= own for latency, own in zip(latencies, service, strict=False))


@pytest.mark.skipif(not NATIVE, reason="the native data plane was not built")
@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=120),
    st.floats(0.3, 300, allow_nan=False),
    st.integers(1, 20),
)
def test_c_and_python_offer_alike(service: list[int], interval: float, capacity: int) -> None:
    """The queue in C has the same outcome."""
    from macsec._native import ffi, lib

    histogram = PythonHistogram()
    outcome = offer(VirtualServer(service), interval, len(service), capacity, histogram.record)
    assert native(ffi, lib, service, interval, capacity) == (
        outcome,
        list(histogram.cells()),
        histogram.least,
        histogram.most,
    )


def native(ffi: Any, lib: Any, service: list[int], interval: float, capacity: int) -> Any:
    """Run in C, in virtual time: a chain without SecYs, one tick a nanosecond."""
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
    outcome = Offered(len(service), run.handled, run.late, run.lost, run.ticks)
    return outcome, list(latency.cells()), latency.least, latency.most
