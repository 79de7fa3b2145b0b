"""RxSakUse and RxXPN: reports of the keys in use, and their lowest PNs."""

from __future__ import annotations

from functools import partial
from typing import Any

from macsec.conformance.scenes import CKN, Actor, member_of, reported, server_of
from macsec.conformance.suites.case import CaseRun
from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import KeyUse, SakUse
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.cp import CpState

from .plan import OTHER_MI, SERVER, case, joined

EXHAUSTED, EXHAUSTED_XPN = 0xC0000000, 0xC0000000 << 32
OFFER: dict[str, Any] = {"key_server": True, "priority": 1}
XPN = "gcm-aes-xpn-128"


def _in_use(actor: Actor, kn: int = 1, an: int = 0, pn: int = 1) -> KeyUse:
    """Return a key of the actor as it uses it."""
    return KeyUse(KI(actor.mi, kn), an, True, True, pn)


def _expect_ignored(run: CaseRun, kay: Kay, faults: int, before: int) -> None:
    run.expect("faults counted", before + faults, kay.counters["sak-use-errors"])
    run.require("the session goes on", kay.secured)


@case("RxSakUse.NonLivePeer", "SAK Use of a peer that is not live: ignored")
def not_live(run: CaseRun) -> None:
    """Let a potential peer report the key as exhausted."""
    kay, _ = server_of()
    other = Actor(kay, SERVER, OTHER_MI)
    use = reported(kay, EXHAUSTED)
    run.expect("reception", Reception.ACCEPTED, other.say(live=(), priority=250, use=use))
    peer = kay.participants[CKN].peers.find(OTHER_MI)
    run.expect("its report", None, None if peer is None else peer.use)
    run.expect("SAKs", 1, kay.counters["keys-distributed"])


@case("RxSakUse.InvalidSize", "SAK Use of 1 to 39 octets: the set is ignored, the MKPDU is not")
def wrong_size(run: CaseRun) -> None:
    """Send every such length."""
    kay, actor = member_of()
    for length in range(1, 40):
        sets = [Opaque(3, 0, bytes(length))]
        run.expect(f"{length} octets", Reception.ACCEPTED, actor.say(sets=sets, **OFFER))
    _expect_ignored(run, kay, 39, 0)
    run.expect("renewed", 0, kay.counters["mi-renewed"])


def unknown_keys(latest: bool, an: int, mi: bytes | None, run: CaseRun) -> None:
    """Report a key that the KaY does not have, or one that it has under another AN."""
    kay, actor = member_of()
    before = kay.counters["sak-use-errors"]
    used = KeyUse(KI(mi or actor.mi, 77), an, True, True, EXHAUSTED)
    use = SakUse(latest=used) if latest else SakUse(latest=_in_use(actor), old=used)
    run.expect("reception", Reception.ACCEPTED, actor.say(use=use, **OFFER))
    actor.drain()
    _expect_ignored(run, kay, 1, before)
    run.expect("keys", [1], [slot.ki.kn for slot in kay.cp.slots()])


_UNKNOWN = "a key that we do not have: counted and ignored"
case("RxSakUse.UnknownKeys", _UNKNOWN)(partial(unknown_keys, True, 0, OTHER_MI))
case("RxSakUse.OldAssociationNumberMismatch", _UNKNOWN)(partial(unknown_keys, False, 3, None))
case("RxSakUse.LatestAssociationNumberMismatch", _UNKNOWN)(partial(unknown_keys, True, 3, None))


def lowest_pn_of_zero(old: bool, run: CaseRun) -> None:
    """Report 0 as lowest PN, with delay protection and without."""
    kay, actor = member_of(delay_protection=True)
    before = kay.counters["sak-use-errors"]
    zero = _in_use(actor, pn=0)
    use = SakUse(latest=None if old else zero, old=zero if old else None, delay_protect=True)
    run.expect("reception", Reception.ACCEPTED, actor.say(use=use, **OFFER))
    _expect_ignored(run, kay, 1, before)
    peer = kay.participants[CKN].peers.find(actor.mi)
    run.expect("its report", None, None if peer is None else peer.use)
    actor.actions.clear()
    actor.drain()
    run.expect("actions", [], actor.actions)


