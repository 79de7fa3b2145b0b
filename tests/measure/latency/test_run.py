"""Chains of two SecYs on every plane and kernel, and a small measurement; no time is asserted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from support.planes import PLANES, Plane

from macsec.errors import ConfigError, MACsecError
from macsec.measure.latency import undisturbed as tested
from macsec.measure.latency.chain import LANES, Chain, make_chain
from macsec.measure.latency.histogram import PythonHistogram
from macsec.measure.latency.run import (
    LatencyPlan,
    LatencyResults,
    LatencySubject,
    LatencyTarget,
    Processing,
    measure,
)
from macsec.measure.latency.serialisation import Added, table
from macsec.measure.latency.undisturbed import undisturbed
from macsec.measure.other_work import OtherWork
from macsec.measure.task import receiving_plane, sending_plane
from macsec.measure.workload import parse
from macsec.suites import SUITES

SUITE = SUITES["gcm-aes-128"]


def chain_on(plane: Plane, size: str = "64") -> Chain:
    """A chain with a few frames."""
    frames = parse(size).batch(3)
    return make_chain(SUITE, True, frames, plane.backend, plane.kernel)


@pytest.fixture
def chain(plane: Plane) -> Iterator[Chain]:
    """A chain on each plane and kernel."""
    made = chain_on(plane)
    yield made
    made.close()


def test_each_frame_is_in_every_lane_once(chain: Chain, plane: Plane) -> None:
    """Each frame is in every lane once, and both ways take longer than either."""
    lanes = chain.lanes(50)
    assert list(lanes) == list(LANES)
    assert {name: each.total for name, each in lanes.items()} == dict.fromkeys(LANES, 50)
    assert lanes["both"].least >= max(lanes["protect"].least, lanes["validate"].least)
    assert (chain.backend, chain.kernel) == (plane.backend, chain.kernel)
    assert plane.kernel in (None, chain.kernel)


def test_clock_names_its_source_and_its_steps(chain: Chain) -> None:
    """The clock names its source and the width of its steps."""
    clock = chain.clock
    assert clock.source in ("time stamp counter", "clock_gettime", "perf_counter_ns")
    assert clock.ns_per_tick > 0
    assert clock.empty_ns >= 0
    assert clock.step_ns > 0


def test_a_ring_with_room_for_all_loses_none(chain: Chain) -> None:
    """A ring with room for all frames loses none, and has all their latencies."""
    load = chain.load(1e6, 200, 200)
    assert (load.offered.handled, load.offered.lost) == (200, 0)
    assert load.latency.total == 200
    assert load.frames_per_s == 1e6


def test_an_overloaded_ring_loses_frames(chain: Chain) -> None:
    """A ring of two places loses frames that are all due at once."""
    load = chain.load(1e15, 100, 2)
    assert load.offered.handled + load.offered.lost == 100
    assert load.offered.handled == load.latency.total < 100


def test_a_fault_is_no_measurement(plane: Plane) -> None:
    """If frames do not come back, nothing is measured; here the receiver has no SA."""
    frames = parse("64").batch(3)
    tx = sending_plane(SUITE, True, plane.backend, plane.kernel)
    rx = receiving_plane(SUITE, True, plane.backend, plane.kernel)
    made: Any = type(chain_on(plane))(tx, rx, frames)  # type: ignore[call-arg]
    rx.remove_rx_sa(0x5254001301560001, 0)
    with pytest.raises(MACsecError, match="5 frames did not come back"):
        made.lanes(5)
    with pytest.raises(MACsecError, match="frames did not come back"):
        made.load(1e6, 5, 5)
    made.close()


def test_mistakes_are_refused_before_the_call_of_c(chain: Chain, plane: Plane) -> None:
    """No frames, no rate, no ring or wiped keys are refused before the call of C."""
    with pytest.raises(ConfigError, match="no frames"):
        make_chain(SUITE, True, parse("64").batch(0), plane.backend, plane.kernel)
    for rate, ring in ((0.0, 1), (1.0, 0)):
        with pytest.raises(ConfigError, match="above 0"):
            chain.load(rate, 1, ring)
    chain.close()
    for call in (lambda: chain.lanes(1), lambda: chain.load(1.0, 1, 1)):
        with pytest.raises(MACsecError):
            call()


@pytest.fixture(scope="module", params=sorted({plane.backend for plane in PLANES}))
def results(request: pytest.FixtureRequest) -> LatencyResults:
    """A measurement of two sizes, on each backend."""
    plan = LatencyPlan(
        sizes=(64, 1518),
        suites=[SUITE],
        frames=20,
        loads=(50,),
        trial_s=0.0005,
        slices=2,
        backend=request.param,
    )
    called: list[None] = []
    found = measure(plan, lambda: called.append(None))
    assert len(called) == plan.steps == 6
    return found


def test_results_have_every_part(results: LatencyResults) -> None:
    """Every part has its subject, and (b) all its rows."""
    sizes = [64, 1518]
    assert [each.subject.frame_octets for each in results.processing] == sizes
    assert [each.subject.frame_octets for each in results.rates] == sizes
    assert results.backend == results.plan.backend
    assert results.added == list(table(sizes))
    for loaded in results.loads:
        assert loaded.offered.handled + loaded.offered.lost == loaded.offered.frames
        assert loaded.latency.total == loaded.offered.handled
        assert loaded.interrupted <= loaded.slices == 2


def test_targets_of_the_results(results: LatencyResults) -> None:
    """One target for 1518 octets, and one for 12 ms, which is met on any machine."""
    processing, added = results.targets()
    assert processing.name == "protect and validate, p50, 1518 octets, gcm-aes-128, confidentiality"
    assert processing.value == results.processing[1].both_ns / 1000
    assert processing.limit == 0.5
    assert added.met
    assert (added.unit, added.limit) == ("%", 0.01)
    assert not LatencyTarget("one", 2, 1, "us").met


def test_busy_machine_gets_no_verdict_on_what_was_timed(results: LatencyResults) -> None:
    """Work of others leaves timed targets open; what is computed is judged as always."""
    busy = OtherWork()
    busy.share = 0.5
    disturbed = replace(results, others=busy)
    processing, added = disturbed.targets()
    assert disturbed.met(processing) is None
    assert disturbed.met(added) is results.met(added) is True
    assert results.met(processing) is processing.met


def test_without_search_only_frames_one_by_one_are_measured() -> None:
    """Without a search only frames one by one are measured, in both modes."""
    plan = LatencyPlan(sizes=(64,), suites=[SUITE], modes=(True, False), frames=2, search=False)
    found = measure(plan)
    assert plan.steps == len(found.processing) == 2
    assert [each.subject.mode for each in found.processing] == ["confidentiality", "integrity"]
    assert found.rates == found.loads == []
    assert [row.name[:5] for row in found.targets()] == ["added"]


def test_added_time_is_less_by_two_copies() -> None:
    """Added time is less by a copy at either end."""
    lanes: dict[str, Any] = {name: PythonHistogram() for name in LANES}
    lanes["both"].record_many([300, 400, 500])
    lanes["clear"].record_many([30, 40, 50])
    assert Processing(LatencySubject(SUITE, True, 64), lanes).added_ns == 400 - 80


def test_the_rate_of_a_link_counts_preamble_and_gap() -> None:
    """The rate of a link counts preamble and gap; that of frames does not."""
    subject = LatencySubject(SUITE, True, 1518)
    assert subject.gbit_per_s(1e6) == pytest.approx(12.144)
    assert subject.wire_gbit_per_s(1e6) == pytest.approx(12.304)
    assert Added(1518, 10, 32, table().__next__().path).share > Fraction(0)


def test_an_interrupted_run_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that lost the CPU is repeated; if all lost it, the one that had most of it counts."""
    now, rests = {"wall": 0, "cpu": 0}, []
    monkeypatch.setattr(tested.time, "sleep", rests.append)  # type: ignore[attr-defined]
    monkeypatch.setattr(tested.time, "perf_counter_ns", lambda: now["wall"])  # type: ignore[attr-defined]
    monkeypatch.setattr(tested.time, "thread_time_ns", lambda: now["cpu"])  # type: ignore[attr-defined]

    def runs(*shares: int) -> Any:
        left = list(shares)

        def run() -> int:
            now["wall"] += 100
            now["cpu"] += left[0]
            return left.pop(0)

        return run

    assert undisturbed(runs(50, 98, 99)) == (98, False)
    assert len(rests) == 1
    assert undisturbed(runs(50, 90, 20, 80, 85)) == (90, True)
