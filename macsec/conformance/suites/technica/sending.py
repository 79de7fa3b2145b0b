"""TxBasic, TxTimers, TxPeerList, TxDistSak, TxWhenServer, TxWhenClient and TxXPN: MKPDUs sent."""

from __future__ import annotations

from functools import partial
from typing import Any

from macsec.conformance.scenes import (
    CAK,
    CKN,
    Actor,
    alone,
    chain_key,
    member_of,
    reported,
    server_of,
)
from macsec.conformance.suites.case import CaseRun
from macsec.errors import CustodyError
from macsec.kay import status
from macsec.kay.kay import Kay
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.mkpdu.frame import Mkpdu, decode
from macsec.kay.mkpdu.parameter_sets import (
    ALGORITHM_AGILITY,
    KeyUse,
    NoSak,
    PeerId,
    SakUse,
    Xpn,
)
from macsec.kay.policy import Unauthenticated
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.cp import CpState
from macsec.keys import Key
from macsec.time_units import NS_PER_MS, NS_PER_S

from .plan import MEMBER, OTHER_MI, case, joined

EXHAUSTED = 0xC0000000
XPN = "gcm-aes-xpn-256"
RAMP_MS = (100, 200, 400, 800, 800)


def _sent_at(kay: Kay, until_ns: int) -> list[int]:
    """Return the times of the MKPDUs of a KaY without peers, in ns."""
    actor, found = Actor(kay, MEMBER), []
    while actor.now_ns <= until_ns:
        found += [actor.now_ns] * len(actor.drain())
        due = kay.next_timeout_ns()
        if due is None:
            break
        actor.now_ns = max(due, actor.now_ns + 1)
    return found


# -------------------------------------------------------------------- TxBasic


@case("TxBasic.NoTransmissionWithoutParticipate", "a participant that is disabled sends nothing")
def no_participant(run: CaseRun) -> None:
    """Disable the only one before its first MKPDU."""
    kay = alone([])
    key = chain_key()
    kay.add_key(0, key)
    kay.enable_key(0, CKN, False)
    run.expect("MKPDUs in 10 s", [], _sent_at(kay, 10 * NS_PER_S))
    kay.enable_key(10 * NS_PER_S, CKN, True)
    run.require("it sends once it is enabled", kay.next_timeout_ns() is not None)


@case("TxBasic.NoActivityWhenDisabled", "a KaY that is disabled sends nothing")
def disabled(run: CaseRun) -> None:
    """Disable it."""
    kay = alone()
    kay.set_enabled(0, False)
    run.expect("MKPDUs in 10 s", [], _sent_at(kay, 10 * NS_PER_S))


@case("TxBasic.SignalNewInfoCausesTransmission", "news are sent at once")
def news(run: CaseRun) -> None:
    """Let a peer come between two hellos."""
    kay = alone()
    actor = Actor(kay, MEMBER)
    run.expect("the first MKPDU", 1, len(actor.drain()))
    actor.later(0.5)
    run.expect("without news", 0, len(actor.drain()))
    actor.say(live=(), priority=200)
    (said,) = actor.drain()
    run.expect("Potential Peer List", (PeerId(actor.mi, actor.mn),), said.potential)


@case("TxBasic.TransmissionWhenParticipate", "the first MKPDU is sent at once, then hellos")
def first_and_hellos(run: CaseRun) -> None:
    """Look at six seconds."""
    times = [round(at / NS_PER_S, 3) for at in _sent_at(alone(), 6 * NS_PER_S)]
    run.expect("seconds", [0, 1.9, 3.8, 5.7], times)


@case(
    "TxBasic.FailsAfterMkaLifeTimeWithoutPeers",
    "without a peer for a Life Time key agreement has failed, and says so",
)
def fails(run: CaseRun) -> None:
    """Wait until just before 6 s, and until then."""
    kay = alone(security="should-secure", unauthenticated=Unauthenticated.AUTH_FAIL)
    actor = Actor(kay, MEMBER)
    for now_ns, failed in ((6 * NS_PER_S - 1, False), (6 * NS_PER_S, True)):
        actor.now_ns = now_ns
        actor.drain()
        run.expect(f"failed at {now_ns} ns", failed, kay.failed)
        run.expect("status", "Yes" if failed else "No", status.status(kay)["MKA Failed"])
        run.expect("plain frames pass, by policy", failed, kay.cp.controlled)


