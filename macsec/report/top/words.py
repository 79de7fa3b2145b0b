"""Counts, rates, shares and times as short text. No digit of a count is left out."""

from __future__ import annotations

NONE = "-"
MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 31_557_600
UNITS = ((YEAR, "y"), (DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s"))
LONGEST_YEARS = 1000
ALMOST_NONE = 0.001


def count(number: int) -> str:
    """Return a count in groups of three digits."""
    return f"{number:,}"


def rate(per_second: float | None) -> str:
    """Return a rate, with a decimal below ten."""
    if per_second is None:
        return NONE
    return f"{per_second:.1f}" if 0 < per_second < 9.95 else f"{per_second:,.0f}"


def share(ratio: float) -> str:
    """Return a share in percent, rounded down: 100% is all of it, and 0% nothing."""
    if ratio in (0, 1):
        return f"{ratio:.0%}"
    if ratio < ALMOST_NONE:
        return "<0.1%"
    return ">99.9%" if ratio > 1 - ALMOST_NONE else f"{int(ratio * 1000) / 10:.1f}%"


def duration(seconds: float | None) -> str:
    """Return a time in its largest unit."""
    if seconds is None:
        return NONE
    if seconds >= LONGEST_YEARS * YEAR:
        return f">{LONGEST_YEARS} y"
    size, unit = next((each for each in UNITS if seconds >= each[0]), UNITS[-1])
    return f"{int(seconds / size)} {unit}"
