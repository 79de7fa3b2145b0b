"""The highest rate at which a device meets a goal of loss, by short trials at offered rates.

After the idea of MLRsearch, one trial decides nothing. A rate is good for a goal once half of the
trials that the goal asks for are sure to be good, and bad once more than half are sure to be bad;
all goals share all trials. The search closes in by halving the ratio of the bounds. D-17 says when
a trial is good.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

LEAST = 1 / 4096
"""Share of the highest rate below which the search ends."""


class Trial(NamedTuple):
    """Frames offered at a rate, and the number of lost ones."""

    offered: int
    lost: int


Device = Callable[[int], Trial]
"""A device under test: runs a trial at a rate in frames a second."""


@dataclass(frozen=True, slots=True)
class Goal:
    """The share of frames that a trial may lose, the number of trials, the width of the bounds."""

    name: str
    loss: Fraction
    trials: int = 5
    width: Fraction = Fraction(1, 50)

    def judge(self, trials: Sequence[Trial]) -> bool | None:
        """Return good or bad, or None while the missing trials could still change the result."""
        bad = sum(Fraction(trial.lost, trial.offered) > self.loss for trial in trials)
        missing = max(self.trials - len(trials), 0)
        most = max(self.trials, len(trials))
        if 2 * bad > most:
            return False
        return True if 2 * (bad + missing) <= most else None


NDR = Goal("NDR", Fraction(0))
"""No drop rate."""
PDR = Goal("PDR", Fraction(5, 1000))
"""Partial drop rate: half a percent."""
GOALS = (NDR, PDR)


class Bounds(NamedTuple):
    """The bounds in frames a second: a good rate, and a higher one close to it that is bad.

    `good` is None where even the least rate is bad; `bad` is None where the highest is good.
    """

    goal: Goal
    good: int | None
    bad: int | None
    trials: int


def search(device: Device, highest: int, goals: Sequence[Goal] = GOALS) -> list[Bounds]:
    """Return the bounds of each goal, in any order; rates up to `highest` frames a second."""
    trials: dict[int, list[Trial]] = defaultdict(list)

    def judge(goal: Goal, rate: int) -> bool:
        while (verdict := goal.judge(trials[rate])) is None:
            trials[rate].append(device(rate))
        return verdict

    first = device(highest)
    trials[highest].append(first)
    guess = round(highest * (1 - first.lost / first.offered))
    found = [_close_in(goal, judge, trials, highest, guess) for goal in goals]
    total = sum(map(len, trials.values()))
    return [Bounds(goal, good, bad, total) for goal, (good, bad) in zip(goals, found, strict=True)]


def _close_in(
    goal: Goal,
    judge: Callable[[Goal, int], bool],
    trials: dict[int, list[Trial]],
    highest: int,
    guess: int,
) -> tuple[int | None, int | None]:
    least = max(1, math.floor(highest * LEAST))
    if judge(goal, highest):
        return highest, None
    if not judge(goal, least):
        return None, least
    rate, reach = min(max(guess, least), highest), goal.width
    while True:
        judge(goal, rate)
        good, bad = _bounds(goal, trials)
        if bad - good <= 1 or bad <= good * (1 + goal.width):
            return good, bad
        # Near the guess first, each step twice as far as the last; then the geometric middle.
        middle = round(math.sqrt(good * bad))
        if good == rate:
            rate = min(middle, round(good * (1 + reach)))
        elif bad == rate:
            rate = max(middle, round(bad / (1 + reach)))
        else:
            rate = middle
        rate, reach = min(max(rate, good + 1), bad - 1), 2 * reach


def _bounds(goal: Goal, trials: dict[int, list[Trial]]) -> tuple[int, int]:
    """Return the lowest bad rate, and the highest good one below it: doubt counts as bad."""
    judged = {rate: goal.judge(found) for rate, found in trials.items()}
    bad = min(rate for rate, good in judged.items() if good is False)
    return max(rate for rate, good in judged.items() if good and rate < bad), bad
