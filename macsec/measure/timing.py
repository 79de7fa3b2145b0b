"""Timing of several contestants side by side: rounds in turn, A B C A B C."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from macsec.measure.contestant import Contestant

ROUND_NS = 2_000_000
"""The least duration of a round, by repetition."""
ATTEMPTS = 5
SHARE_OF_CPU = 0.97
"""A round with a smaller share of the CPU was interrupted, and is run again. If every attempt is
interrupted, the round counts by its time on the CPU."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Nanoseconds a repetition, one for each round; rounds that were interrupted to the end."""

    rounds: tuple[float, ...]
    interrupted: int

    @property
    def median(self) -> float:
        """The median round."""
        return median(self.rounds)

    @property
    def best(self) -> float:
        """The shortest round."""
        return min(self.rounds)

    @property
    def spread(self) -> float:
        """Distance between the quartiles, as a share of the median."""
        if len(self.rounds) < 2:
            return 0.0
        low, middle, high = quantiles(self.rounds, n=4, method="inclusive")
        return (high - low) / middle

    def ratio(self, other: Timing) -> float:
        """Return the median of the ratios of rounds that ran one after another."""
        return median(a / b for a, b in zip(self.rounds, other.rounds, strict=True))


def race(
    contestants: Sequence[Contestant],
    rounds: int,
    step: Callable[[], None] = lambda: None,
    round_ns: int = ROUND_NS,
) -> list[Timing]:
    """Time all contestants; `step` is called after each round of all."""
    repeats = [_calibrated(contestant, round_ns) for contestant in contestants]
    rounds_ns: list[list[float]] = [[] for _ in contestants]
    interrupted = [0] * len(contestants)
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for at, contestant in enumerate(contestants):
                wall, whole = _round(contestant, repeats[at])
                rounds_ns[at].append(wall / repeats[at])
                interrupted[at] += not whole
            step()
    finally:
        if was_enabled:
            gc.enable()
    return [Timing(tuple(each), cut) for each, cut in zip(rounds_ns, interrupted, strict=True)]


def _round(contestant: Contestant, times: int) -> tuple[float, bool]:
    """Return the ns of a round, and whether it had the CPU to itself within a few attempts."""
    shortest = math.inf
    for _ in range(ATTEMPTS):
        if times > 1:
            contestant.run(1)  # warm caches and predictors, which the previous contestant has used
        cpu_from, wall_from = time.thread_time_ns(), time.perf_counter_ns()
        contestant.run(times)
        wall, cpu = time.perf_counter_ns() - wall_from, time.thread_time_ns() - cpu_from
        if cpu >= SHARE_OF_CPU * wall:
            return wall, True
        shortest = min(shortest, cpu)
    return shortest, False


def _calibrated(contestant: Contestant, round_ns: int) -> int:
    times = 1
    while True:
        # By time on the CPU: an interruption would leave too few repetitions for all rounds.
        begin = time.thread_time_ns()
        contestant.run(times)
        taken = time.thread_time_ns() - begin
        if taken >= round_ns // 4:
            return max(1, -(-round_ns * times // taken))
        times *= 2
