"""Delay protection by lowest PNs (9.10.1), and XPN: SSCI, Salt, upper halves."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mka.kays import (
    BOTH_PLANES,
    CKN,
    QUICK,
    Actor,
    Segment,
    alone,
    check_connectivity,
    is_mka,
    member_of,
    pair,
    sci_of_name,
    secured,
    server_of,
    watch,
)
from support.mka.members import decoded
from support.planes import SUITE_NAMES, Plane

from macsec.kay.keys.sak import KI, ranked
from macsec.kay.mkpdu.parameter_sets import KeyUse, LivePeerList, PeerId, SakUse
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.cp import KeySlot
from macsec.kay.secy_side.lowest_pns import TransmitPNs, whole_pn
from macsec.secy import Verdict
from macsec.suites import SUITES
from macsec.time_units import NS_PER_MS

OTHER = b"another's MI"


def hold(held: list[bytes], frame: bytes) -> bool:
    """Hold a frame back."""
    held.append(frame)
    return True


def uses(segment: Segment, name: str) -> list[tuple[float, SakUse]]:
    """Return a station's SAK Use sets, with times."""
    found = []
    for time, sender, frame in segment.mkpdus:
        mkpdu = decoded(frame)
        if sender == name and mkpdu.use is not None:
            found.append((time, mkpdu.use))
    return found


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
@pytest.mark.parametrize("cipher", SUITE_NAMES)
def test_delayed_frames_are_refused(plane: Plane, cipher: str) -> None:
    """A frame held back for 1.5 s is late, even without a newer one and with a wide window."""
    controls = {"window": 1000}
    segment, a, b = pair(plane, cipher=cipher, delay_protection=True, controls=controls)
    held: list[bytes] = []
    segment.drop = lambda _time, _name, frame: not is_mka(frame) and hold(held, frame)
    a.send()
    segment.run(3.5)
    assert len(held) == 1
    assert b.secy.validate_frame(held[0])[0] is Verdict.LATE
    segment.drop = lambda _time, _name, _frame: False
    check_connectivity(segment, a, b)
    assert secured(a, b)


def test_delayed_frame_passes_without_delay_protection() -> None:
    """The replay window alone does not see time."""
    segment, a, b = pair(controls={"window": 1000})
    held: list[bytes] = []
    segment.drop = lambda _time, _name, frame: not is_mka(frame) and hold(held, frame)
    a.send()
    segment.run(30)
    assert b.secy.validate_frame(held[0])[0] is Verdict.OK


def test_frames_in_time_are_never_late() -> None:
    """Traffic with 200 ms of delay: delay protection costs no frame, rekeys included."""
    segment = Segment(QUICK, delay="200ms")
    a, b = (
        segment.add(name, key_server_priority=1, delay_protection=True, sak_rekey_interval=30)
        for name in "ab"
    )
    segment.run(5)
    segment.every(0.02, a.send, 5, 40)
    segment.every(0.02, b.send, 5, 40)
    segment.run(41)
    assert (a.numbers_from("b"), b.numbers_from("a")) == (b.sent, a.sent)
    assert secured(a, b)


def test_hellos_are_bounded() -> None:
    """Within half a second with delay protection, within two seconds without, and early."""
    for protects, period in ((True, 0.45), (False, 1.9)):
        segment, a, _ = pair(delay_protection=protects)
        segment.run(20)
        times = [time for time, name, _ in segment.mkpdus if name == "a" and time > 5]
        gaps = {round(later - sooner, 6) for sooner, later in itertools.pairwise(times)}
        assert gaps == {period}
        assert all(use.delay_protect is protects for _, use in uses(segment, "a"))
        assert a.kay.secured


def test_lowest_pns_are_never_zero() -> None:
    """For neither key of any MKPDU: some peers refuse a 0 (N16)."""
    for protects in (True, False):
        segment, *_ = pair(delay_protection=protects, sak_rekey_interval=30)
        segment.run(70)
        slots = [slot for name in "ab" for _, use in uses(segment, name) for slot in _slots(use)]
        assert len(slots) > 60
        assert min(slot.lowest_pn for slot in slots) == 1


def _slots(use: SakUse) -> list[KeyUse]:
    return [slot for slot in (use.latest, use.old) if slot is not None]


def test_lowest_pn_of_a_peer_raises_that_of_its_sa() -> None:
    """Only upwards, for the named key, as Latest or Old Key."""
    kay, actor = member_of()
    actor.actions.clear()
    for pn, is_old in ((5, True), (4, True), (9, False)):
        used = KeyUse(KI(actor.mi, 1), 0, True, True, pn)
        latest, old = (None, used) if is_old else (used, None)
        use = SakUse(latest=latest, old=old, delay_protect=True)
        actor.say(key_server=True, priority=1, use=use)
        actor.drain()
    raised = [action for action in actor.actions if isinstance(action, actions.RaiseLowestPN)]
    assert [action.lowest_pn for action in raised] == [5, 9]
    assert {(action.sci, action.an) for action in raised} == {(actor.sci, 0)}
    assert kay.secured


@given(st.integers(1, 2**64 - 1), st.integers(0, 2**31 - 1))
def test_upper_halves_can_be_recovered(before: int, rise: int) -> None:
    """A peer without the XPN set reports 32 bits: PNs rise, so the upper half follows."""
    pn = min(before + rise, 2**64 - 1)
    assert whole_pn(pn & 0xFFFFFFFF, before) == pn


