"""A line through times against sizes: what an octet costs, and what a frame costs before any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SIZES_LEAST = 3
"""Two sizes always lie on a line, which says nothing about the others."""


class FittedLine(NamedTuple):
    """`intercept` + `slope` * size; `error` is the largest distance of a point, as a share."""

    slope: float
    intercept: float
    error: float

    def at(self, size: float) -> float:
        """Return the line's value."""
        return self.intercept + self.slope * size


def line(sizes: Sequence[float], values: Sequence[float]) -> FittedLine | None:
    """Return the line of least squares of relative distances, or None for fewer than three sizes.

    Relative, because otherwise the largest frames alone would decide the intercept.
    """
    if len(set(sizes)) < SIZES_LEAST:
        return None
    x, y = np.array(sizes, np.float64), np.array(values, np.float64)
    slope, intercept = np.polyfit(x, y, 1, w=1 / y)
    error = np.abs(intercept + slope * x - y) / y
    return FittedLine(float(slope), float(intercept), float(error.max()))
