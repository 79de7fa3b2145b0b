"""Ability of a peer to use MACsec: by the flags of its MKPDUs, or by its use of our SAK.

Some products set MACsec Capability to 0 while a SAK is in use. A peer that receives and transmits
with the SAK is able with any flags.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from macsec.kay.keys.sak import KI, Sak
from macsec.kay.mkpdu.parameter_sets import Basic, SakUse
from macsec.kay.policy import capability_for
from macsec.terms import sci_text

NEVER_NS = 1 << 63


@dataclass(slots=True)
class Ability:
    """The ability that the last MKPDU of a peer shows. `capability`: as in 11.11.3, 0 for none.

    `ends_ns`: time from which on it counts as not able.
    """

    capability: int = 0
    ends_ns: int = 0
    shown_ns: int | None = None

    def show(self, now_ns: int, capability: int = 0) -> None:
        """Record that the peer has shown that it is able."""
        self.capability, self.shown_ns, self.ends_ns = capability, now_ns, NEVER_NS

    def hide(self, now_ns: int, grace_ns: int) -> None:
        """Record an MKPDU that shows nothing: the ability lasts for `grace_ns` from the last."""
        self.capability = 0
        self.ends_ns = now_ns if self.shown_ns is None else self.shown_ns + grace_ns

    def lasts(self, now_ns: int) -> bool:
        """True if the peer is able, or was until a short time ago."""
        return now_ns < self.ends_ns


def capability_of(basic: Basic, use: SakUse | None, find: Callable[[KI], Sak | None]) -> int:
    """Return the capability that an MKPDU shows: that of its flags, or that of the SAK in use."""
    flagged = basic.capability if basic.desired else 0
    slots = () if use is None else (use.latest, use.old)
    used = [find(slot.ki) for slot in slots if slot and slot.receives and slot.transmits]
    return max([flagged, *(capability_for(sak.protection.code) for sak in used if sak)])


def receives_ours(use: SakUse | None, find: Callable[[KI], Sak | None]) -> bool:
    """Return whether an MKPDU reports that its sender receives with a SAK of ours."""
    slots = () if use is None else (use.latest, use.old)
    return any(slot and slot.receives and find(slot.ki) for slot in slots)


def complaint(basic: Basic) -> str | None:
    """Return the flags for which a peer is not able, in words; None if they are good."""
    if basic.capability and basic.desired:
        return None
    flags = [f"MACsec Capability {basic.capability}"] if not basic.capability else []
    flags += [] if basic.desired else ["MACsec Desired off"]
    return f"{sci_text(basic.sci)} has {' and '.join(flags)}, and does not use our SAK"
