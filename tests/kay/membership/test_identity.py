"""MI, MN and KN: never used twice, renewed in time; the MNs that are recent."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mka.kays import CKN, NS, Actor, alone, sci_of_name, server_of

from macsec.kay.membership.identity import NUMBER_LIMIT, Identity


def test_numbers_start_at_one_and_rise() -> None:
    """MN and KN of an MI."""
    identity = Identity(random.Random(1).randbytes)
    assert len(identity.mi) == 12
    assert [identity.next_mn(0) for _ in range(3)] == [1, 2, 3]
    assert [identity.next_kn() for _ in range(3)] == [1, 2, 3]


def test_renewed_mi_starts_its_numbers_at_one() -> None:
    """Another MI; the former one is still known as ours."""
    identity = Identity(random.Random(1).randbytes)
    identity.next_mn(0)
    identity.next_kn()
    before = identity.mi
    identity.renew()
    assert identity.mi != before
    assert identity.is_ours(before)
    assert identity.is_ours(identity.mi)
    assert not identity.is_ours(b"another's MI")
    assert (identity.next_mn(0), identity.next_kn()) == (1, 1)


@given(st.lists(st.integers(0, 3 * NS), max_size=30), st.integers(0, 9 * NS))
def test_recent_is_within_a_life_time(gaps: list[int], wait: int) -> None:
    """By the times at which MNs were sent, not by their number."""
    identity = Identity(random.Random(1).randbytes)
    now, sent = 0, {}
    for gap in gaps:
        now += gap
        sent[identity.next_mn(now)] = now
    now += wait
    for mn in range(len(gaps) + 3):
        expected = mn in sent and sent[mn] >= now - 6 * NS
        assert identity.is_recent(mn, now) is expected


def test_the_mi_is_renewed_before_numbers_wrap() -> None:
    """An MN or KN near 2^32 is not used: another MI starts at 1."""
    for name in ("mn", "kn"):
        kay, actor = server_of()
        identity = kay.participants[CKN].identity
        before = identity.mi
        setattr(identity, name, NUMBER_LIMIT)
        actor.later(2)
        (said,) = actor.drain()
        assert said.basic.mi == identity.mi != before
        assert (said.basic.mn, identity.kn) == (1, 0)


@pytest.mark.parametrize("seed", range(3))
def test_entropy_comes_from_outside(seed: int) -> None:
    """The same octets of entropy give the same MI: the class draws none."""
    draws: list[int] = []

    def entropy(count: int) -> bytes:
        draws.append(count)
        return bytes([seed]) * count

    identity = Identity(entropy)
    assert (identity.mi, draws) == (bytes([seed]) * 12, [12])


def test_restarted_kay_is_another_member() -> None:
    """Disabling and enabling forgets the MI, the peers and the keys."""
    kay = alone()
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    actor.say(priority=200)
    before = kay.participants[CKN].identity.mi
    kay.set_enabled(0, False)
    assert kay.participants == {}
    kay.set_enabled(0, True)
    participant = kay.participants[CKN]
    assert participant.identity.mi != before
    assert participant.peers.live == []
