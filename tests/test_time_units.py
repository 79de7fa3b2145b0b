"""Units of time: each is that many of the next smaller one."""

from __future__ import annotations

from macsec import time_units


def test_units_agree_with_each_other() -> None:
    """A second is the same whichever units it is counted in."""
    assert time_units.NS_PER_S == 10**9 == 1000 * time_units.NS_PER_MS
    assert time_units.PS_PER_NS == 1000
    assert time_units.PS_PER_S == time_units.NS_PER_S * time_units.PS_PER_NS
