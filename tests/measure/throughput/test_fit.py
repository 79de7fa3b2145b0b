"""The line through times against sizes."""

from __future__ import annotations

import pytest

from macsec.measure.throughput.fit import line

SIZES = [64, 128, 512, 1514, 9014]


def test_points_of_a_line_give_the_line() -> None:
    """Points of a line give the line."""
    found = line(SIZES, [20 + 0.1 * size for size in SIZES])
    assert found is not None
    assert found == pytest.approx((0.1, 20, 0), abs=1e-9)
    assert found.at(1000) == pytest.approx(120)


def test_an_error_of_the_largest_frame_hardly_moves_the_intercept() -> None:
    """A large error of the largest frame hardly moves the intercept."""
    values = [20 + 0.1 * size for size in SIZES]
    found = line(SIZES, [*values[:-1], values[-1] * 1.05])
    assert found is not None
    assert found.intercept == pytest.approx(20, rel=0.05)
    assert 0.01 < found.error < 0.05


@pytest.mark.parametrize("sizes", [[], [64], [64, 64], [64, 128], [64, 64, 128]])
def test_two_sizes_make_no_line(sizes: list[float]) -> None:
    """Two sizes always lie on a line: it would say nothing."""
    assert line(sizes, [5.0] * len(sizes)) is None
