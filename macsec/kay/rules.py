"""Rules for the fields of authentic MKPDUs: a value that another layer would refuse ends here.

A member has the CAK and can send any value. The MKPDU, the set or the field that breaks a rule is
counted and ignored; nothing raises. The rules for a SAK are those of `distribution/sak_intake.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from macsec.kay.keys.sak import KI, Sak
from macsec.kay.membership.peers import Peer
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import (
    Announcement,
    Basic,
    DistributedCak,
    DistributedSak,
    KeyManagementDomain,
    KeyUse,
    SakUse,
    Xpn,
)
from macsec.kay.secy_side.lowest_pns import whole_pn
from macsec.terms import SCI_NONE

from .counters import Reception
from .policy import KayPolicy, PeerRole

BASIC_RULES: tuple[tuple[Reception, Callable[[Basic], bool]], ...] = (
    (Reception.MALFORMED, lambda basic: basic.sci == SCI_NONE),  # 802.1AE 9.9: no SCI at all
)
"""Faults of a Basic set, each with the reception of the whole MKPDU."""

UNREADABLE = {
    SakUse.KIND: "sak-use-errors",
    DistributedSak.KIND: "sak-refused",
    DistributedCak.KIND: "in-mkpdu-validation-errors",
    Announcement.KIND: "in-mkpdu-validation-errors",
    Xpn.KIND: "in-mkpdu-validation-errors",
}
"""The counter of a set with a length that its type does not have; the set has no effect."""


def refusal(basic: Basic) -> Reception | None:
    """Return the reception of an MKPDU with this Basic set if it breaks a rule."""
    return next((reception for reception, breaks in BASIC_RULES if breaks(basic)), None)


def unwelcome(mkpdu: Mkpdu, policy: KayPolicy) -> Reception | None:
    """Return the reception of an MKPDU whose sender the policy does not accept as a peer."""
    if policy.peer_role is not PeerRole.ANY:
        wanted = policy.peer_role is PeerRole.SERVER
        if mkpdu.basic.key_server is not wanted:
            return Reception.OTHER_ROLE
    if policy.require_kmd:
        found = mkpdu.first(KeyManagementDomain)
        if found is None or found.name != policy.kmd.encode():
            return Reception.OTHER_DOMAIN
    return None


def unreadable(mkpdu: Mkpdu) -> Iterator[str]:
    """Yield the counter of each set that cannot be read."""
    for each in mkpdu.sets:
        if isinstance(each, Opaque) and each.kind in UNREADABLE:
            yield UNREADABLE[each.kind]


def judged_use(
    mkpdu: Mkpdu, find: Callable[[KI], Sak | None], peer: Peer
) -> tuple[SakUse | None, int]:
    """Return SAK Use as this KaY takes it from a peer, and the number of faults in it.

    Each KI has one slot. Lowest PNs are whole ones, within the suite of their key; the upper half
    that a set leaves out is derived once for each MKPDU, from the peer's last report.
    """
    use = mkpdu.use
    if use is None:
        return None, 0
    faults, latest, old = 0, _named(use.latest), _named(use.old)
    if use.delay_protect and any(slot and not slot.lowest_pn for slot in (latest, old)):
        return None, 1  # delay protection without a lowest PN protects nothing
    if latest and old and latest.ki == old.ki:
        old, faults = None, 1
    slots: list[KeyUse | None] = []
    for slot in (latest, old):
        pn, fault = (1, 0) if slot is None else _lowest_pn(slot, mkpdu.xpn, find(slot.ki), peer)
        slots.append(slot if slot is None or slot.lowest_pn == pn else replace(slot, lowest_pn=pn))
        faults += fault
    return replace(use, latest=slots[0], old=slots[1]), faults


def _named(slot: KeyUse | None) -> KeyUse | None:
    """Return a slot, None if it is empty: a KN of 0."""
    return slot if slot is not None and slot.ki.kn else None


def _lowest_pn(slot: KeyUse, has_upper: bool, sak: Sak | None, peer: Peer) -> tuple[int, int]:
    """Return the whole lowest PN of a slot, 1 for a key that is not installed, and the faults."""
    if sak is None:
        return 1, 0
    last = max((each.lowest_pn for each in peer.uses(slot.ki)), default=1)
    suite, pn = sak.protection.suite, slot.lowest_pn
    if suite.xpn and not has_upper:
        pn = whole_pn(pn, last)
    return (pn, 0) if pn < suite.pn_limit else (last, 1)
