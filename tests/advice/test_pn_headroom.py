"""PN headroom: arithmetic of rates, sizes and suites."""

from __future__ import annotations

import pytest

from macsec.advice.pn_headroom import headroom
from macsec.suites import SUITES

SHORT, LONG = SUITES["gcm-aes-128"], SUITES["gcm-aes-xpn-256"]


def test_frames_of_64_octets_at_100_gbit_exhaust_32_bits_in_40_seconds() -> None:
    """100 Gbit/s over (64 + 32 + 20) octets is 107.8 million frames a second."""
    line = headroom(10**11, 64, SHORT, 32)
    assert line.frames_per_s == pytest.approx(107_758_620.7, abs=0.1)
    assert line.hard_s == pytest.approx(2**32 / line.frames_per_s)
    assert line.soft_s == pytest.approx(0.75 * line.hard_s)
    assert line.interval_s is None
    assert "XPN" in line.note


def test_interval_is_half_of_the_time_to_the_threshold() -> None:
    """At 10 Gbit/s and 1,518 octets the threshold is reached after 67 minutes."""
    line = headroom(10**10, 1518, SHORT, 32)
    assert line.interval_s == int(line.soft_s / 2) == 2022


def test_slow_line_is_rekeyed_once_a_day() -> None:
    """No interval is longer than a day; under XPN it is always a day."""
    assert headroom(10**8, 1518, SHORT, 32).interval_s == 86_400
    assert headroom(8 * 10**11, 64, LONG, 32).interval_s == 86_400


def test_spent_pns_are_missing_from_the_headroom() -> None:
    """A nextPN past the threshold leaves no time to it, and the rest to the last PN."""
    line = headroom(10**9, 1518, SHORT, 32, used=(1 << 32) - 1000)
    assert line.soft_s == 0
    assert 0 < line.hard_s < 1
