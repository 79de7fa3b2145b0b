"""What must not work: framing, authentication, freshness, lists, keys, policy; a test a line.

Each says what arrives and what must happen. Nothing raises, and what is refused changes nothing
but a counter.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.kays import (
    CAK,
    CKN,
    NS,
    Actor,
    alone,
    chain_key,
    check_life_cycles,
    member_of,
    reported,
    sci_of_name,
    server_of,
    snapshot,
)

from macsec.kay import actions, status
from macsec.kay.counters import Reception
from macsec.kay.cp import Connect, CpState
from macsec.kay.kay import Kay
from macsec.kay.mkpdu.frame import Mkpdu, decode, seal
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import KeyUse, LivePeerList, NoSak, PeerId, SakUse
from macsec.kay.sak import KI
from macsec.suites import SUITES

OTHER = b"another's MI"


def assert_refused(kay: Kay, frame: bytes, reception: Reception, now_ns: int = 0) -> None:
    """The frame is this, is counted so once, and changes nothing else."""
    before, counters = snapshot(kay), dict(kay.counters)
    assert kay.receive_mkpdu(now_ns, frame) is reception
    assert snapshot(kay) == before
    moved = {name: kay.counters[name] - count for name, count in counters.items()}
    assert {name: n for name, n in moved.items() if n} == {reception.value: 1}


# -------------------------------------------------------------------- framing


def cut(length: int) -> Callable[[bytes], bytes]:
    """The body has so many octets, by its own account and in truth."""
    return lambda frame: frame[:16] + length.to_bytes(2) + frame[18 : 18 + length]


def octet(at: int, value: int) -> Callable[[bytes], bytes]:
    """One octet is another."""
    return lambda frame: frame[:at] + bytes([value]) + frame[at + 1 :]


def more(frame: bytes) -> bytes:
    """The body is longer than the frame."""
    return frame[:16] + (len(frame) - 18 + 4).to_bytes(2) + frame[18:]


@pytest.mark.parametrize(
    "spoil, reception",
    [
        (lambda frame: frame[:12], Reception.NOT_MKA),
        (lambda frame: b"", Reception.NOT_MKA),
        (octet(15, 0), Reception.NOT_MKA),
        (octet(15, 6), Reception.NOT_MKA),
        (octet(14, 2), Reception.NOT_MKA),
        (octet(12, 0x08), Reception.NOT_MKA),
        (octet(0, 0x00), Reception.INDIVIDUAL),
        (cut(28), Reception.MALFORMED),
        (cut(0), Reception.MALFORMED),
        (cut(46), Reception.MALFORMED),
        (more, Reception.MALFORMED),
        (octet(21, 28), Reception.MALFORMED),  # no octet of CKN
        (octet(21, 61), Reception.MALFORMED),  # 33 octets of CKN
        (octet(20, 0xEF), Reception.MALFORMED),  # a Basic set without an end
        (octet(18 + 28, 0x01), Reception.UNKNOWN_AGILITY),
    ],
)
def test_framing(spoil: Callable[[bytes], bytes], reception: Reception) -> None:
    """11.11.2: body too short, too long, no words; CKN of 0 or 33; other types: dropped."""
    kay, actor = member_of()
    assert_refused(kay, spoil(actor.frame()), reception)


def test_a_set_beyond_the_end_drops_the_message_whole() -> None:
    """Even where the ICV is good, and the sets before it could be read."""
    kay, actor = member_of()
    for length in (1, 4, 17, 4095):
        short = Opaque(9, 0, b"").encode()[:2] + length.to_bytes(2)
        frame = actor.frame()
        body = frame[18:-16] + short
        signed = frame[:16] + (len(body) + 16).to_bytes(2) + body
        assert_refused(kay, signed + actor.holder.icv(signed), Reception.MALFORMED)


def test_octets_behind_the_body_are_nothing() -> None:
    """Ethernet pads; that is no part of the MKPDU."""
    kay, actor = member_of()
    assert kay.receive_mkpdu(0, actor.frame() + bytes(20)) is Reception.ACCEPTED


# -------------------------------------------------------------------- authentication


def test_unknown_ckn_is_not_answered() -> None:
    """No peer is made, nothing is said."""
    kay = alone()
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    assert_refused(kay, actor.frame(ckn=b"nobody's"), Reception.UNKNOWN_CKN)
    assert actor.drain() == []


@pytest.mark.parametrize("ckn", [CKN[:31], CKN[:16], CKN[:1], CKN[1:]])
def test_a_ckn_equal_in_part_is_another(ckn: bytes) -> None:
    """The length counts: the first 16 octets, which alone enter the ICK, are not enough."""
    kay, actor = member_of()
    assert_refused(kay, actor.frame(ckn=ckn), Reception.UNKNOWN_CKN)


@pytest.mark.parametrize("at", [0, 5, 6, 18, 19, 30, 40, -20, -16, -1])
def test_a_wrong_icv_changes_nothing(at: int) -> None:
    """Any changed octet, the destination address and the ICV included."""
    kay, actor = member_of()
    frame = bytearray(actor.frame())
    frame[at] ^= 2
    assert_refused(kay, bytes(frame), Reception.BAD_ICV)


def test_another_cak_changes_nothing() -> None:
    """Whoever has not the CAK cannot even be listed."""
    kay, _ = member_of()
    stranger = Actor(kay, sci_of_name("b"), OTHER, cak=CAK[::-1])
    assert_refused(kay, stranger.frame(), Reception.BAD_ICV)


def test_our_own_message_reflected() -> None:
    """Our SCI as the sender is a loop, whatever the MI."""
    kay, actor = member_of()
    actor.later(2)
    (said,) = actor.drain()
    assert_refused(kay, seal(said, actor.holder.icv), Reception.REFLECTED, actor.now_ns)
    assert_refused(kay, actor.frame(sci=kay.sci, mi=OTHER), Reception.REFLECTED, actor.now_ns)


# -------------------------------------------------------------------- freshness


def test_an_mn_that_does_not_rise() -> None:
    """The same or an earlier MN of an MI: dropped whole."""
    kay, actor = member_of()
    for mn in (actor.mn, actor.mn - 1, 1):
        assert_refused(kay, actor.frame(mn=mn), Reception.OLD_MN)


def test_mn_zero() -> None:
    """There is no MN 0."""
    kay, actor = member_of()
    frame = bytearray(actor.frame())
    frame[18 + 24 : 18 + 28] = bytes(4)
    signed = bytes(frame[:-16])
    assert_refused(kay, signed + actor.holder.icv(signed), Reception.MALFORMED)


def test_every_replay_is_refused() -> None:
    """A recorded session played again, by an outsider, leads nowhere: no peer becomes live."""
    kay, actor = server_of()
    frames = [actor.frame(priority=200, use=reported(kay)) for _ in range(5)]
    for frame in frames:
        assert kay.receive_mkpdu(actor.now_ns, frame) is Reception.ACCEPTED
    for frame in frames:
        assert_refused(kay, frame, Reception.OLD_MN)
    fresh = alone()
    fresh_actor = Actor(fresh, sci_of_name("z"))
    fresh_actor.drain()
    for frame in frames:
        fresh.receive_mkpdu(0, frame)
        fresh_actor.drain()
    assert fresh.principal is None
    assert not fresh.secured


def test_our_mi_with_an_mn_never_sent() -> None:
    """Somebody else speaks as us: the MI is renewed, MNs start again."""
    kay, actor = member_of()
    ours = actor.listens
    actor.say(live=(PeerId(ours.mi, ours.mn + 1),))
    identity = kay.participants[CKN].identity
    assert (identity.mi != ours.mi, kay.counters["mi-renewed"]) == (True, 1)
    assert kay.participants[CKN].peers.live == []
    (said,) = actor.drain()
    assert (said.basic.mi, said.basic.mn) == (identity.mi, 1)


def test_a_stale_mn_is_no_proof_of_life() -> None:
    """What was sent more than a Life Time ago proves nothing now."""
    kay = alone()
    actor = Actor(kay, sci_of_name("a"))
    (first,) = actor.drain()
    for _ in range(4):
        actor.later(2)
        actor.drain()
    stale = PeerId(first.basic.mi, first.basic.mn)
    assert actor.say(live=(stale,)) is Reception.ACCEPTED
    assert kay.participants[CKN].peers.live == []
    assert kay.counters["in-mkpdu-peer-list-errors"] == 1
    actor.say()
    assert len(kay.participants[CKN].peers.live) == 1


def test_our_mi_from_another_sci() -> None:
    """Two members drew one MI: we take another."""
    kay, actor = member_of()
    ours = actor.listens
    assert actor.say(mi=ours.mi, mn=900) is Reception.OTHER_SCI
    assert kay.participants[CKN].identity.mi != ours.mi


def test_a_peers_mi_from_another_sci() -> None:
    """The message is dropped; the peer stays."""
    kay, actor = member_of()
    assert_refused(kay, actor.frame(sci=sci_of_name("b")), Reception.OTHER_SCI)


# -------------------------------------------------------------------- lists


@pytest.mark.parametrize("kind", [1, 2])
@pytest.mark.parametrize("length", [1, 12, 15, 20, 33])
def test_a_list_that_is_no_multiple_of_sixteen(kind: int, length: int) -> None:
    """Dropped whole."""
    kay, actor = member_of()
    frame = actor.frame(live=(), sets=[Opaque(kind, 0, bytes(length))])
    assert_refused(kay, frame, Reception.MALFORMED)


def test_the_same_mi_twice() -> None:
    """The first counts: a second with an MN of the future does not have us renew the MI."""
    kay, actor = member_of()
    ours = actor.listens
    actor.say(live=(ours, PeerId(ours.mi, 10**6)))
    assert kay.counters["mi-renewed"] == 0
    assert kay.participants[CKN].identity.mi == ours.mi


def test_a_list_of_hundreds_is_capped() -> None:
    """A live peer may tell of many; no more than fit our own MKPDU are taken over."""
    kay, actor = member_of()
    crowd = tuple(PeerId(number.to_bytes(12), 1) for number in range(1, 240))
    for start in (0, 80, 160):
        actor.say(live=(actor.listens, *crowd[start : start + 80]))
    assert len(kay.participants[CKN].peers.potential) == 32
    (said,) = actor.drain()
    assert len(seal(said, actor.holder.icv)) <= 1514


def test_a_crowd_of_members_is_capped() -> None:
    """Hundreds of MIs with the CAK: the lists stay bounded, and live peers stay."""
    kay, actor = member_of()
    receptions = []
    for number in range(100):
        mi = number.to_bytes(12, "little")
        crowd = Actor(kay, 0x0A00_0000_0000_0001 | number << 16, mi)
        receptions.append(crowd.say(live=()))
    assert Reception.TOO_MANY in receptions
    peers = kay.participants[CKN].peers
    assert (len(peers.potential), [peer.mi for peer in peers.live]) == (32, [actor.mi])
    for number in range(100):
        mi = (number + 1000).to_bytes(12, "little")
        crowd = Actor(kay, 0x0B00_0000_0000_0001 | number << 16, mi)
        crowd.say()
    assert len(peers.live) <= 40


def test_a_peer_in_both_lists() -> None:
    """The Live List wins."""
    kay, actor = member_of()
    ours = actor.listens
    actor.say(live=(ours,), potential=(PeerId(ours.mi, 10**6),))
    assert kay.counters["mi-renewed"] == 0


# -------------------------------------------------------------------- SAK Use


@pytest.mark.parametrize("length", [1, 20, 39])
def test_sak_use_of_the_wrong_length_is_ignored(length: int) -> None:
    """And our MI is not renewed for it: any member could have us churn."""
    kay, actor = member_of()
    before = snapshot(kay)
    frame = actor.frame(key_server=True, priority=1, sets=[Opaque(3, 0, bytes(length))])
    assert kay.receive_mkpdu(0, frame) is Reception.ACCEPTED
    assert snapshot(kay) == before
    assert kay.counters["mi-renewed"] == 0


def test_sak_use_that_is_longer() -> None:
    """Forty octets are read, the rest is skipped."""
    kay, actor = server_of()
    use = reported(kay, 0xC0000000)
    octets = use.encode()
    longer = Opaque(3, int.from_bytes(octets[1:4]) >> 12, octets[4:] + bytes(8))
    actor.stay(7, priority=200, use=reported(kay))
    actor.say(priority=200, sets=[longer])
    assert kay.counters["keys-distributed"] == 2


def test_sak_use_of_an_unknown_key_is_counted() -> None:
    """Nothing more."""
    kay, actor = member_of()
    before = snapshot(kay)
    strange = KeyUse(KI(OTHER, 9), 1, True, True, 5)
    actor.say(key_server=True, priority=1, use=SakUse(latest=strange, delay_protect=True))
    assert snapshot(kay) == before
    assert kay.counters["sak-use-errors"] == 1


def test_sak_use_of_one_who_is_not_live() -> None:
    """It hears not us: what it says of keys is not believed."""
    kay, actor = server_of()
    actor.stay(7, priority=200, use=reported(kay))
    other = Actor(kay, sci_of_name("y"), OTHER)
    other.now_ns = actor.now_ns
    other.say(live=(), use=reported(kay, 0xC0000001))
    assert kay.counters["keys-distributed"] == 1
    peer = kay.participants[CKN].peers.find(OTHER)
    assert peer is not None
    assert peer.use is None


def test_delay_protection_with_a_lowest_pn_of_zero() -> None:
    """The set is ignored, and counted."""
    kay, actor = member_of()
    used = KeyUse(KI(actor.mi, 1), 0, True, True, 0)
    actor.say(key_server=True, priority=1, use=SakUse(latest=used, delay_protect=True))
    assert kay.counters["sak-use-errors"] == 1
    assert not any(isinstance(a, actions.RaiseLowestPN) for a in actor.actions)


# -------------------------------------------------------------------- Distributed SAK


def assert_offer_refused(kay: Kay, actor: Actor, counter: str, **given: Any) -> None:
    """A SAK is distributed, is refused with this counter, and changes nothing."""
    before, count = snapshot(kay), kay.counters[counter]
    assert actor.distribute(**given) is Reception.ACCEPTED
    assert snapshot(kay) == before
    assert kay.counters[counter] == count + 1
    actor.drain()
    assert snapshot(kay)["keys"] == before["keys"]


def test_a_sak_from_one_who_is_not_elected() -> None:
    """A live peer with a worse priority."""
    kay, _ = member_of()
    other = Actor(kay, sci_of_name("b"), OTHER)
    other.say()
    assert_offer_refused(kay, other, "sak-refused", priority=99, an=1)


def test_a_sak_from_one_who_is_not_live() -> None:
    """It does not list us."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(live=(), key_server=True, priority=1)
    assert_offer_refused(kay, actor, "sak-refused", live=())


