"""PN recovery and replay protection of one receive SA (10.6.2, 10.6.4, 10.6.5).

Two readings of the same clauses, chosen by a profile's `window_from_next_pn`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from macsec.terms import WINDOW_LIMIT_XPN

from .controls import Controls

LOW = 0xFFFFFFFF
TOP_BIT = 0x80000000


@dataclass(slots=True)
class ReplayWindow:
    """PNs of a receive SA: the next expected, the lowest acceptable, and the seen ones."""

    next_pn: int
    lowest_pn: int
    seen: set[int] = field(default_factory=set)


class ReplayRule(Protocol):
    """Rule by which PNs are recovered, refused and remembered."""

    def recover(self, window: ReplayWindow, pn_field: int) -> int:
        """Return the PN of a frame from the 32 bits that it carries."""

    def late(self, window: ReplayWindow, pn: int) -> bool:
        """Return whether replayProtect refuses the PN."""

    def delayed(self, window: ReplayWindow, pn: int) -> bool:
        """Return whether an accepted frame counts as InPktsDelayed."""

    def advance(self, window: ReplayWindow, pn: int) -> None:
        """Remember a PN whose ICV was good."""

    def lowest(self, window: ReplayWindow) -> int:
        """Return the lowest acceptable PN for reports."""


class LowestPN:
    """Rule of the standard: everything follows lowestPN, which never falls."""

    def __init__(self, controls: Controls) -> None:
        self.xpn = controls.cipher.xpn
        self.pn_limit = controls.cipher.pn_limit
        self.window = min(controls.window, WINDOW_LIMIT_XPN) if self.xpn else controls.window
        self.reject_duplicates = controls.duplicates_reject

    def recover(self, window: ReplayWindow, pn_field: int) -> int:
        """10.6.2, Table 10-2: the upper half of lowestPN, plus one past its middle."""
        if not self.xpn:
            return pn_field
        upper = window.lowest_pn >> 32
        if window.lowest_pn & TOP_BIT and not pn_field & TOP_BIT:
            upper += 1
        return (upper & LOW) << 32 | pn_field

    def late(self, window: ReplayWindow, pn: int) -> bool:
        """10.6.2 and 10.6.4: below lowestPN; seen before only with duplicates: reject."""
        return pn < window.lowest_pn or (self.reject_duplicates and pn in window.seen)

    def delayed(self, window: ReplayWindow, pn: int) -> bool:
        """10.6.5: below lowestPN, a PN of zero taken as the one after the last."""
        return (pn or self.pn_limit) < window.lowest_pn

    def advance(self, window: ReplayWindow, pn: int) -> None:
        """10.6.5: nextPN past the frame, lowestPN a window behind it; neither falls."""
        window.next_pn = max(window.next_pn, pn + 1)
        window.lowest_pn = max(window.lowest_pn, window.next_pn - self.window)
        if self.reject_duplicates:
            window.seen.add(pn)
            if len(window.seen) > 2 * self.window + 64:
                window.seen = {old for old in window.seen if old >= window.lowest_pn}

    def lowest(self, window: ReplayWindow) -> int:
        """lowestPN."""
        return window.lowest_pn


class NextPN:
    """Rule of Linux: everything follows nextPN, by its 32-bit halves."""

    def __init__(self, controls: Controls) -> None:
        self.xpn = controls.cipher.xpn
        self.window = controls.window

    def _lowest_half(self, window: ReplayWindow) -> int:
        return max((window.next_pn & LOW) - self.window, 0)

    def recover(self, window: ReplayWindow, pn_field: int) -> int:
        """The upper half of nextPN, plus one if the field is below in the other half."""
        if not self.xpn:
            return pn_field
        upper, lower = divmod(window.next_pn, 1 << 32)
        if pn_field < lower and not _same_half(pn_field, lower):
            upper += 1
        return (upper & LOW) << 32 | pn_field

    def late(self, window: ReplayWindow, pn: int) -> bool:
        """Below nextPN - window; under XPN only within one half of the 32-bit range."""
        low = pn & LOW
        lowest = self._lowest_half(window)
        if low >= lowest:
            return False
        return not self.xpn or _same_half(window.next_pn & LOW, low) or _same_half(lowest, low)

    def delayed(self, window: ReplayWindow, pn: int) -> bool:
        """Below nextPN - window, halves ignored."""
        return pn & LOW < self._lowest_half(window)

    def advance(self, window: ReplayWindow, pn: int) -> None:
        """nextPN past the frame; past 2^32 the upper half steps, or a 32-bit PN sticks."""
        upper, lower = divmod(window.next_pn, 1 << 32)
        after = (pn + 1) & LOW
        if after > lower:
            window.next_pn = upper << 32 | after
        elif self.xpn and not _same_half(after, lower):
            window.next_pn = ((upper + 1) & LOW) << 32 | after

    def lowest(self, window: ReplayWindow) -> int:
        """NextPN - window."""
        return max(window.next_pn - self.window, 0)


def _same_half(a: int, b: int) -> bool:
    return not (a ^ b) & TOP_BIT


def replay_rule(controls: Controls) -> ReplayRule:
    """Return the rule of the profile."""
    return NextPN(controls) if controls.profile.window_from_next_pn else LowestPN(controls)