def _first_frame() -> tuple[Kay, bytes]:
    kay = alone()
    while kay.poll_action() is not None:
        pass
    return kay, kay.poll_transmit(0) or b""


@case("TxBasic.EthernetHeaderValidation", "PAE group address, our MAC address, EtherType 888E")
def ethernet_header(run: CaseRun) -> None:
    """Read the first 14 octets."""
    kay, frame = _first_frame()
    source = kay.sci.to_bytes(8)[:6].hex()
    run.expect("header", f"0180c2000003{source}888e", frame[:14].hex())


@case("TxBasic.EAPOLheaderValidation", "EAPOL version 3, type 5, and the length of the body")
def eapol_header(run: CaseRun) -> None:
    """Read the next four."""
    _, frame = _first_frame()
    run.expect("header", "0305" + f"{len(frame) - 18:04x}", frame[14:18].hex())


@case("TxBasic.BasicParameterSetValidation", "every field of the Basic set", clause="11.11.3")
def basic_set(run: CaseRun) -> None:
    """Read it octet by octet."""
    kay, frame = _first_frame()
    mi = kay.participants[CKN].identity.mi
    wanted = b"\x01\x10\xf0" + bytes([28 + len(CKN)]) + kay.sci.to_bytes(8) + mi
    wanted += (1).to_bytes(4) + ALGORITHM_AGILITY + CKN
    run.expect("Basic set", wanted.hex(), frame[18 : 18 + len(wanted)].hex())


@case("TxBasic.MnIncreasesAndICVupdates", "each MKPDU has the next MN and an ICV of its own")
def mn_and_icv(run: CaseRun) -> None:
    """Take four hellos."""
    kay = alone()
    actor = Actor(kay, MEMBER)
    for _ in range(16):
        actor.drain()
        actor.later(0.5)
    run.expect("MNs", list(range(1, 1 + len(actor.heard))), [x.basic.mn for x in actor.heard])
    run.require("at least four", len(actor.heard) >= 4)
    run.expect("ICVs", len(actor.heard), len({each.icv for each in actor.heard}))


@case("TxBasic.AnnounceKeyServerAsConfigured", "the Key Server flag is as configured")
def key_server_flag(run: CaseRun) -> None:
    """Set key_server on and off."""
    for flag in (True, False):
        (said,) = Actor(alone(key_server=flag), MEMBER).drain()
        run.expect(f"key_server {flag}", flag, said.basic.key_server)


# -------------------------------------------------------------------- TxTimers