def test_a_sak_for_those_who_were_live_before_us() -> None:
    """We are only potential at the server: before a restart we may have used this very SAK."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.distribute(live=(PeerId(OTHER, 3),), potential=(actor.listens,))
    actor.drain()
    assert kay.participants[CKN].peers.live[0].mi == actor.mi
    assert kay.cp.slots() == []
    assert kay.counters["keys-received"] == 0
    actor.distribute()
    actor.drain()
    assert kay.secured


def test_a_sak_when_we_are_server() -> None:
    """Nobody tells the Key Server what to use."""
    kay, actor = server_of()
    assert_offer_refused(kay, actor, "sak-refused", priority=200, key_server=False, an=1)


@pytest.mark.parametrize("length", [1, 24, 27, 29, 35, 37, 44, 51, 53, 80])
def test_a_sak_of_the_wrong_length(length: int) -> None:
    """Ignored."""
    kay, actor = member_of()
    before = snapshot(kay)
    frame = actor.frame(key_server=True, priority=1, sets=[Opaque(4, 0x500, bytes(length))])
    assert kay.receive_mkpdu(0, frame) is Reception.ACCEPTED
    assert snapshot(kay) == before


def test_a_sak_of_an_unknown_suite() -> None:
    """Ignored; the session stays."""
    kay, actor = member_of()
    assert_offer_refused(
        kay, actor, "sak-cipher-mismatch-errors", kn=2, an=1, suite=0x0080C20001000099
    )


def test_a_sak_of_a_suite_that_is_not_allowed() -> None:
    """A policy may name the suites that are taken."""
    kay, actor = member_of(suites=(SUITES["gcm-aes-128"],))
    suite = SUITES["gcm-aes-256"].identifier
    sak = bytes(range(32))
    assert_offer_refused(kay, actor, "sak-cipher-mismatch-errors", kn=2, an=1, suite=suite, sak=sak)


@pytest.mark.parametrize(
    "capability, code, suite",
    [(2, 2, None), (2, 3, None), (3, 2, "gcm-aes-xpn-128"), (1, 1, None)],
)
def test_an_offset_above_our_capability(capability: int, code: int, suite: str | None) -> None:
    """Refused, also where an XPN suite has no offset."""
    policy: dict[str, Any] = {"capability": capability}
    kay = alone(key_server_priority=200, encrypt=capability > 1, **policy)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    identifier = None if suite is None else SUITES[suite].identifier
    assert_offer_refused(kay, actor, "sak-cipher-mismatch-errors", code=code, suite=identifier)


def test_a_sak_that_does_not_unwrap() -> None:
    """Wrapped with another KEK, or changed."""
    kay, actor = member_of()
    stranger = Actor(kay, actor.sci, cak=CAK[::-1])
    wrapped = stranger.holder.wrap(chain_key().holder._cak)  # type: ignore[attr-defined]
    assert_offer_refused(kay, actor, "sak-decryption-errors", kn=2, an=1, wrapped=wrapped)


def test_a_sak_shorter_than_its_suite_needs() -> None:
    """A key of 16 octets for GCM-AES-256."""
    kay, actor = member_of()
    suite = SUITES["gcm-aes-256"].identifier
    assert_offer_refused(kay, actor, "sak-decryption-errors", kn=2, an=1, suite=suite)


def test_an_an_in_use_by_another_key() -> None:
    """Refused: two keys under one AN cannot be told apart."""
    kay, actor = member_of()
    assert_offer_refused(kay, actor, "sak-refused", kn=2, an=0, sak=b"x" * 16)


def test_a_known_ki_with_another_sak() -> None:
    """Refused: PNs would start again under names that are in use."""
    kay, actor = member_of()
    assert_offer_refused(kay, actor, "sak-reuse-refused", kn=1, an=1, sak=b"x" * 16)


def test_a_known_sak_under_another_ki() -> None:
    """Refused: the same nonces would be used twice."""
    kay, actor = member_of()
    assert_offer_refused(kay, actor, "sak-reuse-refused", kn=2, an=1)


def test_a_known_ki_again_is_nothing() -> None:
    """Servers repeat a SAK until all report it: no SA is made again, no PN is reset."""
    kay, actor = member_of()
    before, count = snapshot(kay), len(actor.actions)
    for _ in range(3):
        assert actor.distribute() is Reception.ACCEPTED
        actor.drain()
    assert snapshot(kay) == before
    assert len(actor.actions) == count
    assert kay.counters["keys-received"] == 1


def test_an_earlier_kn_is_never_used_again() -> None:
    """Also when its SAs are long gone."""
    kay, actor = member_of()
    for kn in (2, 3):
        actor.later(5)
        actor.distribute(kn=kn, an=kn - 1, sak=bytes([kn]) * 16)
        actor.drain()
        used = KeyUse(KI(actor.mi, kn), kn - 1, True, True, 1)
        actor.say(key_server=True, priority=1, use=SakUse(latest=used))
        actor.drain()
    actor.later(4)
    actor.say(key_server=True, priority=1)
    actor.drain()
    assert [slot.ki.kn for slot in kay.cp.slots()] == [3]
    assert_offer_refused(kay, actor, "sak-reuse-refused", kn=1, an=3)
    assert_offer_refused(kay, actor, "sak-reuse-refused", kn=2, an=3, sak=bytes([9]) * 16)


# -------------------------------------------------------------------- sets


def test_duplicate_sets() -> None:
    """The first of a type counts."""
    kay, actor = member_of()
    ours = actor.listens
    second = LivePeerList((PeerId(ours.mi, 10**6),))
    actor.say(key_server=True, priority=1, sets=[second])
    assert kay.counters["mi-renewed"] == 0


@pytest.mark.parametrize("kind", [5, 6, 7, 9, 127, 254])
def test_unknown_types_are_skipped(kind: int) -> None:
    """By their length, whatever is in them; what stands behind them is read."""
    kay, actor = server_of()
    actor.stay(7, priority=200, use=reported(kay))
    use = reported(kay, 0xC0000000)
    sets = [Opaque(kind, 0xFFF, random.Random(kind).randbytes(24)), use]
    actor.say(priority=200, sets=sets)
    assert kay.counters["keys-distributed"] == 2


def test_sets_in_any_order() -> None:
    """SAK Use and a SAK before the list that makes the sender live: the lists come first."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    frame = actor.frame(key_server=True, priority=1)
    mkpdu = decode(frame)
    assert isinstance(mkpdu, Mkpdu)
    actor.distribute()
    given = decode(actor.frame(key_server=True, priority=1))
    assert isinstance(given, Mkpdu)
    reordered = replace(given, sets=tuple(sorted(given.sets, key=lambda each: -each.kind)))
    assert kay.receive_mkpdu(0, seal(reordered, actor.holder.icv)) is Reception.ACCEPTED
    assert len(kay.participants[CKN].peers.live) == 1


