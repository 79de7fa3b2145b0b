"""A line through times against sizes: what an octet costs, and what a frame costs before any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class FittedLine(NamedTuple):
    """`intercept` + `slope` * size; `error` is the largest distance of a point, as a share."""

    slope: float
    intercept: float
    error: float

    def at(self, size: float) -> float:
        """Return the line's value."""
        return self.intercept + self.slope * size


def line(sizes: Sequence[float], values: Sequence[float]) -> FittedLine | None:
    """Return the line of least squares of relative distances, or None for fewer than two sizes.

    Relative, because otherwise the largest frames alone would decide the intercept.
    """
    if len(set(sizes)) < 2:
        return None
    weights = [1 / value**2 for value in values]
    total = sum(weights)
    points = list(zip(sizes, values, weights, strict=True))
    size_mean = sum(weight * size for size, _, weight in points) / total
    value_mean = sum(weight * value for _, value, weight in points) / total
    slope = sum(w * (size - size_mean) * (value - value_mean) for size, value, w in points)
    slope /= sum(weight * (size - size_mean) ** 2 for size, _, weight in points)
    intercept = value_mean - slope * size_mean
    error = max(abs(intercept + slope * size - value) / value for size, value, _ in points)
    return FittedLine(slope, intercept, error)
