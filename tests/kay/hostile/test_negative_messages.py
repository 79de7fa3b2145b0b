"""MKPDUs that must have no effect: framing, authentication, freshness, lists, SAK Use, nonsense.

Each test sends one such MKPDU. Nothing raises, and a refused MKPDU changes only a counter.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mka.kays import (
    CAK,
    CKN,
    NS,
    Actor,
    alone,
    check_life_cycles,
    member_of,
    reported,
    sci_of_name,
    server_of,
    snapshot,
)

from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.frame import Mkpdu, decode, seal
from macsec.kay.mkpdu.parameter_set import Opaque
from macsec.kay.mkpdu.parameter_sets import KeyUse, LivePeerList, PeerId, SakUse
from macsec.kay.secy_side import actions

OTHER = b"another's MI"


def assert_refused(kay: Kay, frame: bytes, reception: Reception, now_ns: int = 0) -> None:
    """Check that a frame has this reception, adds 1 to its counter, and changes nothing else."""
    before, counters = snapshot(kay), dict(kay.counters)
    assert kay.receive_mkpdu(now_ns, frame) is reception
    assert snapshot(kay) == before
    moved = {name: kay.counters[name] - count for name, count in counters.items()}
    assert {name: n for name, n in moved.items() if n} == {reception.value: 1}


# -------------------------------------------------------------------- framing


def cut(length: int) -> Callable[[bytes], bytes]:
    """Return a function that cuts the body to n octets, with the right length field."""
    return lambda frame: frame[:16] + length.to_bytes(2) + frame[18 : 18 + length]


def octet(at: int, value: int) -> Callable[[bytes], bytes]:
    """Return a function that replaces one octet."""
    return lambda frame: frame[:at] + bytes([value]) + frame[at + 1 :]


def more(frame: bytes) -> bytes:
    """Return the frame with a length field that is longer than the frame."""
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
def test_frame_with_wrong_framing_is_dropped(
    spoil: Callable[[bytes], bytes], reception: Reception
) -> None:
    """11.11.2: body too short, too long, not words; CKN of 0 or 33; other types."""
    kay, actor = member_of()
    assert_refused(kay, spoil(actor.frame()), reception)


def test_set_beyond_the_end_drops_the_whole_message() -> None:
    """Even if the ICV is valid, and the sets before it are readable."""
    kay, actor = member_of()
    for length in (1, 4, 17, 4095):
        short = Opaque(9, 0, b"").encode()[:2] + length.to_bytes(2)
        frame = actor.frame()
        body = frame[18:-16] + short
        signed = frame[:16] + (len(body) + 16).to_bytes(2) + body
        assert_refused(kay, signed + actor.holder.icv(signed), Reception.MALFORMED)


def test_octets_behind_the_body_are_ignored() -> None:
    """Ethernet padding is no part of the MKPDU."""
    kay, actor = member_of()
    assert kay.receive_mkpdu(0, actor.frame() + bytes(20)) is Reception.ACCEPTED


# -------------------------------------------------------------------- authentication


def test_unknown_ckn_is_not_answered() -> None:
    """No peer is made, no MKPDU is sent."""
    kay = alone()
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    assert_refused(kay, actor.frame(ckn=b"unknown!"), Reception.UNKNOWN_CKN)
    assert actor.drain() == []


@pytest.mark.parametrize("ckn", [CKN[:31], CKN[:16], CKN[:1], CKN[1:]])
def test_ckn_that_is_equal_in_part_is_unknown(ckn: bytes) -> None:
    """The length counts: equal first 16 octets, which enter the ICK, are not enough."""
    kay, actor = member_of()
    assert_refused(kay, actor.frame(ckn=ckn), Reception.UNKNOWN_CKN)


@pytest.mark.parametrize("at", [0, 5, 6, 18, 19, 30, 40, -20, -16, -1])
def test_wrong_icv_changes_nothing(at: int) -> None:
    """Any changed octet, the destination address and the ICV included."""
    kay, actor = member_of()
    frame = bytearray(actor.frame())
    frame[at] ^= 2
    assert_refused(kay, bytes(frame), Reception.BAD_ICV)


def test_mkpdu_under_another_cak_changes_nothing() -> None:
    """A station without the CAK is not even listed."""
    kay, _ = member_of()
    stranger = Actor(kay, sci_of_name("b"), OTHER, cak=CAK[::-1])
    assert_refused(kay, stranger.frame(), Reception.BAD_ICV)


def test_our_own_message_is_refused_as_reflected() -> None:
    """Our SCI as the sender is a loop, with any MI."""
    kay, actor = member_of()
    actor.later(2)
    (said,) = actor.drain()
    assert_refused(kay, seal(said, actor.holder.icv), Reception.REFLECTED, actor.now_ns)
    assert_refused(kay, actor.frame(sci=kay.sci, mi=OTHER), Reception.REFLECTED, actor.now_ns)


# -------------------------------------------------------------------- freshness


def test_mn_that_does_not_rise_is_refused() -> None:
    """The same or an earlier MN of an MI: the whole MKPDU is dropped."""
    kay, actor = member_of()
    for mn in (actor.mn, actor.mn - 1, 1):
        assert_refused(kay, actor.frame(mn=mn), Reception.OLD_MN)


def test_mn_zero_is_malformed() -> None:
    """MNs start at 1."""
    kay, actor = member_of()
    frame = bytearray(actor.frame())
    frame[18 + 24 : 18 + 28] = bytes(4)
    signed = bytes(frame[:-16])
    assert_refused(kay, signed + actor.holder.icv(signed), Reception.MALFORMED)


def test_every_replay_is_refused() -> None:
    """A recorded session that an outsider replays makes no peer live."""
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


def test_listed_mn_that_we_never_sent_renews_our_mi() -> None:
    """Another station uses our MI: we take another MI, and MNs start at 1."""
    kay, actor = member_of()
    ours = actor.listens
    actor.say(live=(PeerId(ours.mi, ours.mn + 1),))
    identity = kay.participants[CKN].identity
    assert (identity.mi != ours.mi, kay.counters["mi-renewed"]) == (True, 1)
    assert kay.participants[CKN].peers.live == []
    (said,) = actor.drain()
    assert (said.basic.mi, said.basic.mn) == (identity.mi, 1)


def test_stale_mn_is_no_proof_of_life() -> None:
    """An MN of more than a Life Time ago proves nothing now."""
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


def test_our_mi_from_another_sci_renews_it() -> None:
    """Two members drew one MI: we take another."""
    kay, actor = member_of()
    ours = actor.listens
    assert actor.say(mi=ours.mi, mn=900) is Reception.OTHER_SCI
    assert kay.participants[CKN].identity.mi != ours.mi


def test_mi_of_a_peer_from_another_sci_is_refused() -> None:
    """The message is dropped; the peer stays."""
    kay, actor = member_of()
    assert_refused(kay, actor.frame(sci=sci_of_name("b")), Reception.OTHER_SCI)


# -------------------------------------------------------------------- lists


@pytest.mark.parametrize("kind", [1, 2])
@pytest.mark.parametrize("length", [1, 12, 15, 20, 33])
def test_list_that_is_no_multiple_of_sixteen_is_malformed(kind: int, length: int) -> None:
    """The whole MKPDU is dropped."""
    kay, actor = member_of()
    frame = actor.frame(live=(), sets=[Opaque(kind, 0, bytes(length))])
    assert_refused(kay, frame, Reception.MALFORMED)


def test_first_entry_of_a_repeated_mi_counts() -> None:
    """A second entry with an MN of the future does not renew our MI."""
    kay, actor = member_of()
    ours = actor.listens
    actor.say(live=(ours, PeerId(ours.mi, 10**6)))
    assert kay.counters["mi-renewed"] == 0
    assert kay.participants[CKN].identity.mi == ours.mi


def test_long_list_of_a_peer_is_capped() -> None:
    """A live peer may list hundreds; only as many as fit our own MKPDU become potential."""
    kay, actor = member_of()
    crowd = tuple(PeerId(number.to_bytes(12), 1) for number in range(1, 240))
    for start in (0, 80, 160):
        actor.say(live=(actor.listens, *crowd[start : start + 80]))
    assert len(kay.participants[CKN].peers.potential) == 32
    (said,) = actor.drain()
    assert len(seal(said, actor.holder.icv)) <= 1514


def test_crowd_of_members_is_capped() -> None:
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


def test_live_list_wins_for_an_mi_in_both() -> None:
    """The entry in the Potential List has no effect."""
    kay, actor = member_of()
    ours = actor.listens
    actor.say(live=(ours,), potential=(PeerId(ours.mi, 10**6),))
    assert kay.counters["mi-renewed"] == 0


# -------------------------------------------------------------------- SAK Use


@pytest.mark.parametrize("length", [1, 20, 39])
def test_sak_use_of_the_wrong_length_is_ignored(length: int) -> None:
    """Our MI is not renewed: else any member could disturb us."""
    kay, actor = member_of()
    before = snapshot(kay)
    frame = actor.frame(key_server=True, priority=1, sets=[Opaque(3, 0, bytes(length))])
    assert kay.receive_mkpdu(0, frame) is Reception.ACCEPTED
    assert snapshot(kay) == before
    assert kay.counters["mi-renewed"] == 0


def test_longer_sak_use_is_read() -> None:
    """The first forty octets count."""
    kay, actor = server_of()
    use = reported(kay, 0xC0000000)
    octets = use.encode()
    longer = Opaque(3, int.from_bytes(octets[1:4]) >> 12, octets[4:] + bytes(8))
    actor.stay(7, priority=200, use=reported(kay))
    actor.say(priority=200, sets=[longer])
    actor.drain()
    assert kay.counters["keys-distributed"] == 2


def test_sak_use_of_an_unknown_key_is_only_counted() -> None:
    """No state changes."""
    kay, actor = member_of()
    before = snapshot(kay)
    strange = KeyUse(KI(OTHER, 9), 1, True, True, 5)
    actor.say(key_server=True, priority=1, use=SakUse(latest=strange, delay_protect=True))
    assert snapshot(kay) == before
    assert kay.counters["sak-use-errors"] == 1


def test_sak_use_of_a_potential_peer_is_ignored() -> None:
    """It does not hear us, so its report on keys does not count."""
    kay, actor = server_of()
    actor.stay(7, priority=200, use=reported(kay))
    other = Actor(kay, sci_of_name("y"), OTHER)
    other.now_ns = actor.now_ns
    other.say(live=(), use=reported(kay, 0xC0000001))
    assert kay.counters["keys-distributed"] == 1
    peer = kay.participants[CKN].peers.find(OTHER)
    assert peer is not None
    assert peer.use is None


def test_delay_protection_with_a_lowest_pn_of_zero_is_ignored() -> None:
    """The set is counted as an error."""
    kay, actor = member_of()
    used = KeyUse(KI(actor.mi, 1), 0, True, True, 0)
    actor.say(key_server=True, priority=1, use=SakUse(latest=used, delay_protect=True))
    assert kay.counters["sak-use-errors"] == 1
    assert not any(isinstance(a, actions.RaiseLowestPN) for a in actor.actions)


# -------------------------------------------------------------------- sets


def test_first_of_duplicate_sets_counts() -> None:
    """A second Live Peer List has no effect."""
    kay, actor = member_of()
    ours = actor.listens
    second = LivePeerList((PeerId(ours.mi, 10**6),))
    actor.say(key_server=True, priority=1, sets=[second])
    assert kay.counters["mi-renewed"] == 0


@pytest.mark.parametrize("kind", [5, 6, 7, 9, 127, 254])
def test_unknown_types_are_skipped(kind: int) -> None:
    """By their length, with any contents; the sets behind them are read."""
    kay, actor = server_of()
    actor.stay(7, priority=200, use=reported(kay))
    use = reported(kay, 0xC0000000)
    sets = [Opaque(kind, 0xFFF, random.Random(kind).randbytes(24)), use]
    actor.say(priority=200, sets=sets)
    actor.drain()
    assert kay.counters["keys-distributed"] == 2


def test_sets_count_in_any_order() -> None:
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


# -------------------------------------------------------------------- fuzz


@given(st.binary(max_size=300))
def test_random_octets_change_nothing(octets: bytes) -> None:
    """Any octets: no exception, no change of state."""
    kay, _ = server_of()
    before = snapshot(kay)
    kay.receive_mkpdu(0, octets)
    assert snapshot(kay) == before


@given(st.integers(0, 200), st.integers(1, 255), st.integers(0, 40))
def test_changed_octets_change_nothing(at: int, flip: int, cut_off: int) -> None:
    """A valid MKPDU with an octet changed, or cut: the ICV does not match."""
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
    """Any sets from a member of the CA: no exception, SAs made and deleted in order."""
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


def test_time_that_goes_back_counts_as_now() -> None:
    """A clock that jumps back has no effect."""
    kay, actor = member_of()
    actor.now_ns = 3 * NS
    actor.say(key_server=True, priority=1)
    kay.receive_mkpdu(1 * NS, b"")
    assert kay.poll_transmit(0) is not None
    assert kay.next_timeout_ns() == NS * 38 // 10  # the next hello after 3 s
    assert kay.secured
