"""SAKs that a member does not take: counted, and said at once."""

from __future__ import annotations

import logging

from macsec.kay.counters import KayCounters
from macsec.kay.keys.sak import KI
from macsec.kay.timers import MKA_LIFE_TIME_NS
from macsec.terms import sci_text

LOG = logging.getLogger("macsec")


class Refusals:
    """The last refused SAK, with the reason. A new reason is a warning, one in a Life Time."""

    def __init__(self, sci: int, counters: KayCounters) -> None:
        self._sci = sci
        self._counters = counters
        self._last: tuple[KI, str] | None = None
        self._silent_until_ns = 0

    def add(self, now_ns: int, counter: str, ki: KI, reason: str) -> None:
        """Count a refusal; warn of it unless it repeats the last one, or follows it too soon."""
        self._counters.add(counter)
        if self._last == (ki, reason):
            return
        self._last = ki, reason
        if now_ns >= self._silent_until_ns:
            self._silent_until_ns = now_ns + MKA_LIFE_TIME_NS
            LOG.warning("KaY %s: SAK %s refused: %s", sci_text(self._sci), ki, reason)

    def reason(self, server: bytes | None) -> str | None:
        """Return the last refusal of a SAK of this Key Server in words, until it is taken."""
        if self._last is None or self._last[0].mi != server:
            return None
        ki, reason = self._last
        return f"SAK {ki} refused: {reason}"

    def clear(self) -> None:
        """Forget the last refusal: a SAK was taken."""
        self._last = None
