"""RxDistSak: distributed SAKs, taken and refused."""

from __future__ import annotations

from functools import partial
from typing import Any

from macsec.conformance.scenes import Actor, alone, member_of, server_of, snapshot
from macsec.conformance.suites.case import CaseRun
from macsec.kay.counters import Reception
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import KeyUse, SakUse
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.cp import Connect, CpState
from macsec.suites import SUITES

from .plan import MEMBER, OTHER_MI, SERVER, case, check_offer_refused, joined

OFFER: dict[str, Any] = {"key_server": True, "priority": 1}


def wrong_length(length: int, run: CaseRun) -> None:
    """Send a Distributed SAK with a body of n octets."""
    kay, actor = member_of()
    before = snapshot(kay)
    sets = [Opaque(4, 0x500, bytes(length))]
    run.expect("reception", Reception.ACCEPTED, actor.say(sets=sets, **OFFER))
    run.require("no state of the KaY changes", snapshot(kay) == before)
    run.expect("refused", 1, kay.counters["sak-refused"])


for _length in (27, 29, 35):
    case(f"RxDistSak.InvalidLength_{_length}", f"a body of {_length} octets: not read")(
        partial(wrong_length, _length)
    )


@case("RxDistSak.PeerIsNotLive", "a SAK of a peer that is not live: refused")
def not_live(run: CaseRun) -> None:
    """Distribute without listing the KaY."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, SERVER)
    actor.drain()
    actor.say(live=(), **OFFER)
    check_offer_refused(run, kay, actor, "sak-refused", live=())


@case("RxDistSak.DiscardWhenKeyServer", "a SAK of a member, while we are Key Server: refused")
def to_the_server(run: CaseRun) -> None:
    """Distribute as a member."""
    kay, actor = server_of()
    check_offer_refused(run, kay, actor, "sak-refused", priority=200, key_server=False, an=1)


@case(
    "RxDistSak.PeerKeyServerDisablesMacsec_AcceptablePerConfiguration",
    "a Key Server that orders plain frames, where plain frames are allowed: they pass",
)
def plain_allowed(run: CaseRun) -> None:
    """Send a Distributed SAK without a body, under should-secure."""
    kay, actor = joined(server=True, key_server_priority=200, security="should-secure")
    actor.say(plain=True, **OFFER)
    actor.drain()
    run.expect("CP state", CpState.AUTHENTICATED, kay.cp.state)
    run.require("the Controlled Port is open", kay.cp.controlled)
    run.expect("last actions", actions.SetControlledPort(True), actor.actions[-1])


@case(
    "RxDistSak.PeerKeyServerDisablesMacsec_NotAcceptablePerConfiguration",
    "a Key Server that orders plain frames, under must-secure: the port stays closed",
)
def plain_refused(run: CaseRun) -> None:
    """Send it before a SAK, and while one is in use."""
    for kay, actor in (joined(server=True, key_server_priority=200), member_of()):
        actor.drain()
        actor.say(plain=True, **OFFER)
        actor.drain()
        run.expect("port", (Connect.PENDING, False), (kay.cp.connect, kay.cp.controlled))
        run.expect("refused", 1, kay.counters["sak-refused"])
        plain = [each for each in actor.actions if isinstance(each, actions.Unprotect)]
        run.expect("orders to pass plain frames", [], plain)


@case(
    "RxDistSak.PeerKeyServerEnablesMacsec_LocalNotSupported",
    "a SAK for a station without MACsec: refused",
)
def no_capability(run: CaseRun) -> None:
    """Distribute one to a KaY of MACsec Capability 0."""
    kay, actor = joined(
        server=True,
        key_server_priority=200,
        capability=0,
        desired=False,
        security="should-secure",
    )
    check_offer_refused(run, kay, actor, "sak-cipher-mismatch-errors")
    run.require("not secured", not kay.secured)


@case("RxDistSak.PeerKeyServerInstallingKnownKey", "the SAK in use again: no effect")
def known_key(run: CaseRun) -> None:
    """Repeat it three times."""
    kay, actor = member_of()
    before, count = snapshot(kay), len(actor.actions)
    for _ in range(3):
        run.expect("reception", Reception.ACCEPTED, actor.distribute())
        actor.drain()
    run.require("no state of the KaY changes", snapshot(kay) == before)
    run.expect("actions", count, len(actor.actions))
    run.expect("SAKs received", 1, kay.counters["keys-received"])


@case(
    "RxDistSak.SakNonceProtection_TriggeredDueToPairSeen",
    "a KI of before with another SAK, or a SAK of before with another KI: refused",
    clause="802.1X 9.10",
)
def pair_seen(run: CaseRun) -> None:
    """Use either twice, also after its SAs were deleted."""
    kay, actor = member_of()
    check_offer_refused(run, kay, actor, "sak-reuse-refused", kn=1, an=1, sak=b"x" * 16)
    check_offer_refused(run, kay, actor, "sak-reuse-refused", kn=2, an=1)
    actor.later(5)
    actor.distribute(kn=2, an=1, sak=b"2" * 16)
    actor.drain()
    for _ in range(2):
        used = KeyUse(KI(actor.mi, 2), 1, True, True, 1)
        actor.say(use=SakUse(latest=used), **OFFER)
        actor.drain()
        actor.later(4)
    actor.say(**OFFER)
    actor.drain()
    run.expect("keys in use", [2], [slot.ki.kn for slot in kay.cp.slots()])
    check_offer_refused(run, kay, actor, "sak-reuse-refused", kn=1, an=3)


@case(
    "RxDistSak.SakNonceNewEntry_WhileUsingNonAcceptableCipher",
    "a SAK of a suite that is not accepted: refused, and its KI stays usable",
)
def suite_not_accepted(run: CaseRun) -> None:
    """Distribute GCM-AES-256, and then the same KI as GCM-AES-128."""
    kay, actor = member_of(suites=(SUITES["gcm-aes-128"],))
    actor.later(5)
    suite = SUITES["gcm-aes-256"].identifier
    offer: dict[str, Any] = {"kn": 2, "an": 1}
    check_offer_refused(
        run, kay, actor, "sak-cipher-mismatch-errors", suite=suite, sak=bytes(range(32)), **offer
    )
    actor.distribute(sak=b"2" * 16, **offer)
    actor.drain()
    run.expect("newest KN", 2, kay.cp.slots()[0].ki.kn)


@case(
    "RxDistSak.SakNonceUpdate_WhileUsingNonKnownCipher",
    "a SAK of an unknown suite: refused, and the session goes on",
)
def unknown_suite(run: CaseRun) -> None:
    """Distribute one with an identifier that no suite has."""
    kay, actor = member_of()
    check_offer_refused(
        run, kay, actor, "sak-cipher-mismatch-errors", kn=2, an=1, suite=0x0080C20001000099
    )
    run.require("secured", kay.secured)


@case(
    "RxDistSak.SakNonceProtection_TriggeredDueToHistoryFull",
    "many KIs are remembered, and none is taken twice",
    part="there a full history ends the session; here the oldest server makes room, and the "
    "check value of each SAK is kept, so that no nonce repeats",
)
def full_history(run: CaseRun) -> None:
    """Use eight SAKs, and offer each again."""
    kay, actor = member_of()
    for kn in range(2, 9):
        actor.later(7)
        actor.distribute(kn=kn, an=(kn - 1) % 4, sak=bytes([kn]) * 16)
        actor.drain()
        used = KeyUse(KI(actor.mi, kn), (kn - 1) % 4, True, True, 1)
        for _ in range(2):
            actor.later(2)
            actor.say(use=SakUse(latest=used), **OFFER)
            actor.drain()
    run.expect("SAKs received", 8, kay.counters["keys-received"])
    actor.later(4)
    actor.say(**OFFER)
    actor.drain()
    for kn in range(1, 8):
        sak = bytes(range(16)) if kn == 1 else bytes([kn]) * 16
        check_offer_refused(run, kay, actor, "sak-reuse-refused", kn=kn, an=2, sak=sak)
    for kn in range(2, 8):
        offer: dict[str, Any] = {"kn": 20 + kn, "an": 2, "sak": bytes([kn]) * 16}
        check_offer_refused(run, kay, actor, "sak-reuse-refused", **offer)


def taken(suite: str, extended: bool, run: CaseRun) -> None:
    """Distribute a SAK, and look at what is installed."""
    row = SUITES[suite]
    kay, actor = joined(server=True, key_server_priority=200)
    sak = bytes(range(1, 1 + row.key_length))
    actor.distribute(sak=sak, suite=row.identifier if extended else None)
    actor.drain()
    run.require("secured", kay.secured)
    made = [each for each in actor.actions if isinstance(each, actions.CreateReceiveSA)]
    run.expect("receive SAs", [(actor.sci, 0)], [(each.sci, each.an) for each in made])
    run.require("its key is the SAK", made[0].key.expose() == sak)
    run.expect("suite", (row, 1), kay.cp.protection)


_TAKEN = "unwrapped and installed"
case("RxDistSak.KeyUnwrap_AES128DefaultSmallHeader", f"GCM-AES-128 in 28 octets: {_TAKEN}")(
    partial(taken, "gcm-aes-128", False)
)
case("RxDistSak.KeyUnwrap_AES128_ExtendedHeader", f"128 bits in 36 octets: {_TAKEN}")(
    partial(taken, "gcm-aes-128", True)
)
case("RxDistSak.KeyUnwrap_AES256_ExtendedHeader", f"256 bits in 52 octets: {_TAKEN}")(
    partial(taken, "gcm-aes-256", True)
)


@case("RxDistSak.KeyInstallInSECY", "the SecY gets the SAs in the right order")
def order_of_actions(run: CaseRun) -> None:
    """Follow the actions from the start to the open port."""
    _, actor = member_of()
    wanted = [
        "SetControlledPort",
        "Reset",
        "Protect",
        "CreateReceiveSC",
        "CreateReceiveSA",
        "CreateTransmitSA",
        "EnableTransmitSA",
        "SetControlledPort",
    ]
    run.expect("actions", wanted, [type(each).__name__ for each in actor.actions])


def without_sak_use(run: CaseRun) -> None:
    """Distribute a SAK in an MKPDU without SAK Use, before one with it."""
    kay, actor = joined(server=True, key_server_priority=200)
    actor.distribute()
    said = actor.drain()
    used = said[-1].use
    run.require("secured", kay.secured)
    run.require("SAK Use is sent after the installation", used is not None)
    slots = [] if used is None else [slot for slot in (used.latest, used.old) if slot]
    found = [(slot.ki, slot.transmits, slot.receives) for slot in slots if slot.ki.kn]
    run.expect("our report", [(KI(actor.mi, 1), True, True)], found)


case(
    "RxDistSak.NewSAKAdquiredAndInstalled_NoSakUseInPdu",
    "a SAK in an MKPDU without SAK Use: installed",
)(without_sak_use)


@case(
    "RxDistSak.NewSAKAdquiredAndInstalled_SakUse_EnabledAfterInstallation",
    "a SAK and SAK Use of the same key in one MKPDU: installed, then followed",
)
def with_sak_use(run: CaseRun) -> None:
    """Rekey with an MKPDU that also reports transmission under the new SAK."""
    kay, actor = member_of()
    actor.later(5)
    used = KeyUse(KI(actor.mi, 2), 1, True, True, 1)
    actor.distribute(kn=2, an=1, sak=b"2" * 16, use=SakUse(latest=used))
    actor.drain()
    run.expect("CP state", CpState.TRANSMITTING, kay.cp.state)
    run.expect("keys", [2, 1], [slot.ki.kn for slot in kay.cp.slots()])


@case(
    "RxDistSak.KeyUnwrap_AES128DefaultSmallHeader_NotAcceptable",
    "the default suite is not among the accepted ones: refused",
)
def default_not_accepted(run: CaseRun) -> None:
    """Accept GCM-AES-256 alone."""
    only = SUITES["gcm-aes-256"]
    kay, actor = joined(server=True, key_server_priority=200, cipher="gcm-aes-256", suites=(only,))
    check_offer_refused(run, kay, actor, "sak-cipher-mismatch-errors")
    other = Actor(kay, MEMBER, OTHER_MI)
    run.expect("another member", Reception.ACCEPTED, other.say())
    run.require("not secured", not kay.secured)
