"""The timer values of MKA and of the CP machine (IEEE 802.1X 9.4, 12.4), and the grid of hellos."""

from __future__ import annotations

from macsec.time_units import NS_PER_MS, NS_PER_S

MKA_HELLO_TIME_NS = 2 * NS_PER_S
MKA_BOUNDED_HELLO_TIME_NS = NS_PER_S // 2
MKA_LIFE_TIME_NS = 6 * NS_PER_S
SAK_RETIRE_TIME_NS = 3 * NS_PER_S

EARLY_NS = 50 * NS_PER_MS
"""The least time by which a hello leaves before its Hello Time is over."""

REPEAT_NS = NS_PER_S // 2
"""After this time an MKPDU that a live peer does not list is lost; the least between repeats."""


def hello_grid_ns(hello_time_ns: int) -> int:
    """Return the time between hellos: a twentieth less than a Hello Time, or EARLY_NS less.

    Three of them, and the delay of the last, stay within a Life Time of three Hello Times. So any
    two hellos in a row may be lost.
    """
    return hello_time_ns - max(hello_time_ns // 20, EARLY_NS)


def next_on_grid(anchor_ns: int, period_ns: int, now_ns: int) -> int:
    """Return the first time after now on the grid of a period that contains `anchor_ns`."""
    return anchor_ns + ((now_ns - anchor_ns) // period_ns + 1) * period_ns
