"""Axes of a chart: the position of a value, and the values that are marked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from macsec.time_units import NS_PER_MS, NS_PER_S, NS_PER_US

Mark = tuple[float, str]
STEPS = [factor * 10.0**power for power in range(-6, 13) for factor in (1, 2, 5)]


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` on pixels from `start` to `stop`."""

    low: float
    high: float
    start: float
    stop: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Return the position of a value."""
        low, high = self._of(self.low), self._of(self.high)
        share = 0.5 if high == low else (self._of(value) - low) / (high - low)
        return self.start + share * (self.stop - self.start)

    def _of(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


def decades(values: Sequence[float]) -> tuple[float, float]:
    """Return powers of ten around values above zero."""
    low = 10.0 ** math.floor(math.log10(min(values)))
    high = 10.0 ** math.ceil(math.log10(max(values)))
    return low, high if high > low else 10 * low


def even_marks(high: float, count: int = 5) -> list[Mark]:
    """Return round values from 0 to at least `high`."""
    step = 10.0 ** math.floor(math.log10(max(high, 1e-9) / count))
    step = next(step * each for each in (1, 2, 5, 10) if step * each * count >= high)
    return [(step * at, short(step * at)) for at in range(math.ceil(high / step) + 1)]


def decade_marks(low: float, high: float, written: Callable[[float], str]) -> list[Mark]:
    """Return powers of ten, each with its text."""
    exponents = range(round(math.log10(low)), round(math.log10(high)) + 1)
    return [(10.0**exponent, written(10.0**exponent)) for exponent in exponents]


def short(value: float) -> str:
    """Return a number with k, M or G."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:g}{letter}"
    return f"{value:g}"


def nanoseconds(value: float) -> str:
    """Return a time with its unit."""
    for factor, unit in ((NS_PER_S, "s"), (NS_PER_MS, "ms"), (NS_PER_US, "µs")):
        if value >= factor:
            return f"{value / factor:g} {unit}"
    return f"{value:g} ns"


def steps_around(values: Sequence[float]) -> tuple[float, float]:
    """Return 1, 2 or 5 times a power of ten on either side of values above zero."""
    low = max(step for step in STEPS if step <= min(values))
    return low, min(step for step in STEPS if step >= max(values) and step > low)


def step_marks(low: float, high: float) -> list[Mark]:
    """Return 1, 2 and 5 times each power of ten from `low` to `high`."""
    return [(step, short(step)) for step in STEPS if low <= step <= high * 1.0001]
