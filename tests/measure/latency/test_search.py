"""The search for rates, on devices whose capacity is known, in virtual time: no clock is read."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.virtual.virtual_server import VirtualServer

from macsec.measure.latency.offered import offer
from macsec.measure.latency.search import GOALS, NDR, PDR, Bounds, Goal, Trial, search

PS = 10**12
FRAMES = 2000
RING = 500


class Queue:
    """A server with the same time for each frame, behind a ring; `capacity` a second."""

    def __init__(self, capacity: int, stalls: float = 0) -> None:
        self.service = PS // capacity
        self.stalls, self.draw, self.rates = stalls, random.Random(7), []

    def __call__(self, rate: int) -> Trial:
        """Run one trial; some of them have a stall of a thousand frames in the middle."""
        service = [self.service] * FRAMES
        if self.draw.random() < self.stalls:
            service[FRAMES // 2] *= 1000
        self.rates.append(rate)
        outcome = offer(VirtualServer(service), PS / rate, FRAMES, RING, lambda _: None)
        return Trial(outcome.frames, outcome.lost + outcome.late)


def by_goal(bounds: list[Bounds]) -> dict[str, Bounds]:
    """Return the bounds by the name of the goal."""
    return {each.goal.name: each for each in bounds}


def check_known_capacity(capacity: int, factor: int) -> None:
    """Check that the bounds lie at the capacity, or a little above by the ring."""
    device = Queue(capacity)
    results = by_goal(search(device, factor * capacity))
    # For a ring of any length: a frame that waits longer than a hundredth of the trial is late.
    hidden = {"NDR": 1.01, "PDR": 1.01 * 1.0051}
    for name, bounds in results.items():
        assert bounds.good is not None
        assert bounds.bad is not None
        assert bounds.good < bounds.bad <= bounds.good * 1.02 + 1
        assert bounds.bad > capacity * 0.999
        assert bounds.good <= capacity * hidden[name] * 1.001 + 1
    assert results["PDR"].good >= results["NDR"].good
    assert results["NDR"].trials == len(device.rates)


@pytest.mark.parametrize("capacity, factor", [(1000, 2), (3_141_593, 7), (10**8, 100)])
def test_bounds_enclose_a_known_capacity(capacity: int, factor: int) -> None:
    """Slow and fast devices, with a narrow and a wide range of rates."""
    check_known_capacity(capacity, factor)


@pytest.mark.exhaustive
@given(st.integers(1000, 10**8), st.integers(2, 100))
def test_bounds_enclose_any_capacity(capacity: int, factor: int) -> None:
    """Any device and any range of rates."""
    check_known_capacity(capacity, factor)


def test_disturbed_trials_do_not_move_the_result() -> None:
    """A third of bad trials for other reasons does not change the result."""
    quiet, noisy = Queue(10**6), Queue(10**6, stalls=0.33)
    calm, disturbed = by_goal(search(quiet, 10**7)), by_goal(search(noisy, 10**7))
    for name in ("NDR", "PDR"):
        assert disturbed[name].good == pytest.approx(calm[name].good, rel=0.05)


def test_a_device_that_always_loses_has_no_good_rate() -> None:
    """A device that always loses has no good rate, and the search ends."""
    results = search(lambda _: Trial(1000, 10), 10**6)
    assert [(each.good, each.bad) for each in results] == [(None, 244), (None, 244)]


def test_a_device_that_never_loses_is_good_at_the_highest_rate() -> None:
    """A device that never loses is good at the highest rate, after the fewest trials."""
    results = search(lambda _: Trial(1000, 0), 10**6)
    assert [(each.good, each.bad, each.trials) for each in results] == [(10**6, None, 3)] * 2


def test_a_loss_between_the_goals_is_good_for_pdr_only() -> None:
    """A device that loses three in a thousand at any rate is good for PDR, and not for NDR."""
    results = by_goal(search(lambda _: Trial(1000, 3), 10**6))
    assert results["NDR"].good is None
    assert results["PDR"].good == 10**6


def test_a_search_takes_few_trials() -> None:
    """A search takes fewer than 90 trials."""
    device = Queue(3_141_593)
    search(device, 8_000_000)
    assert len(device.rates) < 90


@pytest.mark.parametrize(
    "lost, good",
    [
        ((), None),
        ((0, 0), None),
        ((0, 0, 0), True),
        ((1, 1), None),
        ((1, 1, 1), False),
        ((0, 1, 0, 1), None),
        ((0, 1, 0, 1, 0), True),
        ((0, 1, 0, 1, 1), False),
    ],
)
def test_a_rate_is_judged_once_missing_trials_cannot_change_it(
    lost: tuple[int, ...], good: bool | None
) -> None:
    """A rate is decided once the missing trials cannot change it; half of them may be bad."""
    assert NDR.judge([Trial(100, each) for each in lost]) is good


def test_half_of_an_even_number_of_bad_trials_is_good() -> None:
    """Two bad ones of four are half: that is good."""
    goal = Goal("even", Fraction(0), trials=4)
    assert goal.judge([Trial(9, lost) for lost in (1, 1)]) is None
    assert goal.judge([Trial(9, lost) for lost in (1, 1, 0, 0)]) is True
    assert goal.judge([Trial(9, lost) for lost in (1, 1, 0, 1)]) is False


def test_exactly_half_a_per_cent_is_good_for_pdr() -> None:
    """Half a percent is good for PDR, and one frame more is not."""
    goal = Goal("one", PDR.loss, trials=1)
    assert goal.judge([Trial(1000, 5)])
    assert goal.judge([Trial(1000, 6)]) is False
    assert [each.loss for each in GOALS] == [0, Fraction(1, 200)]