def test_a_fall_of_more_than_half_is_a_carry() -> None:
    """The lower half has passed 2^32: the upper half is one more."""
    assert whole_pn(5, 2**32 - 10) == 2**32 + 5
    assert whole_pn(0, 2**33 - 1) == 2**33


def test_a_small_fall_is_no_carry() -> None:
    """Some peers report a little less than before."""
    assert whole_pn(90, 100) == 100
    assert whole_pn(0, 2**32 + 1) == 2**32 + 1


def test_settled_pns_are_half_a_second_old() -> None:
    """The reported PN with delay protection, and without."""
    pns, ki = TransmitPNs(), KI(OTHER, 1)
    slot = KeySlot(ki, 2, True, True)
    for ms, pn in ((0, 10), (300, 20), (500, 20), (700, 30), (1200, 40)):
        pns.record(ki, pn, ms * NS_PER_MS)
    assert [pns.settled(ki, ms * NS_PER_MS) for ms in (1200, 1699, 1700)] == [30, 30, 40]
    assert pns.current(ki) == 40
    use = pns.use_of(slot, True, 1200 * NS_PER_MS)
    assert use == KeyUse(ki, 2, True, True, 30)
    assert pns.use_of(slot, False, 1200 * NS_PER_MS) == KeyUse(ki, 2, True, True, 40)
    pns.keep(())
    assert (pns.current(ki), pns.settled(ki, 9 * 10**9)) == (1, 1)
    assert pns.use_of(None, True, 0) is None


# -------------------------------------------------------------------- XPN


def test_sscis_are_ranks() -> None:
    """The greatest SCI, all eight octets of it, has 1 (802.1AE 10.7.13)."""
    assert ranked({5, 1 << 63, 7}) == {1 << 63: 1, 7: 2, 5: 3}


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
@pytest.mark.parametrize("cipher", ["gcm-aes-xpn-128", "gcm-aes-xpn-256"])
def test_three_members_agree_on_sscis_and_salt(plane: Plane, cipher: str) -> None:
    """Each validates the frames of all others."""
    segment = Segment(plane)
    members = [
        segment.add(name, key_server_priority=priority, cipher=cipher)
        for name, priority in (("b", 1), ("c", 2), ("a", 3))
    ]
    segment.run(15)
    assert secured(*members)
    check_connectivity(segment, *members)


def test_version_3_carries_the_servers_ssci() -> None:
    """With XPN the MKPDU has version 3, and the upper halves of the PNs of SAK Use."""
    segment, a, b = pair(cipher="gcm-aes-xpn-128")
    segment.run(6)
    said = [(name, decoded(frame)) for _, name, frame in segment.mkpdus]
    assert {mkpdu.basic.version for name, mkpdu in said if name == "a"} == {3}
    given_sak = [mkpdu for _, mkpdu in said if mkpdu.distributed is not None]
    lists = [mkpdu.first(LivePeerList) for mkpdu in given_sak]
    assert {each and each.server_ssci for each in lists} == {2}  # b has the greater SCI
    assert all(mkpdu.xpn for _, mkpdu in said if mkpdu.use is not None)
    plain, *_ = pair()
    versions = {decoded(frame).basic.version for _, _, frame in plain.mkpdus}
    assert versions == {1}
    assert secured(a, b)


def test_an_xpn_sak_waits_for_all_scis() -> None:
    """A member that the server lists and we did not hear has no SCI, so no rank is known."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    suite = SUITES["gcm-aes-xpn-128"].identifier
    for _ in range(2):
        live = (PeerId(OTHER, 1), actor.listens)
        actor.distribute(suite=suite, live=live)
        actor.drain()
        assert not kay.secured
    other = Actor(kay, sci_of_name("z"), OTHER)
    other.say()
    actor.distribute(suite=suite, live=(PeerId(OTHER, 1), actor.listens))
    actor.drain()
    assert kay.secured
    sscis = {a.sci: a.ssci for a in actor.actions if isinstance(a, actions.CreateReceiveSA)}
    assert sscis == {other.sci: 1, actor.sci: 3}
    (own,) = [a.ssci for a in actor.actions if isinstance(a, actions.CreateTransmitSA)]
    assert own == 2


def test_salt_and_ssci_come_with_the_sa() -> None:
    """No XPN SA is ever made without them (N17)."""
    segment, a, _ = pair(cipher="gcm-aes-xpn-256")
    done: list[actions.Action] = []
    watch(a, done)
    a.kay.participants[CKN].peers.live[0].expires_ns = 0
    segment.run(20)
    made = [x for x in done if isinstance(x, actions.CreateReceiveSA | actions.CreateTransmitSA)]
    assert len(made) >= 2
    assert all(x.ssci and x.salt and any(x.salt) for x in made)


def test_xpn_exhaustion_needs_both_halves() -> None:
    """Under XPN a high lower half alone does not exhaust a key."""
    for upper, count in ((0, 1), (0xC0000000, 2)):
        kay, actor = server_of(cipher="gcm-aes-xpn-128")
        slot = kay.cp.slots()[0]
        pn = upper << 32 | 0xC0000005
        use = SakUse(latest=KeyUse(slot.ki, slot.an, True, True, pn))
        actor.stay(7, priority=200, use=use, xpn=True)
        assert kay.counters["keys-distributed"] == count
