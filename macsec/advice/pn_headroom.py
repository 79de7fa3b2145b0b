"""The time until PNs are used up, and the interval of rekeying that follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from macsec.kay.distribution.key_server import exhaustion
from macsec.kay.timers import MKA_LIFE_TIME_NS
from macsec.suites import CipherSuite
from macsec.time_units import NS_PER_S

GAP = 20
"""Octets of preamble, start of frame and gap around each frame on a line (802.3 3.1, 4.4.2)."""
FCS = 4
ETHERNET = 14
RATES = (10**9, 10**10, 25 * 10**9, 4 * 10**10, 10**11, 4 * 10**11, 8 * 10**11)
SIZES = (64, 354, 1518, 9018)
"""Frames as bench has them: the least, the mean of IMIX, the largest, a jumbo frame."""
DAY_S = 86_400
LEAST_S = 30
"""The least interval that OpenConfig and most products take."""
HELLO_S = 2


@dataclass(frozen=True, slots=True)
class Headroom:
    """A line at full rate. `size`: octets of the frames in clear, FCS included.

    `soft_s`: until the Key Server replaces the SAK by itself (three quarters of all PNs, 9.8);
    `hard_s`: until the last PN. `interval_s`: advised interval of rekeying; None: none is short
    enough.
    """

    rate: int
    size: int
    suite: str
    frames_per_s: float
    soft_s: float
    hard_s: float
    interval_s: int | None
    note: str


def headroom(rate: int, size: int, suite: CipherSuite, macsec: int, used: int = 0) -> Headroom:
    """Return the headroom of a line at full rate; `macsec`: octets of MACsec, `used`: PNs spent."""
    frames_per_s = rate / (8 * (size + macsec + GAP))
    soft_s = max(exhaustion(suite) - used, 0) / frames_per_s
    hard_s = max(suite.pn_limit - used, 0) / frames_per_s
    interval, note = _interval(soft_s, hard_s, suite)
    return Headroom(rate, size, suite.name, frames_per_s, soft_s, hard_s, interval, note)


def _interval(soft_s: float, hard_s: float, suite: CipherSuite) -> tuple[int | None, str]:
    """Return half of the time to the threshold, at most a day, and what to know of it."""
    life_s = MKA_LIFE_TIME_NS / NS_PER_S
    if suite.xpn:
        return DAY_S, "PNs last for ever: the interval is a matter of policy"
    if hard_s - soft_s < life_s + HELLO_S:
        return None, (
            "an XPN suite is needed: the last quarter of PNs is gone before a Life Time and a hello"
        )
    interval = min(int(soft_s / 2), DAY_S)
    if interval < LEAST_S:
        return None, f"an XPN suite is needed: half of the time is below {LEAST_S} s"
    if interval < 600:
        return interval, "better an XPN suite: a SAK each few minutes"
    return interval, "a timer at the elected Key Server; PN exhaustion is the second line"


def table(
    suite: CipherSuite, macsec: int, rates: Iterator[int], sizes: list[int]
) -> list[Headroom]:
    """Return the headroom of all rates and sizes."""
    return [headroom(rate, size, suite, macsec) for rate in rates for size in sizes]
