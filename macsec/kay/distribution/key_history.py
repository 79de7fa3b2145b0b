"""The SAKs that this port has had: none is installed twice, since its PNs would start again.

No SAK is forgotten while the KaY lives. Memory stays bounded: SAKs come at a bounded rate, a check
value takes 8 octets, and a full history takes no SAK at all.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from enum import Enum, auto

from macsec.kay.keys.sak import KI
from macsec.kay.timers import MKA_LIFE_TIME_NS

BURST = 8
"""SAKs that may come at once; after them one in each 6 s, as a Key Server keeps it (9.8)."""

KEYS_REMEMBERED = 1 << 22
"""32 MiB: nine months of SAKs at that rate, four years of one every 30 s."""

SERVERS_REMEMBERED = 1024

NEVER_NS = 1 << 63


class Claim(Enum):
    """The class of a KI that comes with a SAK."""

    NEW = auto()
    REPEAT = auto()
    """The newest of this Key Server, with the same SAK."""
    STALE = auto()
    """A KN that is not above the last one of this Key Server, with another SAK."""
    USED = auto()
    """A SAK of before, under another KI."""


class KeyHistory:
    """The last KI of each Key Server (by MI), the check values of all SAKs, and their rate."""

    def __init__(self, limit: int = KEYS_REMEMBERED) -> None:
        self._limit = limit
        self._last: dict[bytes, tuple[int, str]] = {}
        self._used = array("Q")
        self._rested_ns = 0

    @property
    def ready_ns(self) -> int:
        """Time from which on another SAK may be installed."""
        if len(self._used) >= self._limit:
            return NEVER_NS
        return self._rested_ns - (BURST - 1) * MKA_LIFE_TIME_NS

    def last_kn(self, mi: bytes) -> int:
        """Return the last KN of a Key Server; 0 before the first."""
        return self._last.get(mi, (0, ""))[0]

    def judge(self, ki: KI, check_value: str) -> Claim:
        """Classify a KI and SAK as new, repeated, stale or used before."""
        kn, last = self._last.get(ki.mi, (0, ""))
        if ki.kn == kn and check_value == last:
            return Claim.REPEAT
        if ki.kn <= kn:
            return Claim.STALE
        return Claim.USED if self._place(check_value)[1] else Claim.NEW

    def record(self, ki: KI, check_value: str, now_ns: int) -> None:
        """Record a SAK that is going to be installed."""
        self._last.pop(ki.mi, None)
        self._last[ki.mi] = ki.kn, check_value
        if len(self._last) > SERVERS_REMEMBERED:
            del self._last[next(iter(self._last))]
        at, known = self._place(check_value)
        if not known:
            self._used.insert(at, int(check_value, 16))
        self._rested_ns = max(self._rested_ns, now_ns) + MKA_LIFE_TIME_NS

    def _place(self, check_value: str) -> tuple[int, bool]:
        """Return the place of a check value in the sorted array, and whether it is there."""
        number = int(check_value, 16)
        at = bisect_left(self._used, number)
        return at, at < len(self._used) and self._used[at] == number
