"""Rounds in turn, and the numbers computed from them."""

from __future__ import annotations

import gc
from itertools import pairwise

import pytest

from macsec.measure.timing import Timing, race


class Sleeper:
    """A contestant that notes its turns."""

    backend = kernel = "sleeper"
    frames = batch = 1

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name, self._notes = name, notes

    def run(self, times: int) -> None:
        """Note a turn."""
        assert times >= 1
        self._notes.append(self.name)
        sum(range(2000 * times))

    def check(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def test_contestants_run_in_turn_without_the_garbage_collector() -> None:
    """A B C A B C, and the collector of garbage is on again afterwards."""
    notes: list[str] = []
    steps: list[int] = []
    contestants = [Sleeper(name, notes) for name in "ABC"]
    timings = race(contestants, 3, lambda: steps.append(len(notes)), round_ns=50_000)
    assert [len(timing.rounds) for timing in timings] == [3, 3, 3]
    assert all(ns > 0 for timing in timings for ns in timing.rounds)
    turns = "".join(notes)
    for begin, end in pairwise(steps):
        assert "".join(dict.fromkeys(turns[begin:end])) == "ABC"
    assert gc.isenabled()


def test_median_best_spread_and_ratio_of_rounds() -> None:
    """Median, best, spread, and ratios round by round."""
    slow, fast = Timing((20.0, 40.0, 30.0), 0), Timing((10.0, 10.0, 20.0), 1)
    assert (slow.median, slow.best) == (30.0, 20.0)
    assert slow.spread == pytest.approx(10 / 30)
    assert slow.ratio(fast) == 2.0
    assert Timing((5.0,), 0).spread == 0.0