_ZERO = "delay protection with a lowest PN of 0: the set is ignored"
case("RxSakUse.OldPacketNumberIsZero", _ZERO)(partial(lowest_pn_of_zero, True))
case("RxSakUse.LatestPacketNumberIsZero", _ZERO)(partial(lowest_pn_of_zero, False))


@case("RxSakUse.EmptyBodyMacsecNotSupported", "SAK Use without a body: the peer has no SAK")
def empty_body(run: CaseRun) -> None:
    """Send it as a Key Server that does without MACsec, under should-secure."""
    kay, actor = joined(server=True, key_server_priority=200, security="should-secure")
    plain = SakUse(plain_transmits=True, plain_receives=True)
    run.expect("reception", Reception.ACCEPTED, actor.say(use=plain, plain=True, **OFFER))
    said = actor.drain()[-1]
    run.expect("CP state", CpState.AUTHENTICATED, kay.cp.state)
    run.expect("SAK Use of ours", plain, said.use)
    run.expect("faults counted", 0, kay.counters["sak-use-errors"])


@case(
    "RxSakUse.DistributedSakLearntByPeer",
    "the Key Server transmits once a peer reports that it receives",
    clause="802.1X 9.8",
)
def learnt_by_the_peer(run: CaseRun) -> None:
    """Make a second SAK, and report first reception, then use."""
    kay, actor = server_of(sak_rekey_interval=30)
    actor.stay(31, priority=200, use=reported(kay))
    newest = kay.cp.slots()[0]
    run.expect("KN of the newest", 2, newest.ki.kn)
    run.expect("CP state", CpState.RECEIVING, kay.cp.state)
    receives = KeyUse(newest.ki, newest.an, False, True, 1)
    actor.say(priority=200, use=SakUse(latest=receives))
    actor.drain()
    run.expect("CP state", CpState.TRANSMITTING, kay.cp.state)


@case(
    "RxSakUse.ServerIsTransmittingWithNewSak",
    "a member transmits once the Key Server reports that it transmits",
    clause="802.1X 9.8",
)
def server_transmits(run: CaseRun) -> None:
    """Distribute a second SAK, and report its use later."""
    kay, actor = member_of()
    actor.later(5)
    actor.distribute(kn=2, an=1, sak=b"2" * 16, use=SakUse(latest=_in_use(actor)))
    actor.drain()
    run.expect("CP state", CpState.READY, kay.cp.state)
    actor.say(use=SakUse(latest=_in_use(actor, 2, 1), old=_in_use(actor)), **OFFER)
    actor.drain()
    run.expect("CP state", CpState.TRANSMITTING, kay.cp.state)
    run.expect("its last action", actions.EnableTransmitSA(1), actor.actions[-1])


def learnt_pn(transition: bool, run: CaseRun) -> None:
    """Report lowest PNs of the key in use, without delay protection."""
    kay, actor = member_of()
    if transition:
        actor.later(5)
        actor.distribute(kn=2, an=1, sak=b"2" * 16, use=SakUse(latest=_in_use(actor)))
        actor.drain()
    for pn in (100, 90, 200):
        old = _in_use(actor, pn=pn)
        latest = KeyUse(KI(actor.mi, 2), 1, False, True, 1) if transition else None
        actor.say(use=SakUse(latest=latest, old=old), **OFFER)
        actor.drain()
        peer = kay.participants[CKN].peers.find(actor.mi)
        uses = [] if peer is None else peer.uses(KI(actor.mi, 1))
        run.expect("lowest PN of the peer", [pn], [each.lowest_pn for each in uses])
    raised = [each for each in actor.actions if isinstance(each, actions.RaiseLowestPN)]
    run.expect("lowest PNs raised without delay protection", [], raised)


