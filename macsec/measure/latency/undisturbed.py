"""Runs that a scheduler may interrupt, repeated until one had the CPU to itself (D-18)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from macsec.measure.timing import ATTEMPTS, SHARE_OF_CPU

REST_S = 0.001
"""Pause between attempts: a scheduler prefers a thread that has waited."""

T = TypeVar("T")


class BestRun(NamedTuple, Generic[T]):
    """The result of a run, and whether it was interrupted."""

    result: T
    interrupted: bool


def undisturbed(run: Callable[[], T], attempts: int = ATTEMPTS) -> BestRun[T]:
    """Return the first run that had the CPU throughout, else the one that had most of it.

    A run that never waits has the CPU throughout unless the scheduler interrupts it.
    """
    best, most = None, -1.0
    for _ in range(attempts):
        cpu_from, wall_from = time.thread_time_ns(), time.perf_counter_ns()
        result = run()
        wall, cpu = time.perf_counter_ns() - wall_from, time.thread_time_ns() - cpu_from
        share = cpu / max(wall, 1)
        if share >= SHARE_OF_CPU:
            return BestRun(result, False)
        if share > most:
            best, most = BestRun(result, True), share
        time.sleep(REST_S)
    assert best is not None  # noqa: S101
    return best
