"""In-service suspension of a participant (IEEE 802.1X 9.18): members keep each other unheard.

A member that is about to be silent asks for it in its XPN set, and the Key Server orders it in the
same place. While it lasts no member leaves the lists, no SAK is made, and protected frames go on.
The Key Server reports the time left rounded up, a member rounded down: no report is a new request.
"""

from __future__ import annotations

from macsec.time_units import NS_PER_S


class Suspension:
    """The suspension of one participant: `until_ns`, and what it still asks for."""

    def __init__(self) -> None:
        self.until_ns = 0
        self.acts = False
        """True if we asked for it: once all peers know, we are silent."""
        self._asked_s = 0
        self._give_up_ns = 0

    def lasts(self, now_ns: int) -> bool:
        """True while it lasts."""
        return now_ns < self.until_ns

    def order(self, now_ns: int, seconds: int) -> None:
        """Suspend for this time from now on; 0 ends it."""
        self.until_ns = now_ns + seconds * NS_PER_S
        self._asked_s = 0
        self.acts = self.acts and bool(seconds)

    def ask(self, now_ns: int, seconds: int, patience_ns: int) -> None:
        """Ask the Key Server for a suspension, for some time."""
        self.acts, self._asked_s, self._give_up_ns = True, seconds, now_ns + patience_ns

    def reported_s(self, now_ns: int, is_server: bool) -> int:
        """Return the seconds for the XPN set of an MKPDU."""
        left_ns = max(0, self.until_ns - now_ns)
        if left_ns:
            return -(-left_ns // NS_PER_S) if is_server else left_ns // NS_PER_S
        return self._asked_s if now_ns < self._give_up_ns else 0