@case("TxTimers.HelloRampup_CycleWhenNoPeers", "hellos after 100, 200, 400, 800 and 800 ms")
def ramp(run: CaseRun) -> None:
    """Look at the first 4.3 seconds without a peer."""
    times = _sent_at(alone(hello_ramp=RAMP_MS), 4300 * NS_PER_MS)
    wanted = [0, 100, 300, 700, 1500, 2300, 4200]
    run.expect("milliseconds", wanted, [at // NS_PER_MS for at in times])


@case("TxTimers.HelloRampup_ImmediateTransmitAfterParticipate", "the first MKPDU is sent at once")
def ramp_start(run: CaseRun) -> None:
    """Start with a ramp."""
    actor = Actor(alone(hello_ramp=RAMP_MS), MEMBER)
    run.expect("MKPDUs at 0", 1, len(actor.drain()))
    run.expect("more at 0", 0, len(actor.drain()))


# -------------------------------------------------------------------- TxPeerList


def _lists(mkpdu: Mkpdu) -> tuple[list[bytes], list[bytes]]:
    """Return the MIs of the live and of the potential list."""
    return [each.mi for each in mkpdu.live], [each.mi for each in mkpdu.potential]


def _hello(actor: Actor) -> Mkpdu:
    """Return the last MKPDU of two seconds."""
    found: list[Mkpdu] = []
    for _ in range(4):
        actor.later(0.5)
        found += actor.drain()
    return found[-1]


@case("TxPeerList.PotentialPeerIsTransmitted", "a potential peer is listed with its MN")
def lists_potential(run: CaseRun) -> None:
    """Send an MKPDU that does not list the KaY."""
    actor = Actor(alone(), MEMBER)
    actor.drain()
    actor.say(live=(), priority=200)
    (said,) = actor.drain()
    run.expect("lists", ((), (PeerId(actor.mi, 1),)), (said.live, said.potential))


@case("TxPeerList.PotentialPeerExpires", "a potential peer leaves the list after a Life Time")
def potential_expires(run: CaseRun) -> None:
    """Stay silent."""
    actor = Actor(alone(), MEMBER)
    actor.drain()
    actor.say(live=(), priority=200)
    for _ in range(2):
        run.expect("potential", [actor.mi], _lists(_hello(actor))[1])
    actor.later(2)
    run.expect("after 6 s", ([], []), _lists(actor.drain()[-1]))


@case("TxPeerList.PotentialPeerTransitionsToLive", "a potential peer that lists us becomes live")
def becomes_live(run: CaseRun) -> None:
    """List the KaY in a second MKPDU."""
    actor = Actor(alone(), MEMBER)
    actor.drain()
    actor.say(live=(), priority=200)
    run.expect("lists", ([], [actor.mi]), _lists(actor.drain()[-1]))
    actor.say(priority=200)
    run.expect("lists", ([actor.mi], []), _lists(actor.drain()[-1]))


@case("TxPeerList.NewPeerTransitionsToLive", "a new peer that lists us is live at once")
def live_at_once(run: CaseRun) -> None:
    """List the KaY in the first MKPDU."""
    actor = Actor(alone(), MEMBER)
    actor.drain()
    actor.say(priority=200)
    run.expect("lists", ([actor.mi], []), _lists(actor.drain()[-1]))


def _restarted() -> tuple[Actor, Actor]:
    """Return an actor that is live, and its second life, which was heard once."""
    kay, actor = server_of()
    again = Actor(kay, actor.sci, OTHER_MI)
    again.say(live=(), priority=200)
    return actor, again


@case("TxPeerList.SecondaryPeerLearntAsPotential", "a restarted peer is potential beside its past")
def second_is_potential(run: CaseRun) -> None:
    """Restart a live peer."""
    actor, again = _restarted()
    run.expect("lists", ([actor.mi], [again.mi]), _lists(again.drain()[-1]))


@case(
    "TxPeerList.SecondaryPeerTimeout", "a restarted peer that falls silent leaves, its past stays"
)
def second_expires(run: CaseRun) -> None:
    """Let the first life go on."""
    actor, _ = _restarted()
    for _ in range(13):
        actor.later(0.5)
        actor.say(priority=200, use=reported(actor.kay))
        actor.drain()
    run.expect("lists", ([actor.mi], []), _lists(_hello(actor)))


@case("TxPeerList.SecondaryPeerReplacesPrimary", "a restarted peer that is live replaces its past")
def second_replaces(run: CaseRun) -> None:
    """List the KaY in the second life."""
    _, again = _restarted()
    again.drain()
    again.say(priority=200)
    run.expect("lists", ([again.mi], []), _lists(again.drain()[-1]))


# -------------------------------------------------------------------- TxDistSak


def plain_sets(sak: bool, use: bool, run: CaseRun) -> None:
    """Serve a member without MACsec."""
    actor = Actor(
        alone(desired=False, security="should-secure", send_empty_sak=sak, send_empty_sak_use=use),
        MEMBER,
    )
    actor.drain()
    actor.say(priority=200, desired=False, capability=0)
    said = actor.drain()[-1]
    sets = said.first(NoSak) is not None, said.first(SakUse) is not None
    run.expect("Distributed SAK, SAK Use", (sak, use), sets)
    if use and said.use is not None:
        found = (said.use.plain_transmits, said.use.plain_receives, said.use.latest)
        run.expect("plain, without keys", (True, True, None), found)


case(
    "TxDistSak.DistSakAndSakUseEmptyWithoutMacsec",
    "a Key Server without MACsec sends both sets without a body",
    clause="802.1X 11.11.3",
)(partial(plain_sets, True, True))
case("TxDistSak.DistSakOptionallyNotTransmittedWithoutMacsec", "an option leaves the one out")(
    partial(plain_sets, False, True)
)
case("TxDistSak.SakUseOptionallyNotTransmittedWithoutMacsec", "an option leaves the other out")(
    partial(plain_sets, True, False)
)


class _Failing(MemoryHolder):
    """A holder that cannot derive a SAK."""

    def sak(self, *_: Any) -> Key:
        raise CustodyError("the token was removed")


@case("TxDistSak.DerivationError", "a SAK that cannot be derived: counted, and not distributed")
def derivation_fails(run: CaseRun) -> None:
    """Serve with a holder that fails."""
    kay = alone([ChainKey(_Failing(Key(CAK), CKN))])
    actor = Actor(kay, MEMBER)
    actor.drain()
    actor.say(priority=200)
    said = actor.drain()
    run.expect("distributed", [], [each.distributed for each in said if each.distributed])
    run.require("counted", kay.counters["sak-generation-errors"] > 0)
    run.require("not secured", not kay.secured)


def wrapped(suite: str, length: int, run: CaseRun) -> None:
    """Unwrap what is distributed."""
    kay, actor = joined(cipher=suite)
    given = next(each.distributed for each in actor.drain() if each.distributed)
    body = len(given.encode()) - 4
    run.expect("octets of the set", length, body)
    sak = actor.holder.unwrap(given.wrapped)
    run.require("it unwraps", sak is not None)
    installed = [each for each in actor.actions if isinstance(each, actions.CreateTransmitSA)]
    run.require("it is the key of our SA", sak is not None and installed[0].key == sak)
    run.expect("Key Number and AN", (1, 0), (given.kn, given.an))
    run.require("a Key Server", kay.participants[CKN].is_server)


case("TxDistSak.Key128bitsWrapped", "a SAK of 128 bits in a body of 28 octets")(
    partial(wrapped, "gcm-aes-128", 28)
)
case("TxDistSak.Key256bitsWrappedExtendedHeader", "a SAK of 256 bits in a body of 52 octets")(
    partial(wrapped, "gcm-aes-256", 52)
)


@case("TxDistSak.StopTransmittingWhenDistributted", "distributed until every peer reports it")
def stops(run: CaseRun) -> None:
    """Report it late."""
    kay, actor = joined()
    for _ in range(3):
        run.require("distributed", any(each.distributed for each in actor.drain()))
        actor.later(1.9)
        actor.say(priority=200)
    actor.drain()
    actor.say(priority=200, use=reported(kay))
    said = actor.drain()
    said.append(_hello(actor))
    run.expect("after the report", [], [each for each in said if each.distributed])


# -------------------------------------------------------------------- TxWhenServer, TxWhenClient


def _keys(mkpdu: Mkpdu) -> list[tuple[int, int, bool, bool]]:
    """Return KN, AN, transmits, receives of each key that SAK Use reports."""
    slots = () if mkpdu.use is None else (mkpdu.use.latest, mkpdu.use.old)
    found = [slot for slot in slots if slot and slot.ki.kn]
    return [(slot.ki.kn, slot.an, slot.transmits, slot.receives) for slot in found]


@case("TxWhenServer.SakUseWhenDistributingFirstKey", "SAK Use goes with the first distribution")
def first_key(run: CaseRun) -> None:
    """Read the MKPDU that distributes."""
    _, actor = joined()
    said = next(each for each in actor.drain() if each.distributed)
    run.expect("keys", [(1, 0, True, True)], _keys(said))


@case("TxWhenServer.SakUseAfterDistributingFirstKey", "SAK Use goes on after the distribution")
def after_first_key(run: CaseRun) -> None:
    """Read three hellos."""
    kay, actor = server_of()
    for _ in range(3):
        actor.say(priority=200, use=reported(kay))
        said = _hello(actor)
        run.expect("distributed", None, said.distributed)
        run.expect("keys", [(1, 0, True, True)], _keys(said))


@case(
    "TxWhenServer.FullSAKRotationOnExhaustion",
    "exhaustion: another SAK is distributed, received, transmitted; the old one retires",
    clause="802.1X 9.8",
)
def rotation(run: CaseRun) -> None:
    """Report exhaustion, then follow step by step."""
    kay, actor = server_of()
    actor.stay(7, priority=200, use=reported(kay, 5))
    actor.say(priority=200, use=reported(kay, EXHAUSTED))
    said = actor.drain()
    run.expect("Key Numbers distributed", [2], [x.distributed.kn for x in said if x.distributed])
    run.expect("keys", [(2, 1, False, True), (1, 0, True, True)], _keys(said[-1]))
    newest, old = kay.cp.slots()
    for transmits in (False, True):
        use = SakUse(
            latest=KeyUse(newest.ki, newest.an, transmits, True, 1),
            old=KeyUse(old.ki, old.an, not transmits, True, 1),
        )
        actor.say(priority=200, use=use)
        said = actor.drain() or said
    run.expect("keys", [(2, 1, True, True), (1, 0, False, True)], _keys(said[-1]))
    run.expect("CP state", CpState.TRANSMITTING, kay.cp.state)
    actor.later(3)
    said = actor.drain()
    run.expect("keys after SAK Retire Time", [(2, 1, True, True)], _keys(said[-1]))
    run.expect("CP state", CpState.RETIRE, kay.cp.state)


@case("TxWhenClient.InstallSak", "a member installs a SAK and reports it")
def client(run: CaseRun) -> None:
    """Distribute one to it, and a second."""
    kay, actor = member_of()
    run.expect("keys", [(1, 0, True, True)], _keys(actor.heard[-1]))
    actor.later(5)
    actor.distribute(kn=2, an=1, sak=b"2" * 16)
    said = actor.drain()
    run.expect("keys", [(2, 1, False, True), (1, 0, True, True)], _keys(said[-1]))
    run.expect("distributed by a member", [], [each for each in said if each.distributed])
    run.require("secured", kay.secured)


# -------------------------------------------------------------------- TxXPN


def _upper(mkpdu: Mkpdu) -> tuple[int, int] | None:
    found = mkpdu.first(Xpn)
    return None if found is None else (found.latest_upper, found.old_upper)


@case("TxXPN.ExtendedExhaustion", "our own PNs exhaust a SAK by all 64 bits")
def own_exhaustion(run: CaseRun) -> None:
    """Use up three quarters of 2^32, then of 2^64."""
    kay, actor = server_of(cipher=XPN)
    for pn, saks in ((EXHAUSTED + 5, 1), (EXHAUSTED << 32, 2)):
        actor.stay(7, priority=200, use=reported(kay), xpn=True)
        kay.update_pn(actor.now_ns, kay.cp.slots()[0].an, pn)
        actor.drain()
        run.expect(f"SAKs at PN {pn:#x}", saks, kay.counters["keys-distributed"])


def upper_halves(transition: bool, run: CaseRun) -> None:
    """Raise our PNs above 2^32, and read the XPN set."""
    kay, actor = server_of(cipher=XPN)
    actor.stay(7, priority=200, use=reported(kay), xpn=True)
    pn = (5 << 32) + 7
    kay.update_pn(actor.now_ns, kay.cp.slots()[0].an, pn)
    if transition:
        kay.update_pn(actor.now_ns, kay.cp.slots()[0].an, EXHAUSTED << 32)
        pn = EXHAUSTED << 32
    said = [*actor.drain(), _hello(actor)]
    found = said[-1]
    used = found.use
    slots = [] if used is None else [slot for slot in (used.latest, used.old) if slot]
    lowest = {slot.ki.kn: slot.lowest_pn for slot in slots if slot.ki.kn}
    run.expect("64-bit PN of the first key", pn, lowest.get(1))
    uppers = _upper(found)
    run.require("upper half of the Old Key", uppers is not None and uppers[1] == pn >> 32)
    if transition:
        run.expect("KN of the newest", 2, max(lowest))
        run.require("upper half of the Latest Key", uppers is not None and uppers[0] == 0)


case("TxXPN.ExtendedTransmittedLatest", "an XPN set has the upper halves, between two keys")(
    partial(upper_halves, True)
)
case("TxXPN.ExtendedTransmittedOld", "an XPN set has the upper half of the key in use")(
    partial(upper_halves, False)
)


@case("TxXPN.XpnOptionallyNotTransmittedWithoutXpnCipher", "no XPN set without an XPN suite")
def no_xpn_set(run: CaseRun) -> None:
    """Read all MKPDUs of a session under GCM-AES-128, and under XPN."""
    _, plain = server_of()
    run.expect("XPN sets", [], [each for each in plain.heard if each.xpn])
    _, extended = server_of(cipher=XPN)
    run.require("there are some under XPN", any(each.xpn for each in extended.heard))
    frame = _first_frame()[1]
    run.require("the first MKPDU is one", isinstance(decode(frame), Mkpdu))
