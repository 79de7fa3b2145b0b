"""Ratios of times keep digits that mean something."""

from __future__ import annotations

import pytest

from macsec.report.throughput.outcome import ratio_text


@pytest.mark.parametrize(
    "ratio, text", [(0.8712, "0.871"), (1.0, "1.000"), (12.345, "12.345"), (0.000834, "1/1,199")]
)
def test_no_ratio_is_zero(ratio, text):
    """A peer that takes a thousand times as long is a fraction, and no row is 0.000."""
    assert ratio_text(ratio) == text
