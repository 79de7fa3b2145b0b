"""The keys that this port has seen: none is installed twice, since its PNs would start again."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from macsec.kay.sak import KI

KEYS_REMEMBERED = 4096
"""Check values kept: a year of rekeys every two hours, a day of one every 20 s."""

SERVERS_REMEMBERED = 1024


class Claim(Enum):
    """The class of a KI that comes with a SAK."""

    NEW = auto()
    REPEAT = auto()
    """The newest of this Key Server, with the same SAK."""
    STALE = auto()
    """An earlier KN of this Key Server: its SAK was in use, and is not used again."""
    OTHER_KEY = auto()
    """A known KI with another SAK, or a known SAK under another KI."""


class KeyHistory:
    """The last KI of each Key Server (by MI), and the check values of SAKs."""

    def __init__(self) -> None:
        self._last: dict[bytes, tuple[int, str]] = {}
        self._order: deque[str] = deque()
        self._used: set[str] = set()

    def judge(self, ki: KI, check_value: str) -> Claim:
        """Classify a KI and SAK as new, repeated, stale or conflicting."""
        kn, last = self._last.get(ki.mi, (0, ""))
        if ki.kn == kn:
            return Claim.REPEAT if check_value == last else Claim.OTHER_KEY
        if ki.kn < kn:
            return Claim.STALE
        return Claim.OTHER_KEY if check_value in self._used else Claim.NEW

    def record(self, ki: KI, check_value: str) -> None:
        """Record a SAK that is going to be installed."""
        self._last.pop(ki.mi, None)
        self._last[ki.mi] = ki.kn, check_value
        if len(self._last) > SERVERS_REMEMBERED:
            del self._last[next(iter(self._last))]
        self._used.add(check_value)
        self._order.append(check_value)
        if len(self._order) > KEYS_REMEMBERED:
            self._used.discard(self._order.popleft())
