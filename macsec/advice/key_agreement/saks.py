"""Signs in the distribution and the use of SAKs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from macsec.kay.distribution.key_server import exhaustion
from macsec.kay.keys.sak import KI, OFFSETS, ranked
from macsec.kay.mkpdu.parameter_sets import DistributedSak, KeyUse, LivePeerList
from macsec.suites import SUITES

from .catalogue import Certainty, Sign
from .evidence import CaEvidence, Evidence, Observed, member

PATIENCE = 3
"""MKPDUs of a member without a use of a SAK after which it does not use it."""
LEAST_CAPABILITY = {0: 1, 1: 2, 2: 3, 3: 3}
"""Code of a confidentiality offset to the MACsec Capability that it takes (11.11.3)."""
XPN_VERSION = 2


class _Given(NamedTuple):
    """The first distribution of a SAK."""

    message: Observed
    ki: KI
    sak: DistributedSak

    @property
    def suite_name(self) -> str:
        suite = self.sak.cipher_suite
        return f"suite {self.sak.suite or 0:016x}" if suite is None else suite.name


def distributions(evidence: Evidence) -> Iterator[Sign]:
    """Yield signs in the SAKs of each CA."""
    for association in evidence.associations.values():
        given = _first_of_each(association)
        yield from _reuse(association)
        yield from _ssci_order(association, given)
        for each in given:
            yield from _beyond(association, each)
            yield from _unused(association, each, given)
        yield from _stuck(association)
        yield from _exhausted(association, given, evidence.life_ns)


def _all_given(association: CaEvidence) -> Iterator[_Given]:
    for message in association.messages:
        sak = message.mkpdu.distributed
        if sak is not None and not message.wrong_icv:
            yield _Given(message, KI(message.mkpdu.basic.mi, sak.kn), sak)


def _first_of_each(association: CaEvidence) -> list[_Given]:
    found: dict[tuple[KI, bytes], _Given] = {}
    for given in _all_given(association):
        found.setdefault((given.ki, given.sak.wrapped), given)
    return [*found.values()]


def _reuse(association: CaEvidence) -> Iterator[Sign]:
    """Yield a sign for a KI with two SAKs: under one KEK a SAK is always wrapped alike."""
    first: dict[KI, _Given] = {}
    for given in _all_given(association):
        before = first.setdefault(given.ki, given)
        if (before.sak.wrapped, before.sak.an) != (given.sak.wrapped, given.sak.an):
            detail = (
                f"{association.name}: {member(given.message.mkpdu.basic.sci)} gave KN "
                f"{given.ki.kn} in frame {before.message.frame} to another SAK, under the same MI"
            )
            yield Sign("kn-reuse", Certainty.SHOWN, given.message.frame, detail)
            return


def _ssci_order(association: CaEvidence, given: list[_Given]) -> Iterator[Sign]:
    owners = association.owners
    for each in given:
        mkpdu, suite = each.message.mkpdu, each.sak.cipher_suite
        peers = mkpdu.first(LivePeerList)
        if suite is None or not suite.xpn or peers is None or not peers.server_ssci:
            continue
        mis = {mkpdu.basic.mi, *each.message.live}
        if not mis <= owners.keys():
            continue
        rank = ranked({owners[mi] for mi in mis})[mkpdu.basic.sci]
        if peers.server_ssci != rank & 0xFF:
            detail = (
                f"{association.name}: {member(mkpdu.basic.sci)} calls itself SSCI "
                f"{peers.server_ssci}; by the order of SCIs it is {rank}"
            )
            yield Sign("ssci-order", Certainty.SHOWN, each.message.frame, detail)
            return


def _last_of(association: CaEvidence, mi: bytes, before: int) -> Observed | None:
    heard = [each for each in association.messages if each.mkpdu.basic.mi == mi]
    return next((each for each in reversed(heard) if each.frame < before), None)


def _beyond(association: CaEvidence, given: _Given) -> Iterator[Sign]:
    """Yield a sign where a SAK asks for more than a live member is capable of."""
    for mi in sorted(given.message.live):
        last = _last_of(association, mi, given.message.frame)
        if last is None:
            continue
        basic, least = last.mkpdu.basic, LEAST_CAPABILITY[given.sak.code]
        if 0 < basic.capability < least:
            offset = OFFSETS[given.sak.code]
            what = "integrity only" if offset is None else f"confidentiality offset {offset}"
            detail = (
                f"{association.name}: a SAK with {what}; {member(basic.sci)} has "
                f"MACsec Capability {basic.capability}, it takes {least}"
            )
            yield Sign("capability", Certainty.SHOWN, given.message.frame, detail)


def _slots(message: Observed) -> list[KeyUse]:
    use = message.mkpdu.use
    slots = () if use is None else (use.latest, use.old)
    return [slot for slot in slots if slot is not None and slot.ki.kn]


def _unused(association: CaEvidence, given: _Given, all_given: list[_Given]) -> Iterator[Sign]:
    """Yield a sign for each live member that never reports that it receives with a SAK."""
    start = given.message.frame
    ends = [each.message.frame for each in all_given if each.message.frame > start]
    end = min(ends, default=1 << 62)
    for mi in sorted(given.message.live):
        after = [
            each
            for each in association.messages
            if each.mkpdu.basic.mi == mi and start < each.frame
        ]
        used = any(slot.ki == given.ki and slot.receives for each in after for slot in _slots(each))
        meanwhile = [each for each in after if each.frame < end]
        if not used and len(meanwhile) >= PATIENCE:
            yield _why_unused(association, given, meanwhile)


def _why_unused(association: CaEvidence, given: _Given, after: list[Observed]) -> Sign:
    """Return the sign of a SAK that a member does not use, with the likeliest reason."""
    shown, basic = after[PATIENCE - 1], after[0].mkpdu.basic
    sender = f"{association.name}: {member(basic.sci)}"
    head = f"{sender} does not use the SAK of frame {given.message.frame}"
    ans = {
        slot.an
        for each in association.messages
        if each.mkpdu.basic.sci == basic.sci
        for slot in _slots(each)
    }
    suite = given.sak.cipher_suite
    xpn = suite is not None and suite.xpn
    if suite is None:
        return Sign("suite-mismatch", Certainty.SHOWN, shown.frame, f"{head}: {given.suite_name}")
    if xpn and basic.version < XPN_VERSION:
        detail = f"{head}: {suite.name}, and it sends MKA version {basic.version}"
        return Sign("mka-version", Certainty.LIKELY, shown.frame, detail)
    if given.sak.an > 1 and ans and ans <= {0, 1}:
        detail = f"{head}: AN {given.sak.an}; it has used ANs {', '.join(map(str, sorted(ans)))}"
        return Sign("two-ans", Certainty.LIKELY, shown.frame, detail)
    if xpn or suite is not SUITES["gcm-aes-128"]:
        detail = f"{head}: {suite.name}"
        return Sign("suite-mismatch", Certainty.LIKELY, shown.frame, detail)
    return Sign("sak-not-used", Certainty.SHOWN, shown.frame, head)


def _stuck(association: CaEvidence) -> Iterator[Sign]:
    """Yield a sign where all members receive with a SAK and the Key Server does not transmit."""
    receives: dict[bytes, set[KI]] = {}
    waits: dict[bytes, int] = {}
    for message in association.messages:
        mi = message.mkpdu.basic.mi
        slots = _slots(message)
        receives[mi] = {slot.ki for slot in slots if slot.receives}
        own = [slot for slot in slots if slot.ki.mi == mi and slot.receives]
        peers = message.live & receives.keys()
        idle = own and not any(slot.transmits for slot in slots)
        ready = idle and peers and all(own[0].ki in receives[peer] for peer in peers)
        waits[mi] = waits.get(mi, 0) + 1 if ready else 0
        if waits[mi] == PATIENCE:
            detail = f"{association.name}: {member(message.mkpdu.basic.sci)}, KN {own[0].ki.kn}"
            yield Sign("stuck-transmit", Certainty.SHOWN, message.frame, detail)
            return


def _exhausted(association: CaEvidence, given: list[_Given], life_ns: int) -> Iterator[Sign]:
    suites = {each.ki: each.sak.cipher_suite for each in given}
    end_ns = association.messages[-1].time_ns
    for message in association.messages:
        for slot in _slots(message):
            suite = suites.get(slot.ki)
            if suite is None or slot.lowest_pn < exhaustion(suite):
                continue
            later = any(each.message.frame > message.frame for each in given)
            if not later and end_ns - message.time_ns > life_ns:
                detail = (
                    f"{association.name}: {member(message.mkpdu.basic.sci)} reports lowest PN "
                    f"{slot.lowest_pn} of KN {slot.ki.kn}; no SAK follows in "
                    f"{(end_ns - message.time_ns) // 10**9} s"
                )
                yield Sign("no-rekey", Certainty.SHOWN, message.frame, detail)
            return
