"""In-service suspension (802.1X 9.18): a member is silent for up to 120 s, and nothing is lost."""

from __future__ import annotations

import pytest
from support.mka.kays import Segment, SegmentMember, alone, member_of, secured, server_of

from macsec.errors import ConfigError
from macsec.kay.mkpdu.frame import Mkpdu, decode


def three(suite: str, **policy: int) -> tuple[Segment, list[SegmentMember]]:
    """Return three secured members, `a` the Key Server."""
    segment = Segment()
    for at, name in enumerate("abc"):
        segment.add(name, key_server_priority=at, cipher=suite, **policy)
    segment.run(20)
    members = list(segment.members.values())
    assert secured(*members)
    return segment, members


def sent_by(segment: Segment, name: str, start: float, end: float) -> list[Mkpdu]:
    """Return the MKPDUs of a member between two times."""
    found = [decode(f) for at, who, f in segment.mkpdus if who == name and start < at < end]
    assert all(isinstance(mkpdu, Mkpdu) for mkpdu in found)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("suite", ["gcm-aes-128", "gcm-aes-xpn-256"])
@pytest.mark.parametrize("actor", [0, 1])
def test_a_silent_actor_keeps_its_session(actor: int, suite: str) -> None:
    """As Key Server and as member: silent for 100 s, no frame lost, no other SAK, and then on."""
    segment, members = three(suite)
    kay, name = members[actor].kay, members[actor].name
    before = kay.saks()[0].ki
    segment.every(1, members[actor].send, start=20, end=170)
    kay.suspend(20 * 10**9, 100)
    members[actor].station.settle()
    segment.run(119)
    assert sent_by(segment, name, 21, 119) == []
    assert all(member.kay.secured for member in members)
    segment.run(180)
    assert secured(*members)
    assert kay.saks()[0].ki == before
    assert len(sent_by(segment, name, 119, 180)) > 25
    for other in members:
        if other is not members[actor]:
            assert other.numbers_from(name) == members[actor].sent
    assert not any(each.suspension_s for each in sent_by(segment, "a", 123, 180))


@pytest.mark.parametrize("silent", [True, False])
def test_after_a_suspension_a_silent_peer_is_lost(silent: bool) -> None:
    """A Life Time after its end, as always; while it lasts, not."""
    segment, (a, b, c) = three("gcm-aes-128")
    b.kay.suspend(20 * 10**9, 60)
    b.station.settle()
    segment.run(30)
    if silent:
        b.station.stop()
    segment.run(79)
    assert len(a.principal.peers.live) == 2
    segment.run(100)
    assert len(a.principal.peers.live) == (1 if silent else 2)
    assert secured(a, c)


def test_a_key_server_with_limit_zero_refuses() -> None:
    """The request is dropped after a Life Time, and the actor goes on with hellos."""
    segment, (a, b, _) = three("gcm-aes-128", suspension_limit=0)
    b.kay.suspend(20 * 10**9, 60)
    b.station.settle()
    segment.run(60)
    assert len(sent_by(segment, "b", 21, 60)) > 15
    assert not any(each.suspension_s for each in sent_by(segment, "b", 28, 60))
    assert not any(each.suspension_s for each in sent_by(segment, "a", 20, 60))
    assert a.kay.secured


@pytest.mark.parametrize("seconds, left", [(120, 120), (255, 120), (30, 30)])
def test_a_member_follows_and_reports_the_order(seconds: int, left: int) -> None:
    """Up to the limit; then it needs the Key Server again."""
    kay, actor = member_of()
    actor.say(key_server=True, priority=1, suspension_s=seconds)
    (said,) = actor.drain()
    assert said.suspension_s == left
    assert said.basic.version == 3
    actor.later(left + 5)
    actor.drain()
    assert kay.secured
    actor.later(2)
    actor.drain()
    assert not kay.secured


def test_the_key_server_ends_a_suspension() -> None:
    """By a report of no time: then a Life Time counts again."""
    kay, actor = member_of()
    actor.say(key_server=True, priority=1, suspension_s=100)
    actor.drain()
    actor.later(10)
    actor.say(key_server=True, priority=1)
    actor.drain()
    actor.later(7)
    actor.drain()
    assert not kay.secured


def test_no_sak_is_made_while_it_lasts() -> None:
    """The interval is over, the SAK stays until the end."""
    kay, actor = server_of(sak_rekey_interval=30)
    kay.suspend(actor.now_ns, 100)
    actor.drain()
    actor.later(99)
    actor.drain()
    assert kay.counters["keys-distributed"] == 1
    assert kay.secured
    actor.later(1)
    actor.drain()
    assert kay.counters["keys-distributed"] == 2


@pytest.mark.parametrize("seconds", [-1, 121])
def test_impossible_requests_are_refused(seconds: int) -> None:
    """More than the limit of the standard; and none without a peer."""
    kay, _ = server_of()
    with pytest.raises(ConfigError, match="expected 0 to 120"):
        kay.suspend(0, seconds)
    with pytest.raises(ConfigError, match="no live peer"):
        alone().suspend(0, 10)