_LEARNT = "the lowest PN of a peer is learned"
case("RxSakUse.NewPacketNumberLearnt_KeyActive", f"{_LEARNT}, with one key in use")(
    partial(learnt_pn, False)
)
case("RxSakUse.NewPacketNumberLearnt_KeyInTransition", f"{_LEARNT}, between two keys")(
    partial(learnt_pn, True)
)


@case(
    "RxSakUse.PacketNumberExhaustion",
    "three quarters of the PNs used: the Key Server makes another SAK",
    clause="802.1X 9.8",
)
def exhaustion(run: CaseRun) -> None:
    """Report one PN less, then that one."""
    kay, actor = server_of()
    actor.stay(8, priority=200, use=reported(kay, EXHAUSTED - 1))
    run.expect("SAKs", 1, kay.counters["keys-distributed"])
    actor.stay(1, priority=200, use=reported(kay, EXHAUSTED))
    run.expect("SAKs", 2, kay.counters["keys-distributed"])


def delay_protection(transition: bool, run: CaseRun) -> None:
    """Report lowest PNs under delay protection."""
    kay, actor = member_of(delay_protection=True)
    if transition:
        actor.later(5)
        actor.distribute(kn=2, an=1, sak=b"2" * 16, use=SakUse(latest=_in_use(actor)))
        actor.drain()
    actor.actions.clear()
    for pn in (500, 400, 600):
        old = _in_use(actor, pn=pn)
        latest = KeyUse(KI(actor.mi, 2), 1, False, True, 1) if transition else None
        actor.say(use=SakUse(latest=latest, old=old, delay_protect=True), **OFFER)
        actor.drain()
    raised = [each for each in actor.actions if isinstance(each, actions.RaiseLowestPN)]
    run.expect("lowest PNs of AN 0", [500, 600], [each.lowest_pn for each in raised if not each.an])
    run.require("secured", kay.secured)


_DELAY = "under delay protection the lowest PN of a peer raises ours, never lowers it"
case("RxSakUse.SA_Active_DelayProtect_KeyInTransition", _DELAY, clause="802.1X 9.10")(
    partial(delay_protection, True)
)
case("RxSakUse.SA_Active_DelayProtect_KeyActive", _DELAY, clause="802.1X 9.10")(
    partial(delay_protection, False)
)


# -------------------------------------------------------------------- XPN


def upper_halves(old: bool, run: CaseRun) -> None:
    """Report a PN above 2^32 with an XPN set."""
    kay, actor = server_of(cipher=XPN)
    slot = kay.cp.slots()[0]
    for pn in (7, (5 << 32) + 3, (5 << 32) + 9):
        used = KeyUse(slot.ki, slot.an, True, True, pn)
        use = SakUse(latest=None if old else used, old=used if old else None)
        actor.say(priority=200, use=use, xpn=True)
        peer = kay.participants[CKN].peers.find(actor.mi)
        uses = [] if peer is None else peer.uses(slot.ki)
        run.expect("lowest PN of the peer", [pn], [each.lowest_pn for each in uses])


_UPPER = "an XPN set has the upper half of the lowest PN"
case("RxXPN.IncreaseXPNforPacketNumberOld", f"{_UPPER} of the Old Key")(partial(upper_halves, True))
case("RxXPN.IncreaseXPNforPacketNumberLatest", f"{_UPPER} of the Latest Key")(
    partial(upper_halves, False)
)


@case("RxXPN.ExtendedExhaustion", "a key with 64-bit PNs is exhausted by all 64 bits")
def xpn_exhaustion(run: CaseRun) -> None:
    """Report a high lower half, then three quarters of 2^64."""
    kay, actor = server_of(cipher=XPN)
    actor.stay(8, priority=200, use=reported(kay, EXHAUSTED + 5), xpn=True)
    run.expect("SAKs", 1, kay.counters["keys-distributed"])
    actor.stay(1, priority=200, use=reported(kay, EXHAUSTED_XPN), xpn=True)
    run.expect("SAKs", 2, kay.counters["keys-distributed"])
