"""Lost and late MKPDUs, restarts, flaps, two Key Servers: no failure and no deadlock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.mka.kays import (
    QUICK,
    Segment,
    SegmentMember,
    check_connectivity,
    is_mka,
    pair,
    secured,
)
from support.planes import moved

from macsec.kay import status
from macsec.kay.mkpdu.frame import Mkpdu, decode
from macsec.kay.secy_side.cp import CpState

TEN = ("a", 10), ("b", 20), ("c", 30)


def played(count: int, cipher: str, lost: int | None, late: float | None = None) -> Segment:
    """Run a first SAK and a rekey by PN, in which the MKPDU of this number is lost.

    Traffic runs once the port is secured. `late`: the MKPDU arrives n seconds later instead.
    """
    segment = Segment(QUICK, delay="1ms")
    heard: Iterator[int] = iter(range(10**6))

    def drop(_time: float, name: str, frame: bytes) -> bool:
        if not is_mka(frame) or next(heard) != lost:
            return False
        if late is not None:
            member = segment.members[name]
            segment.at(segment.now + late, lambda: member.station.indicate(frame))
        return True

    segment.drop = drop
    members = [
        segment.add(name, key_server_priority=priority, cipher=cipher)
        for name, priority in TEN[:count]
    ]

    def wear_out() -> None:
        secy = members[1].secy
        secy.raise_tx_pn(secy.controls.encodingsa, 0xC0000000)

    if "xpn" not in cipher:
        segment.at(16, wear_out)
    for member in members:
        segment.every(0.25, member.send, 14, 25)
    segment.run(26)
    return segment


def mkpdus_heard(count: int, cipher: str) -> int:
    """Return the number of MKPDUs that are heard in such a run."""
    return len(played(count, cipher, None).mkpdus) * (count - 1)


def check_undisturbed(segment: Segment) -> None:
    """Check that all are secured at the end, and that no frame of a user was lost."""
    members = list(segment.members.values())
    assert secured(*members)
    for member in members:
        for other in members:
            if other is not member:
                assert member.numbers_from(other.name) == other.sent
                assert len(other.sent) == 44


EACH_OR_SOME = pytest.mark.parametrize(
    "step", [pytest.param(1, marks=pytest.mark.exhaustive), 31], ids=["each", "some"]
)
"""Lose each MKPDU of a run, or the first few and every 31st after them."""


def chosen(total: int, step: int) -> list[int]:
    """Return the numbers of the MKPDUs that are lost, one in each run."""
    return list(range(total)) if step == 1 else [0, 1, 2, 4, *range(5, total, step)]


@EACH_OR_SOME
@pytest.mark.parametrize("count, cipher", [(2, "gcm-aes-128"), (3, "gcm-aes-128")])
def test_loss_of_one_mkpdu_disturbs_no_member(count: int, cipher: str, step: int) -> None:
    """Any one MKPDU of a run is lost: all are secured, and no frame is lost."""
    total = mkpdus_heard(count, cipher)
    assert total > 30
    for lost in chosen(total, step):
        check_undisturbed(played(count, cipher, lost))


@EACH_OR_SOME
def test_loss_of_one_mkpdu_disturbs_no_member_under_xpn(step: int) -> None:
    """The same with SSCIs on which three have to agree."""
    total = mkpdus_heard(3, "gcm-aes-xpn-128")
    for lost in chosen(min(total, 60), step):
        check_undisturbed(played(3, "gcm-aes-xpn-128", lost))


@EACH_OR_SOME
@pytest.mark.parametrize("late", [0.0015, 0.7, 2.5])
def test_delay_of_one_mkpdu_disturbs_no_member(late: float, step: int) -> None:
    """Any one MKPDU is late, even after the next one: nothing is lost."""
    for lost in chosen(mkpdus_heard(2, "gcm-aes-128"), step):
        check_undisturbed(played(2, "gcm-aes-128", lost, late))


# ---------------------------------------------------------------- restarts


@pytest.mark.parametrize("restarted", ["a", "b"], ids=["server", "member"])
@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-256"])
def test_restarted_peer_is_live_at_once_with_a_fresh_sak(restarted: str, cipher: str) -> None:
    """A station that returns with another MI is live at once, and gets a new SAK."""
    segment, a, b = pair(cipher=cipher)
    segment.run(20)
    priority = {"a": 10, "b": 20}[restarted]
    keys = {slot.ki for slot in a.kay.cp.slots()}
    again = segment.add(restarted, key_server_priority=priority, cipher=cipher)
    segment.run(20.1)
    members = [again, {"a": b, "b": a}[restarted]]
    check_connectivity(segment, *members)
    segment.run(26.5)
    assert secured(*members)
    assert keys.isdisjoint(slot.ki for slot in again.kay.cp.slots())
    for member in members:
        assert len(member.principal.peers.live) == 1
        assert member.principal.peers.potential == []
        assert member.kay.counters["mi-renewed"] == 0


def test_restart_soon_after_a_sak_waits_for_the_next() -> None:
    """SAKs stay a Life Time apart; the newcomer never gets the SAK of before."""
    segment, a, b = pair()
    again = segment.add("b", key_server_priority=20)
    segment.run(5.9)
    assert not again.kay.secured
    assert again.kay.counters["in-sak-mkpdu"] == 0
    segment.run(6.1)
    check_connectivity(segment, a, again)
    segment.run(10)
    assert secured(a, again)
    assert b.station.running is False


def test_restart_of_one_of_three_does_not_disturb_the_others() -> None:
    """The two others lose nothing between themselves."""
    segment = Segment()
    a, b, c = (segment.add(name, key_server_priority=priority) for name, priority in TEN)
    segment.run(20)
    assert secured(a, b, c)
    segment.every(0.1, a.send, 20, 40)
    segment.every(0.1, b.send, 20, 40)
    segment.run(25)
    again = segment.add("c", key_server_priority=30)
    segment.run(41)
    assert secured(a, b, again)
    assert a.numbers_from("b") == b.sent
    assert b.numbers_from("a") == a.sent


def test_third_member_joins_without_loss() -> None:
    """A member that joins later causes another SAK; the two others lose nothing."""
    segment = Segment()
    a, b = (segment.add(name, key_server_priority=priority) for name, priority in TEN[:2])
    segment.run(10)
    segment.every(0.1, a.send, 10, 30)
    segment.every(0.1, b.send, 10, 30)
    c = segment.add("c", key_server_priority=30, start=False)
    segment.at(12, c.station.start)
    segment.run(31)
    assert secured(a, b, c)
    assert (a.numbers_from("b"), b.numbers_from("a")) == (b.sent, a.sent)
    check_connectivity(segment, a, b, c)


def test_loss_of_one_of_three_does_not_disturb_the_others() -> None:
    """A member that is gone for a Life Time has no part in the next SAK; the rest lose nothing."""
    segment = Segment()
    a, b, c = (segment.add(name, key_server_priority=priority) for name, priority in TEN)
    segment.run(10)
    segment.every(0.1, a.send, 10, 30)
    segment.every(0.1, b.send, 10, 30)
    segment.at(11, c.station.stop)
    segment.run(31)
    assert secured(a, b)
    assert a.kay.counters["keys-distributed"] == 2  # three, then two members
    assert (a.numbers_from("b"), b.numbers_from("a")) == (b.sent, a.sent)
    assert list(a.secy.rx) == ["0252000000620001"]


def test_next_best_member_replaces_a_lost_key_server() -> None:
    """The next best takes over, with KIs of its own."""
    segment = Segment()
    a, b, c = (segment.add(name, key_server_priority=priority) for name, priority in TEN)
    segment.run(10)
    a.station.stop()
    segment.run(20)
    assert secured(b, c)
    assert b.principal.is_server
    check_both_ways(segment, b, c)


def check_both_ways(segment: Segment, *members: SegmentMember) -> None:
    """Check that frames pass between the remaining members."""
    before = [len(member.received) for member in members]
    for member in members:
        assert member.send()
    segment.run(segment.now + 0.1)
    assert [len(m.received) - n for m, n in zip(members, before, strict=True)] == [1, 1]


# ---------------------------------------------------------------- flaps


def test_flap_under_the_life_time_keeps_the_sas() -> None:
    """A link that is down for 4 s: the same keys, and traffic at once when it is up again."""
    segment, a, b = pair()
    segment.run(10.1)
    keys = [slot.ki for slot in a.kay.cp.slots()]
    segment.drop = lambda time, _name, _frame: 10.1 <= time < 13.9
    segment.run(14)
    check_connectivity(segment, a, b)
    segment.run(30)
    assert secured(a, b)
    assert [slot.ki for slot in a.kay.cp.slots()] == keys
    assert a.kay.counters["keys-distributed"] == 1


def test_flap_over_the_life_time_is_another_session() -> None:
    """A link that is down for 9 s: all SAs go meanwhile, and new keys come with the link."""
    segment, a, b = pair()
    segment.run(10)
    keys = {slot.ki for slot in a.kay.cp.slots()}
    segment.drop = lambda time, _name, _frame: 10 <= time < 19
    segment.run(18.9)
    for member in (a, b):
        assert not member.kay.secured
        assert not member.send()
        assert (len(member.secy.tx.sa), len(member.secy.rx)) == (0, 0)
    segment.run(24)
    assert secured(a, b)
    assert keys.isdisjoint(slot.ki for slot in b.kay.cp.slots())
    check_connectivity(segment, a, b)


@pytest.mark.parametrize("deaf", ["a", "b"])
@pytest.mark.parametrize("seconds", [6.5, 7.5, 9, 13, 25])
def test_one_deaf_side_comes_back(deaf: str, seconds: float) -> None:
    """Loss in one direction only, for any time: the two sides never wait for each other."""
    segment, a, b = pair()
    segment.drop = lambda time, name, frame: (
        name == deaf and is_mka(frame) and 10 <= time < 10 + seconds
    )
    segment.run(10 + seconds + 9)
    assert secured(a, b)
    check_connectivity(segment, a, b)


@pytest.mark.parametrize("pairs", ["ab", "ba", "bc", "cb", "ac", "ca"])
def test_one_deaf_pair_of_three_comes_back(pairs: str) -> None:
    """One of three does not hear one of the others for 10 s."""
    segment = Segment()
    members = [segment.add(name, key_server_priority=priority) for name, priority in TEN]
    receiver, sender = list(pairs)
    source = segment.members[sender].kay.sci.to_bytes(8)[:6]
    segment.drop = lambda time, name, frame: (
        name == receiver and frame[6:12] == source and 10 <= time < 20
    )
    segment.run(45)
    assert secured(*members)
    check_connectivity(segment, *members)


def test_both_restart_at_once_and_are_secured() -> None:
    """A power cut of both stations."""
    segment, a, b = pair()
    segment.run(20)
    a, b = (segment.add(name, key_server_priority=priority) for name, priority in TEN[:2])
    segment.run(23)
    assert secured(a, b)


# ---------------------------------------------------------------- two Key Servers


def test_two_key_servers_merge() -> None:
    """Two halves with a Key Server each are joined: after the election all follow one."""
    segment = Segment()
    halves = {"a": 0, "b": 0, "c": 1, "d": 1}
    names = {member: 0x0252_0000_0000_0001 | ord(member) << 16 for member in halves}
    sides = {sci.to_bytes(8)[:6]: halves[name] for name, sci in names.items()}
    segment.drop = lambda time, name, frame: time < 20 and sides[frame[6:12]] != halves[name]
    members = [
        segment.add(name, key_server_priority=priority)
        for name, priority in (("a", 1), ("b", 2), ("c", 3), ("d", 4))
    ]
    segment.run(19)
    assert [member.principal.is_server for member in members] == [True, False, True, False]
    assert secured(*members[:2])
    assert secured(*members[2:])
    segment.run(40)
    assert [member.principal.is_server for member in members] == [True, False, False, False]
    assert secured(*members)
    check_connectivity(segment, *members)


def test_member_with_a_better_priority_takes_over() -> None:
    """It replaces the Key Server of two others."""
    segment = Segment()
    b, c = (segment.add(name, key_server_priority=priority) for name, priority in TEN[1:])
    segment.run(10)
    assert b.principal.is_server
    a = segment.add("a", key_server_priority=10)
    segment.run(20)
    assert a.principal.is_server
    assert secured(a, b, c)
    check_connectivity(segment, a, b, c)


def test_lower_port_of_one_mac_address_is_key_server() -> None:
    """The whole SCI decides: the MAC address alone is a tie."""
    segment = Segment()
    a = segment.add("a", sci=0x0252_0000_0061_0002)
    b = segment.add("b", sci=0x0252_0000_0061_0001)
    segment.run(8)
    assert b.principal.is_server
    assert not a.principal.is_server
    assert secured(a, b)
    assert (list(a.secy.rx), list(b.secy.rx)) == (["0252000000610001"], ["0252000000610002"])


def test_no_offer_to_serve_secures_nothing() -> None:
    """Without a Key Server no port is secured, and no frame passes."""
    segment = Segment()
    a, b = (segment.add(name, key_server=False) for name in "ab")
    segment.run(20)
    assert not a.kay.secured
    assert a.principal.server is None
    assert status.participants(a.kay)[0]["is_elected"] == "No"
    assert not a.send()
    assert b.kay.principal is not None


def test_priority_255_serves_unless_it_is_no_key_server() -> None:
    """Two of 255 elect one of them; a member that never serves follows even a worse one."""
    segment = Segment()
    a = segment.add("a", key_server_priority=255)
    b = segment.add("b", key_server_priority=255)
    segment.run(5)
    assert secured(a, b)
    segment = Segment()
    a = segment.add("a", key_server_priority=0, key_server=False)
    b = segment.add("b", key_server_priority=255)
    segment.run(5)
    assert secured(a, b)
    assert b.principal.is_server


# ---------------------------------------------------------------- known deadlocks, absent here


def test_cp_is_never_stuck_in_transmit() -> None:
    """Every MKPDU of the Key Server is lost for 3.5 s during a rekey: CP goes on to RETIRE."""
    segment, a, b = pair(sak_rekey_interval=30)
    segment.drop = lambda time, name, frame: name == "b" and is_mka(frame) and 30.5 < time < 34
    segment.every(0.1, a.send, 25, 45)
    segment.every(0.1, b.send, 25, 45)
    segment.run(46)
    assert (a.kay.cp.state, b.kay.cp.state) == (CpState.RETIRE, CpState.RETIRE)
    assert secured(a, b)
    assert (a.numbers_from("b"), b.numbers_from("a")) == (b.sent, a.sent)


def test_sak_use_is_in_every_mkpdu_once_there_is_a_sak() -> None:
    """Key Server and member alike: a station that waits for SAK Use always sees it."""
    segment, a, b = pair(sak_rekey_interval=30)
    segment.run(70)
    for name in "ab":
        sent = [decode(frame) for _, sender, frame in segment.mkpdus if sender == name]
        uses = [mkpdu.use is not None for mkpdu in sent if isinstance(mkpdu, Mkpdu)]
        first = uses.index(True)
        assert all(uses[first:])
        assert first <= 3
    assert secured(a, b)


def test_quiet_link_keeps_one_sak_and_hello_times() -> None:
    """Ten minutes without events: one SAK, and an MKPDU every 1.9 s from each."""
    segment, a, b = pair()
    segment.run(600)
    assert secured(a, b)
    assert a.kay.counters["keys-distributed"] == 1
    assert 315 <= a.kay.counters["out-mkpdu"] <= 320
    assert a.kay.counters["mi-renewed"] == b.kay.counters["mi-renewed"] == 0
    assert moved(a.secy) == {}


def test_start_takes_at_most_eight_mkpdus() -> None:
    """No answer to an answer: from the first MKPDU to steady state only a few are sent."""
    segment, a, b = pair()
    assert len([time for time, _, _ in segment.mkpdus if time < 1.9]) <= 8
    assert secured(a, b)
