"""Group CAs: pairwise CAs, a group CAK over them, members that leave and come back (9.12.2)."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import (
    BOTH_PLANES,
    QUICK,
    Segment,
    SegmentMember,
    chain_key,
    check_connectivity,
    secured,
)

from macsec.errors import ConfigError
from macsec.kay.mkpdu.frame import Mkpdu, decode
from macsec.kay.mkpdu.parameter_sets import DistributedCak

NAMES = {"b": b"a pair of a and b", "c": b"a pair of a and c", "d": b"a pair of a and d"}


def cak_of(name: str, octets: int = 16) -> bytes:
    """Return the pairwise CAK of a and another station."""
    return name.encode() * octets


def pairwise(
    plane: Any = QUICK, others: str = "bc", **more: Any
) -> tuple[Segment, list[SegmentMember]]:
    """Return `a`, the Key Server with a pairwise CAK for each of the others, after two seconds."""
    segment = Segment(plane)
    caks = {name: chain_key(cak_of(name), NAMES[name]) for name in others}
    members = [segment.add("a", [*caks.values()], key_server_priority=1, **more)]
    for name in others:
        key = chain_key(cak_of(name), NAMES[name])
        members.append(segment.add(name, [key], key_server_priority=20))
    segment.run(2)
    return segment, members


def grouped(
    plane: Any = QUICK, others: str = "bc", **more: Any
) -> tuple[Segment, list[SegmentMember]]:
    """Return them after a group CAK was ordered."""
    segment, members = pairwise(plane, others, **more)
    order(segment, members[0])
    segment.run(segment.now + 8)
    return segment, members


def order(segment: Segment, server: SegmentMember) -> None:
    """Order a group CAK at a Key Server."""
    server.kay.new_group(segment.engine.now_ns)
    server.station.settle()


def enable(segment: Segment, member: SegmentMember, name: str, enabled: bool) -> None:
    """Enable or disable the participant of the pairwise CAK of a and another station."""
    member.kay.enable_key(segment.engine.now_ns, NAMES[name], enabled)
    member.station.settle()


def group_ckns(member: SegmentMember) -> set[bytes]:
    """Return the CKNs of the group CAKs of a station."""
    return {ckn for ckn, each in member.kay.participants.items() if each.key.group}


def hears(segment: Segment, sender: SegmentMember, receiver: SegmentMember) -> bool:
    """Return whether a frame of one station is delivered at another."""
    before = len(receiver.numbers_from(sender.name))
    sender.send()
    segment.run(segment.now + 0.1)
    return len(receiver.numbers_from(sender.name)) > before


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_pairwise_cas_become_a_group_by_management(plane):
    """With pairwise CAs alone b and c never exchange frames; with a group CAK all three do."""
    segment, (a, b, c) = pairwise(plane)
    assert not hears(segment, b, c)
    order(segment, a)
    segment.run(10)
    assert secured(a, b, c)
    check_connectivity(segment, a, b, c)
    (ckn,) = group_ckns(a)
    assert group_ckns(b) == group_ckns(c) == {ckn}
    assert {each.kay.principal.key.ckn for each in (a, b, c)} == {ckn}


def test_each_station_counts_distributed_caks():
    """The Key Server counts the MKPDUs that it sent with a set 5, members those they received."""
    segment, (a, b, c) = grouped()
    sent = [frame for _, name, frame in segment.mkpdus if name == "a" and distributes(frame)]
    assert a.kay.counters["out-cak-mkpdu"] == len(sent) >= 2
    heard = b.kay.counters["in-cak-mkpdu"] + c.kay.counters["in-cak-mkpdu"]
    assert heard == len(sent)
    assert a.kay.counters["in-cak-mkpdu"] == b.kay.counters["out-cak-mkpdu"] == 0
    assert not any(each.kay.counters["cak-refused"] for each in (a, b, c))
    before = a.kay.counters["out-cak-mkpdu"]
    segment.run(segment.now + 20)
    assert a.kay.counters["out-cak-mkpdu"] == before, "it is sent until all use it, and no longer"


def distributes(frame: bytes) -> bool:
    """Return whether an MKPDU has a Distributed CAK set."""
    mkpdu = decode(frame)
    assert isinstance(mkpdu, Mkpdu)
    return mkpdu.first(DistributedCak) is not None


def test_no_group_cak_is_seen_in_clear_on_the_wire():
    """Neither the CAK nor any of its halves is in a frame."""
    segment, (a, _, _) = grouped()
    group = a.kay._groups.server.current
    assert group is not None
    cak = group.cak.expose()
    assert not any(half in frame for frame in segment.wire for half in (cak[:8], cak[8:]))


def test_form_group_makes_a_group_once_there_are_two_stations():
    """Without management; one station stays pairwise."""
    segment, (a, b) = pairwise(others="b", form_group=True)
    segment.run(20)
    assert group_ckns(a) == set()
    segment, (a, b, c) = pairwise(form_group=True)
    segment.run(10)
    assert secured(a, b, c)
    assert len(group_ckns(a)) == 1


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_a_member_that_leaves_is_shut_out_until_it_comes_back(plane):
    """Another CAK goes to the others, b to c fails; c is enabled again: b to c works."""
    segment, (a, b, c) = grouped(plane)
    (first,) = group_ckns(a)
    enable(segment, a, "c", False)
    segment.run(segment.now + 10)
    (second,) = group_ckns(a)
    assert second != first
    assert group_ckns(b) == {second}
    assert secured(a, b)
    assert hears(segment, b, a)
    assert not hears(segment, b, c)
    assert not hears(segment, c, b)
    enable(segment, a, "c", True)
    segment.run(segment.now + 12)
    assert group_ckns(c) == {second}, "no other CAK: c never knew this one"
    assert secured(a, b, c)
    check_connectivity(segment, a, b, c)


def test_a_member_that_disables_its_pairwise_participant_leaves_the_group():
    """Its group CAK came by that; the others get another after its Life Time."""
    segment, (a, b, c) = grouped()
    (first,) = group_ckns(a)
    enable(segment, c, "c", False)
    segment.run(segment.now + 0.1)
    assert group_ckns(c) == set()
    assert not hears(segment, b, c)
    segment.run(segment.now + 15)
    assert first not in group_ckns(a) | group_ckns(b)
    enable(segment, c, "c", True)
    segment.run(segment.now + 12)
    check_connectivity(segment, a, b, c)


def test_no_frame_is_lost_when_the_group_cak_changes():
    """By management, and because a third station left: frames between a and b all arrive."""
    segment, (a, b, _) = grouped()
    start = segment.now
    segment.every(0.05, a.send, start, start + 40)
    segment.every(0.05, b.send, start + 0.025, start + 40)
    segment.at(start + 5, lambda: order(segment, a))
    segment.at(start + 15, lambda: enable(segment, a, "c", False))
    caks = group_ckns(a)
    for step in range(1, 41):
        segment.run(start + step)
        caks |= group_ckns(a)
    segment.run(segment.now + 1)
    assert len(caks) == 3
    assert b.numbers_from("a") == a.sent
    assert a.numbers_from("b") == b.sent


def test_a_change_of_the_group_cak_interrupts_no_pair_of_stations():
    """Three stations: the former CAK stays until all of them use the next."""
    segment, members = grouped()
    start = segment.now
    for at, member in enumerate(members):
        segment.every(0.05, member.send, start + 0.01 * at, start + 15)
    segment.at(start + 5, lambda: order(segment, members[0]))
    segment.run(start + 16)
    for receiver in members:
        for sender in members:
            if sender is not receiver:
                assert receiver.numbers_from(sender.name) == sender.sent


def test_a_station_that_comes_late_gets_the_present_group_cak():
    """It was away when the CAK was made; no other is made for it."""
    segment, (a, b, c) = pairwise()
    c.station.stop()
    segment.run(10)
    order(segment, a)
    segment.run(20)
    (ckn,) = group_ckns(a)
    c = segment.add("c", [chain_key(cak_of("c"), NAMES["c"])], key_server_priority=20)
    segment.run(40)
    assert group_ckns(a) == group_ckns(b) == group_ckns(c) == {ckn}
    check_connectivity(segment, a, b, c)
    c.station.stop()
    segment.run(60)
    assert ckn not in group_ckns(a) | group_ckns(b), "it is shut out like any other"


def test_the_group_outlives_its_key_server_and_takes_it_back():
    """b and c go on with each other; when a is back it makes another group CAK."""
    segment, (a, b, c) = grouped(form_group=True)
    (first,) = group_ckns(b)
    a.station.stop()
    segment.run(segment.now + 10)
    assert secured(b, c)
    check_connectivity(segment, b, c)
    keys = [chain_key(cak_of(name), NAMES[name]) for name in "bc"]
    a = segment.add("a", keys, key_server_priority=1, form_group=True)
    segment.run(segment.now + 30)
    assert group_ckns(a) == group_ckns(b) == group_ckns(c)
    assert first not in group_ckns(a)
    check_connectivity(segment, a, b, c)


def test_a_member_may_refuse_group_caks():
    """With join_group off it counts them, and stays pairwise."""
    segment, (a, b) = pairwise(others="b")
    c = segment.add("c", [chain_key(cak_of("c"), NAMES["c"])], join_group=False)
    caks = chain_key(cak_of("c"), NAMES["c"])
    a.kay.add_key(segment.engine.now_ns, caks)
    segment.run(8)
    order(segment, a)
    segment.run(20)
    assert group_ckns(b)
    assert group_ckns(c) == set()
    assert c.kay.counters["cak-refused"] == c.kay.counters["in-cak-mkpdu"] > 0


def test_only_the_key_server_of_all_pairwise_cas_makes_a_group():
    """A member cannot; nor can the Key Server of some of them."""
    segment, (a, b, _) = pairwise()
    with pytest.raises(ConfigError, match="another station is Key Server"):
        b.kay.new_group(segment.engine.now_ns)
    b.station.stop()
    a.kay.set_enabled(segment.engine.now_ns, False)
    with pytest.raises(ConfigError, match="no pairwise CA has a live peer"):
        a.kay.new_group(segment.engine.now_ns)


def test_group_caks_have_the_length_of_the_shortest_pairwise_one():
    """Both lengths are read, though the set does not say which it has."""
    for octets in (16, 32):
        segment = Segment()
        keys = {name: chain_key(cak_of(name, octets), NAMES[name]) for name in "bc"}
        a = segment.add("a", [*keys.values()], key_server_priority=1)
        b, c = (segment.add(name, [chain_key(cak_of(name, octets), NAMES[name])]) for name in "bc")
        segment.run(2)
        order(segment, a)
        segment.run(10)
        check_connectivity(segment, a, b, c)
        assert b.principal.key.group
        assert b.principal.key.holder.cak_length == octets


def test_too_many_orders_make_a_few_group_caks_in_a_life_time():
    """A burst, and then one a Life Time for each: the last order is not lost."""
    segment, (a, b, c) = grouped()
    seen = set()
    for _ in range(20):
        order(segment, a)
        segment.run(segment.now + 0.1)
        seen |= group_ckns(a)
    assert len(seen) <= 5
    segment.run(segment.now + 20)
    (last,) = group_ckns(a)
    assert last not in seen
    check_connectivity(segment, a, b, c)


def test_a_disabled_port_keeps_no_group_cak():
    """The Controlled Port went down: what comes up again begins pairwise."""
    segment, (_, b, _) = grouped()
    b.kay.set_enabled(segment.engine.now_ns, False)
    assert group_ckns(b) == set()
    assert [key.group for key in b.kay.chain.active(segment.engine.now_ns)] == [False]
