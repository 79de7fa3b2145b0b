"""Random streams: known answers, independence, correlation."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.wire.random_streams import ONE, CorrelatedStream, RandomStream, start_of


def test_splitmix64_known_answers() -> None:
    """The upper halves of the numbers that the published generator gives for state 1234567."""
    stream = RandomStream(1234567)
    known = (6457827717110365317, 3203168211198807973, 9817491932198370423)
    assert [stream.draw() for _ in known] == [number >> 32 for number in known]


def test_each_name_has_its_own_stream() -> None:
    """Seed, link, direction and purpose all matter, and are kept apart."""
    names = [(1, "a", 0, "loss"), (2, "a", 0, "loss"), (1, "b", 0, "loss"), (1, "a", 1, "loss")]
    names += [(1, "a", 0, "delay"), (11, "a", 0, "loss"), (1, "a0", 0, "loss")]
    assert len({start_of(*name) for name in names}) == len(names)
    assert start_of(7, "wire", 0, "loss") == 0x35ABCB8DBCB0A84D


@given(st.integers(0, ONE**2 - 1), st.integers(0, 1 << 52))
def test_draw_below_a_limit_is_below_it(start: int, limit: int) -> None:
    """A draw is below its limit, and 0 for a limit of 0."""
    drawn = RandomStream(start).below(limit)
    assert 0 <= drawn < max(limit, 1)


@given(st.integers(0, ONE**2 - 1))
def test_without_weight_a_correlated_stream_is_plain(start: int) -> None:
    """A correlation of 0 changes no draw and costs none."""
    plain, mixed = RandomStream(start), CorrelatedStream(start, 0)
    assert [mixed.draw() for _ in range(5)] == [plain.draw() for _ in range(5)]


def test_full_correlation_repeats_the_first_draw() -> None:
    """A correlation of 1 repeats the first draw forever."""
    stream = CorrelatedStream(99, ONE)
    assert {stream.draw() for _ in range(9)} == {RandomStream(99).draw()}


@pytest.mark.parametrize("weight", [0, ONE // 4, ONE // 2])
def test_neighbouring_draws_have_the_given_correlation(weight: int) -> None:
    """The weight is the correlation of a draw with the one before."""
    stream = CorrelatedStream(5, weight)
    drawn = [stream.draw() / ONE for _ in range(20_000)]
    mean = sum(drawn) / len(drawn)
    spread = sum((x - mean) ** 2 for x in drawn)
    together = sum((x - mean) * (y - mean) for x, y in pairwise(drawn))
    assert abs(mean - 0.5) < 0.02
    assert abs(together / spread - weight / ONE) < 0.02