# -------------------------------------------------------------------- two servers


def test_two_who_claim_to_serve() -> None:
    """After convergence both still set the flag: the election decides, one is followed."""
    kay, actor = member_of()
    other = Actor(kay, sci_of_name("b"), OTHER)
    other.say(key_server=True, priority=2)
    assert kay.principal is not None
    assert kay.principal.server == actor.mi
    assert_offer_refused(kay, other, "sak-refused", priority=2, kn=5, an=1, sak=b"y" * 16)


# -------------------------------------------------------------------- policy


def test_must_secure_never_opens_in_clear() -> None:
    """Neither before a SAK, nor when the Key Server says so, nor after the peer is lost."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1, plain=True)
    actor.drain()
    assert kay.counters["sak-refused"] == 1
    assert (kay.cp.connect, kay.cp.controlled) == (Connect.PENDING, False)
    actor.distribute()
    actor.drain()
    assert kay.secured
    actor.say(key_server=True, priority=1, sets=[NoSak()])
    actor.drain()
    assert kay.secured
    actor.later(6.1)
    actor.drain()
    assert (kay.cp.connect, kay.cp.controlled) == (Connect.PENDING, False)
    assert actor.actions[0] == actions.SetControlledPort(False)
    opened = [a.enabled for a in actor.actions if isinstance(a, actions.SetControlledPort)]
    assert opened == [False, True, False]
    assert not any(isinstance(a, actions.Unprotect) for a in actor.actions)


def test_should_secure_opens_by_explicit_option() -> None:
    """Plain before a SAK, never plain while there is one, plain after the peer is lost."""
    kay = alone(key_server_priority=200, security="should-secure")
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    assert (kay.cp.state, kay.cp.controlled, kay.secured) == (CpState.ALLOWED, True, False)
    actor.say(key_server=True, priority=1)
    actor.distribute()
    actor.drain()
    assert kay.secured
    actor.later(6.1)
    actor.drain()
    assert (kay.cp.state, kay.cp.controlled, kay.secured) == (CpState.ALLOWED, True, False)


def test_should_secure_follows_to_plain() -> None:
    """A Key Server without MACsec: authenticated, plain."""
    kay = alone(key_server_priority=200, security="should-secure")
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1, plain=True)
    (said,) = actor.drain()
    assert (kay.cp.state, kay.secured) == (CpState.AUTHENTICATED, False)
    assert said.use == SakUse(plain_transmits=True, plain_receives=True)


def test_should_secure_server_of_one_that_cannot() -> None:
    """A peer without MACsec gets a Distributed SAK set without a SAK; must-secure gives nothing."""
    for security, state in (
        ("should-secure", CpState.AUTHENTICATED),
        ("must-secure", CpState.CHANGE),
    ):
        kay = alone(security=security)
        actor = Actor(kay, sci_of_name("z"))
        actor.drain()
        actor.say(priority=200, desired=False, capability=0)
        said = actor.drain()
        assert kay.cp.state is state
        assert [mkpdu.plain for mkpdu in said][-1] is (security == "should-secure")
        assert kay.counters["keys-distributed"] == 0


def test_must_secure_is_not_talked_down_to_integrity() -> None:
    """A peer that cannot decrypt: no SAK under must-secure, integrity alone under should-secure."""
    for security, expected in (("must-secure", None), ("should-secure", 0)):
        kay = alone(security=security)
        actor = Actor(kay, sci_of_name("z"))
        actor.drain()
        actor.say(priority=200, capability=1)
        given = [mkpdu.distributed for mkpdu in actor.drain() if mkpdu.distributed]
        assert [sak.code for sak in given] == ([] if expected is None else [expected])


@pytest.mark.parametrize("capability, code", [(3, 3), (2, 1)])
def test_the_offset_is_what_all_can(capability: int, code: int) -> None:
    """An offset of 50 where all have it; else 0."""
    kay = alone(offset=50)
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    actor.say(priority=200, capability=capability)
    said = actor.drain()
    assert [mkpdu.distributed.code for mkpdu in said if mkpdu.distributed] == [code]


def test_disabled_says_nothing() -> None:
    """No MKPDU is sent, none is heard, frames pass in clear."""
    kay = alone(security="disabled")
    actor = Actor(kay, sci_of_name("a"))
    assert actor.drain() == []
    assert kay.cp.state is CpState.ALLOWED
    frame = seal(decode_of(Actor(alone(), sci_of_name("a")).frame()), actor.holder.icv)
    assert kay.receive_mkpdu(0, frame) is Reception.DISABLED
    assert kay.next_timeout_ns() is None
    assert actor.actions[-1] == actions.SetControlledPort(True)


def decode_of(frame: bytes) -> Mkpdu:
    """An MKPDU that is one."""
    mkpdu = decode(frame)
    assert isinstance(mkpdu, Mkpdu)
    return mkpdu


# -------------------------------------------------------------------- selective loss, life cycle


def test_loss_for_a_life_time_ends_the_session_and_says_so() -> None:
    """Whoever holds back MKPDUs for 6 s ends it: seen in the status, never a fall back to plain."""
    kay, actor = member_of()
    actor.later(5.9)
    actor.drain()
    assert kay.secured
    actor.later(0.2)
    actor.drain()
    assert not kay.secured
    assert not kay.cp.controlled
    assert kay.principal is None


def test_no_sa_outlives_its_deletion() -> None:
    """Actions never name an SA that is not there, or make one that is (use after delete)."""
    _, actor = member_of()
    for kn in range(2, 9):
        actor.later(4)
        actor.distribute(kn=kn, an=(kn - 1) % 4, sak=bytes([kn]) * 16)
        actor.drain()
        used = KeyUse(KI(actor.mi, kn), (kn - 1) % 4, True, True, 1)
        actor.say(key_server=True, priority=1, use=SakUse(latest=used))
        actor.drain()
    actor.later(7)
    actor.drain()
    check_life_cycles(actor.actions)


def test_no_key_in_any_text(caplog: pytest.LogCaptureFixture) -> None:
    """Neither CAK nor SAK, KEK or ICK stands in a repr, a status line or a log."""
    caplog.set_level(1, "macsec")
    kay, actor = member_of()
    texts = [repr(kay), repr(kay.cp.slots()), repr(actor.actions), status.text(kay), caplog.text]
    texts += [repr(kay.participants), repr(kay.chain), repr(list(kay.chain.active(0).values()))]
    for text in texts:
        assert bytes(range(16)).hex() not in text.replace(CKN.hex(), "")
        assert repr(bytes(range(16)))[2:-1] not in text.replace(repr(CKN)[2:-1], "")


# -------------------------------------------------------------------- fuzz


@given(st.binary(max_size=300))
def test_random_octets_change_nothing(octets: bytes) -> None:
    """Anything at all: no exception, no change of state."""
    kay, _ = server_of()
    before = snapshot(kay)
    kay.receive_mkpdu(0, octets)
    assert snapshot(kay) == before


@given(st.integers(0, 200), st.integers(1, 255), st.integers(0, 40))
def test_changed_octets_change_nothing(at: int, flip: int, cut_off: int) -> None:
    """A valid MKPDU with any octet changed, or cut: the ICV tells."""
    kay, actor = server_of()
    before = snapshot(kay)
    frame = bytearray(actor.frame(priority=200, use=reported(kay)))
    frame[at % len(frame)] ^= flip
    kay.receive_mkpdu(0, bytes(frame[: len(frame) - cut_off]))
    assert snapshot(kay) == before


SETS = st.lists(
    st.builds(
        Opaque,
        st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 254]),
        st.integers(0, 0xFFF),
        st.binary(max_size=80),
    ),
    max_size=6,
)


@given(SETS, st.booleans(), st.integers(0, 255), st.integers(0, 255), st.integers(0, 3), st.data())
def test_authentic_nonsense_never_raises(
    sets: list[Opaque],
    serves: bool,
    priority: int,
    version: int,
    capability: int,
    data: st.DataObject,
) -> None:
    """A member of the CA says anything whatever: no exception, SAs made and deleted in order."""
    kay, actor = data.draw(st.sampled_from([server_of, member_of]))()
    for step in range(data.draw(st.integers(1, 3))):
        actor.later(data.draw(st.sampled_from([0, 0.5, 2, 7])))
        actor.say(
            live=data.draw(st.sampled_from([(), (actor.listens,)])),
            key_server=serves,
            priority=priority,
            version=version,
            capability=capability,
            sets=sets[step:],
        )
        actor.drain()
    kay.set_enabled(actor.now_ns, False)
    actor.drain()
    actor.later(100)
    actor.drain()
    check_life_cycles(actor.actions)


def test_time_that_goes_back_is_now() -> None:
    """A clock that jumps back does no harm."""
    kay, actor = member_of()
    actor.now_ns = 3 * NS
    actor.say(key_server=True, priority=1)
    kay.receive_mkpdu(1 * NS, b"")
    assert kay.poll_transmit(0) is not None
    assert kay.next_timeout_ns() == 5 * NS
    assert kay.secured
