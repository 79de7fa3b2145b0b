"""The grid of hellos: early enough for two losses, and fixed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.kay.timers import (
    MKA_BOUNDED_HELLO_TIME_NS,
    MKA_HELLO_TIME_NS,
    MKA_LIFE_TIME_NS,
    hello_grid_ns,
    next_on_grid,
)
from macsec.time_units import NS_PER_MS, NS_PER_S


@pytest.mark.parametrize(
    ("hello_time_ms", "grid_ms"), [(2000, 1900), (500, 450), (1000, 950), (60_000, 57_000)]
)
def test_hellos_leave_before_their_hello_time(hello_time_ms: int, grid_ms: int) -> None:
    """A twentieth less, and at least 50 ms."""
    assert hello_grid_ns(hello_time_ms * NS_PER_MS) == grid_ms * NS_PER_MS


def test_three_hellos_fit_a_life_time_with_time_to_travel() -> None:
    """The third may take 300 ms; a bounded hello leaves within its own time."""
    assert MKA_LIFE_TIME_NS == 6 * NS_PER_S
    assert MKA_LIFE_TIME_NS - 3 * hello_grid_ns(MKA_HELLO_TIME_NS) == 300 * NS_PER_MS
    assert hello_grid_ns(MKA_BOUNDED_HELLO_TIME_NS) < MKA_BOUNDED_HELLO_TIME_NS


@given(anchor=st.integers(0, 10**12), period=st.integers(1, 10**11), now=st.integers(0, 2 * 10**12))
def test_next_time_is_the_first_after_now_on_the_grid(anchor: int, period: int, now: int) -> None:
    """Before the anchor, on the grid, and many periods late."""
    following = next_on_grid(anchor, period, now)
    assert now < following <= now + period
    assert (following - anchor) % period == 0
