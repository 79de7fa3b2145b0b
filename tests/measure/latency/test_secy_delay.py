"""Delays of Table 10-3: limits against numbers computed by hand, and the verdicts at them."""

from __future__ import annotations

import pytest

from macsec.measure.latency.secy_delay import DIRECTIONS, SecyDelay, delays, limit_ps
from macsec.measure.latency.serialisation import RATES


@pytest.mark.parametrize("octets", [64, 512, 1518])
def test_limit_counts_the_longest_mpdu_and_four_short_ones(octets: int) -> None:
    """1518 octets, SecTAG and ICV, preamble and gap, and four times 84: 1906 octets."""
    assert limit_ps(octets, 100) == 152_480
    assert limit_ps(octets, 1) == 15_248_000


def test_limit_of_a_longer_frame_is_that_of_its_link() -> None:
    """9018 octets take the place of 1518."""
    assert limit_ps(9018, 100) == 752_480


def test_verdict_turns_at_the_limit_of_each_rate() -> None:
    """Delay and variance each have a verdict of their own."""
    at, past = SecyDelay("transmit", 64, 152, 153, 100), SecyDelay("receive", 64, 153, 152, 100)
    assert (at.delay_met, at.variance_met) == (True, False)
    assert (past.delay_met, past.variance_met) == (False, True)


def test_delays_cover_both_directions_at_every_rate() -> None:
    """Transmission is protection, reception validation."""
    found = delays(1518, {"protect": (150, 20), "validate": (149, 21)})
    assert [(each.direction, each.gbit_per_s) for each in found] == [
        (direction, rate) for direction in DIRECTIONS for rate in RATES
    ]
    assert {(each.direction, each.delay_ns, each.variance_ns) for each in found} == {
        ("transmit", 150, 20),
        ("receive", 149, 21),
    }
