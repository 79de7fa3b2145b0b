"""Virtual time in step with a clock: never faster, never catching up, requests first."""

from __future__ import annotations

import threading

import pytest
from support.services.otg import MS, Rig, S, config

from macsec.otg.pump import PATIENCE_NS, SLICE_NS, TimePump, _fitting


class Clock:
    """A clock that each advance of virtual time moves; the pump ends at a time."""

    def __init__(self, cost_ns: int, end_ns: int) -> None:
        self.now_ns = 0
        self.cost_ns = cost_ns
        self.end_ns = end_ns
        self.virtual_ns = 0
        self.longest_ns = 0
        self.pump: TimePump | None = None
        self.failed = threading.Event()
        self.changes = 0

    def __call__(self) -> int:
        """Return the time; the thread that reads it does not wait."""
        return self.now_ns

    def advance(self, ns: int) -> bool:
        """Take the cost of virtual time."""
        self.virtual_ns += ns
        took = ns * self.cost_ns // SLICE_NS
        self.longest_ns = max(self.longest_ns, took)
        self.now_ns += took
        if self.now_ns >= self.end_ns:
            self.pump._stop.set()
        return True

    def wait(self, seconds: float) -> None:
        """Let the clock go on instead of waiting."""
        self.now_ns += round(seconds * S)


def run(cost_ns: int, speed: float, end_ns: int = 10 * S) -> Clock:
    """Run a pump in this thread until a time of the clock."""
    clock = Clock(cost_ns, end_ns)
    pump = clock.pump = TimePump(clock, clock, speed, clock.failed.set)
    pump._stop.wait = clock.wait  # type: ignore[method-assign, assignment]
    pump._run()
    assert pump.failure is None
    return clock


def test_virtual_time_follows_the_clock_at_its_speed() -> None:
    """With time to spare it passes at the speed, to a few slices."""
    for speed in (0.5, 1, 20):
        clock = run(1000, speed)
        assert abs(clock.virtual_ns - 10 * S * speed) < 20 * SLICE_NS * max(1, speed)


def test_overload_slows_time_and_shortens_slices() -> None:
    """A slice that takes ten times its time makes virtual time slow, and requests wait briefly."""
    clock = run(100 * SLICE_NS, 1)
    assert abs(clock.virtual_ns - 10 * S // 100) < 2 * SLICE_NS
    assert clock.longest_ns < 10 * PATIENCE_NS
    assert _fitting(SLICE_NS, 100 * PATIENCE_NS) == SLICE_NS // 100
    assert _fitting(SLICE_NS // 100, PATIENCE_NS // 2) == SLICE_NS // 50
    assert _fitting(SLICE_NS, 0) == SLICE_NS


def test_failure_of_virtual_time_is_reported() -> None:
    """The pump ends, keeps the error, and calls the handler."""

    class Broken:
        """Virtual time that cannot go on."""

        changes = 0

        def advance(self, ns: int) -> bool:
            """Fail."""
            raise ValueError(ns)

    failed = threading.Event()
    pump = TimePump(Broken(), lambda: 0, 1, failed.set)
    pump.start()
    assert failed.wait(10)
    pump.stop()
    assert isinstance(pump.failure, ValueError)


def test_request_goes_before_the_next_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time waits while a request does."""
    service = Rig(config()).service
    waits = []

    def wait() -> None:
        waits.append(service._bench.now_ns)
        service._waiting = 0

    monkeypatch.setattr(service._free, "wait", wait)
    service._waiting = 1
    assert service.advance(MS)
    assert (waits, service.now_ns) == ([0], MS)
    assert service.advance(MS)
    assert waits == [0]


def test_requests_beside_a_running_pump_are_answered() -> None:
    """Two threads use one bench; in the end no request waits."""
    rig = Rig(config())
    ended = threading.Event()

    def advance() -> None:
        while not ended.is_set():
            rig.service.advance(MS // 10)

    thread = threading.Thread(target=advance)
    thread.start()
    try:
        rows = [rig.rows("port") for _ in range(50)]
    finally:
        ended.set()
        thread.join()
    assert len(rows) == 50
    assert rig.service._waiting == 0
