"""Peer lists, election, times of MKPDUs, and the memory of a Key Server and of a member."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.mka.kays import (
    CAK,
    CKN,
    NS,
    Actor,
    Segment,
    alone,
    chain_key,
    check_life_cycles,
    member_of,
    reported,
    sci_of_name,
    secured,
    server_of,
    watch,
)

from macsec.errors import MACsecError
from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.parameter_sets import KeyUse, PeerId, SakUse
from macsec.kay.secy_side import actions
from macsec.keys import Key

OTHER = b"another's MI"


def lists(kay: Kay) -> tuple[set[bytes], set[bytes]]:
    """Return the live and the potential MIs."""
    peers = kay.participants[CKN].peers
    return {peer.mi for peer in peers.live}, {peer.mi for peer in peers.potential}


# -------------------------------------------------------------------- lists


def test_peer_is_potential_then_live_then_gone() -> None:
    """A heard peer is potential; one that lists us is live; after 6 s of silence it is gone."""
    kay = alone()
    actor = Actor(kay, sci_of_name("a"))
    assert [mkpdu.basic.mn for mkpdu in actor.drain()] == [1]
    actor.say(live=())
    assert lists(kay) == (set(), {actor.mi})
    (said,) = actor.drain()
    assert (said.live, said.potential) == ((), (PeerId(actor.mi, 1),))
    actor.say(live=(), potential=(actor.listens,))
    assert lists(kay) == ({actor.mi}, set())
    assert actor.drain()[0].live == (PeerId(actor.mi, 2),)
    actor.later(5.999)
    actor.drain()
    assert lists(kay) == ({actor.mi}, set())
    actor.later(0.001)
    actor.drain()
    assert lists(kay) == (set(), set())


def test_live_peer_that_no_longer_lists_us_ages_out() -> None:
    """We hear it, but it does not hear us."""
    kay, actor = member_of()
    for _ in range(5):
        actor.later(1)
        assert actor.say(key_server=True, priority=1, live=()) is Reception.ACCEPTED
        actor.drain()
        assert lists(kay)[0] == {actor.mi}
    actor.later(1)
    actor.drain()
    assert lists(kay)[0] == set()


def test_peers_of_a_live_peer_are_potential() -> None:
    """Learned from the Live List of a live peer; the first MKPDU of such a peer may have any MN."""
    kay, actor = member_of()
    actor.say(key_server=True, priority=1, live=(actor.listens, PeerId(OTHER, 2**32 - 1)))
    assert lists(kay) == ({actor.mi}, {OTHER})
    other = Actor(kay, sci_of_name("b"), OTHER)
    assert other.say() is Reception.ACCEPTED
    assert lists(kay) == ({actor.mi, OTHER}, set())


def test_own_former_mis_are_not_learned() -> None:
    """Peers may list them for some time."""
    kay, actor = member_of()
    ours = actor.listens
    actor.say(live=(PeerId(ours.mi, 10**6),))
    actor.say(live=(actor.listens, ours))
    actor.drain()
    actor.say(live=(actor.listens, ours))
    assert lists(kay) == ({actor.mi}, set())


def test_restarted_peer_replaces_its_entry_once_it_is_live() -> None:
    """Two entries of one SCI until the new one lists us; never two live ones."""
    kay, actor = member_of()
    again = Actor(kay, actor.sci, OTHER)
    again.say(live=(), key_server=True, priority=1)
    assert lists(kay) == ({actor.mi}, {OTHER})
    again.drain()
    again.say(key_server=True, priority=1)
    assert lists(kay) == ({OTHER}, set())


def test_superseded_mis_are_dropped() -> None:
    """A peer that takes one MI after the other leaves one entry."""
    kay = alone()
    for number in range(20):
        Actor(kay, sci_of_name("a"), bytes([number]) * 12).say(live=())
    assert lists(kay) == (set(), {bytes([19]) * 12})


def test_news_are_rate_limited() -> None:
    """A peer that keeps changing causes at most eight MKPDUs in two seconds."""
    kay = alone()
    actor = Actor(kay, sci_of_name("a"))
    for number in range(100):
        Actor(kay, sci_of_name("a"), bytes([number]) * 12).say(live=())
        actor.now_ns += NS // 100
        actor.drain()
    assert len(actor.heard) == 8
    for _ in range(200):
        actor.now_ns += NS // 100
        actor.drain()
    assert len(actor.heard) == 9


def test_hellos_continue_without_peers() -> None:
    """A participant without peers sends on its grid, a little under two seconds, without end."""
    kay = alone()
    actor = Actor(kay, sci_of_name("a"))
    times = []
    while (timeout := kay.next_timeout_ns()) is not None and timeout < 100 * NS:
        actor.now_ns = timeout
        times += [timeout] * len(actor.drain())
    assert times == [n * NS * 19 // 10 for n in range(53)]


# -------------------------------------------------------------------- Key Server


def test_loser_of_the_election_clears_its_flag() -> None:
    """Each member offers to serve until another one is elected."""
    kay = alone(key_server_priority=100)
    actor = Actor(kay, sci_of_name("a"))
    assert [mkpdu.basic.key_server for mkpdu in actor.drain()] == [True]
    actor.say(key_server=True, priority=99)
    assert [mkpdu.basic.key_server for mkpdu in actor.drain()] == [False]
    actor.say(key_server=False, priority=99)
    assert [mkpdu.basic.key_server for mkpdu in actor.drain()] == [True]


def test_peer_that_loses_the_key_gets_another() -> None:
    """It reported the SAK, and no longer does."""
    kay, actor = server_of()
    actor.stay(7, priority=200, use=reported(kay))
    assert kay.counters["keys-distributed"] == 1
    actor.say(priority=200)
    actor.drain()
    assert kay.counters["keys-distributed"] == 2
    actor.stay(30, priority=200)
    assert kay.counters["keys-distributed"] == 2  # it never reports this one: no churn


def test_sak_is_distributed_until_all_have_it() -> None:
    """And not once more."""
    kay = alone()
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    actor.say(priority=200)
    for _ in range(3):
        assert all(mkpdu.distributed for mkpdu in actor.drain())
        actor.later(2)
        actor.say(priority=200)
    actor.say(priority=200, use=reported(kay))
    actor.later(2)
    assert [mkpdu.distributed for mkpdu in actor.drain()] == [None]


def test_peer_loss_without_rekey_keeps_the_sak() -> None:
    """`sak_rekey_on_live_peer_loss` off: the SAK stays; a peer that returns gets another."""
    segment = Segment()
    a, b, c = (
        segment.add(n, key_server_priority=p, sak_rekey_on_live_peer_loss=False)
        for n, p in (("a", 1), ("b", 2), ("c", 3))
    )
    segment.run(10)
    count = a.kay.counters["keys-distributed"]
    c.station.stop()
    segment.run(30)
    assert secured(a, b)
    assert a.kay.counters["keys-distributed"] == count
    again = segment.add("c", key_server_priority=3)
    segment.run(40)
    assert secured(a, b, again)
    assert a.kay.counters["keys-distributed"] == count + 1


def test_peer_that_returns_with_its_mi_gets_another_sak() -> None:
    """Without a rekey at its loss: it may have deleted the old SAK."""
    kay, actor = server_of(sak_rekey_on_live_peer_loss=False)
    other = Actor(kay, sci_of_name("y"), OTHER)
    for _ in range(7):
        other.now_ns = actor.now_ns
        other.say(priority=201)
        actor.stay(1, priority=200)
    count = kay.counters["keys-distributed"]
    assert lists(kay)[0] == {actor.mi, OTHER}
    actor.stay(7, priority=200)
    assert lists(kay)[0] == {actor.mi}
    assert kay.counters["keys-distributed"] == count
    other.now_ns = actor.now_ns
    other.say(priority=201)
    actor.stay(1, priority=200)
    assert kay.counters["keys-distributed"] == count + 1


def test_member_that_loses_its_server_takes_another_mi() -> None:
    """Under the old MI the server would assume that it still has the keys."""
    kay, actor = member_of()
    before = kay.participants[CKN].identity.mi
    actor.later(6)
    actor.drain()
    assert kay.participants[CKN].identity.mi != before
    kay, actor = server_of()
    before = kay.participants[CKN].identity.mi
    actor.later(6)
    actor.drain()
    assert kay.participants[CKN].identity.mi == before  # a server goes on with the next KN


def test_no_mkpdu_leaves_while_an_action_waits() -> None:
    """The KaY asks to be polled at once."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    actor.drain()
    actor.distribute()
    assert kay.next_timeout_ns() == 0
    assert kay.poll_transmit(0) is None
    while kay.poll_action() is not None:
        if kay.poll_transmit(0) is not None:
            assert kay.poll_action() is None
            break
    actor.later(2)
    (said,) = actor.drain()
    assert said.use is not None


def test_member_that_is_heard_late_gets_a_receive_sa() -> None:
    """The server lists a member before we hear it; once we hear it, it has an SA."""
    kay = alone(key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    actor.distribute(live=(PeerId(OTHER, 1), actor.listens))
    actor.drain()
    assert kay.secured
    other = Actor(kay, sci_of_name("b"), OTHER)
    other.say()
    other.drain()
    made = [x.sci for x in other.actions if isinstance(x, actions.CreateReceiveSA)]
    assert made == [other.sci]


def test_principal_follows_a_sak_over_another_cak() -> None:
    """From another server: the principal moves to its participant, and the SAK is used."""
    second = b"second"
    kay = alone([chain_key(), chain_key(ckn=second)], key_server_priority=200)
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.say(key_server=True, priority=1)
    actor.distribute()
    actor.drain()
    other = Actor(kay, sci_of_name("b"), OTHER, ckn=second)
    other.say(key_server=True, priority=1)
    other.distribute(an=1, sak=b"z" * 16)
    other.drain()
    assert kay.principal is kay.participants[second]
    assert [slot.ki for slot in kay.cp.slots()] == [KI(OTHER, 1)]
    assert kay.secured


def test_member_that_missed_saks_catches_up() -> None:
    """The AN of a key that the server no longer uses is free: no deadlock."""
    kay, actor = member_of()
    actor.later(1)
    newest = KeyUse(KI(actor.mi, 5), 0, False, True, 1)
    before = KeyUse(KI(actor.mi, 4), 3, True, True, 1)
    actor.distribute(kn=5, an=0, sak=b"z" * 16, use=SakUse(latest=newest, old=before))
    actor.drain()
    assert [slot.ki.kn for slot in kay.cp.slots()] == [5]
    kay.set_enabled(actor.now_ns, False)
    actor.drain()
    check_life_cycles(actor.actions)


class Failing(MemoryHolder):
    """A token that fails at one operation."""

    fails: str = ""

    def _check(self, what: str) -> None:
        if self.fails == what:
            raise MACsecError("the token is gone")

    def icv(self, octets: bytes) -> bytes:
        """Fail if this operation is chosen."""
        self._check("icv")
        return super().icv(octets)

    def icv_valid(self, octets: bytes, given: bytes) -> bool:
        """Fail if this operation is chosen."""
        self._check("icv_valid")
        return super().icv_valid(octets, given)

    def wrap(self, sak: Key) -> bytes:
        """Fail if this operation is chosen."""
        self._check("wrap")
        return super().wrap(sak)

    def unwrap(self, wrapped: bytes) -> Key | None:
        """Fail if this operation is chosen."""
        self._check("unwrap")
        return super().unwrap(wrapped)

    def sak(self, nonce: bytes, members: Any, kn: int, length: int) -> Key:
        """Fail if this operation is chosen."""
        self._check("sak")
        return super().sak(nonce, members, kn, length)


@pytest.mark.parametrize(
    "fails, counter",
    [
        ("icv", "out-mkpdu-errors"),
        ("icv_valid", "in-mkpdu-icv-verification-errors"),
        ("wrap", "sak-encryption-errors"),
        ("unwrap", "sak-decryption-errors"),
        ("sak", "sak-generation-errors"),
    ],
)
def test_failing_holder_is_counted_and_recovers(fails: str, counter: str) -> None:
    """A token that is gone for some time: nothing raises, and the session comes up after it."""
    segment = Segment()
    tokens = [Failing(Key(CAK), CKN) for _ in "ab"]
    for token in tokens:
        token.fails = fails
    a, b = (
        segment.add(name, [ChainKey(token)], key_server_priority=priority)
        for name, token, priority in zip("ab", tokens, (1, 2), strict=True)
    )
    segment.run(10)
    assert a.kay.counters[counter] + b.kay.counters[counter] > 0
    assert not b.kay.secured
    for token in tokens:
        token.fails = ""
    segment.run(30)
    assert secured(a, b)


# -------------------------------------------------------------------- never used twice


@settings(max_examples=6)
@given(st.data())
def test_no_nonce_twice(data: st.DataObject) -> None:
    """No station ever starts to send with one SAK twice, in a few random runs (N19)."""
    check_no_nonce_twice(data)


@pytest.mark.exhaustive
@settings(max_examples=100)
@given(st.data())
def test_no_nonce_twice_in_many_runs(data: st.DataObject) -> None:
    """The same in a hundred runs."""
    check_no_nonce_twice(data)


def check_no_nonce_twice(data: st.DataObject) -> None:
    """Run three stations with random loss, restarts and keys, and check their actions.

    At the end all are secured, and no SA was used that did not exist.
    """
    rng = random.Random(data.draw(st.integers(0, 10**6)))
    loss = data.draw(st.sampled_from([0.0, 0.1, 0.3, 0.6]))
    cipher = data.draw(st.sampled_from(["gcm-aes-128", "gcm-aes-xpn-256"]))
    interval = data.draw(st.sampled_from([0, 30]))
    segment = Segment()
    segment.drop = lambda time, _name, _frame: time < 40 and rng.random() < loss
    lives: list[tuple[str, list[actions.Action]]] = []

    def begin(name: str, priority: int) -> None:
        member = segment.add(
            name,
            key_server_priority=priority,
            cipher=cipher,
            start=False,
            sak_rekey_interval=interval,
        )
        lives.append((name, []))
        watch(member, lives[-1][1])
        member.station.start()

    for name, priority in (("a", 1), ("b", 2), ("c", 3)):
        begin(name, priority)
        if data.draw(st.booleans()):
            again = data.draw(st.integers(1, 35))
            segment.at(again, partial(begin, name, priority))
    segment.run(75)
    if not secured(*segment.members.values()):
        segment.run(79)  # during a rekey, with an old key that takes 3 s to retire
    assert secured(*segment.members.values())
    for member in segment.members.values():
        member.kay.set_enabled(segment.engine.now_ns, False)
        member.station.settle()
    for done in dict(lives).values():
        check_life_cycles(done)
    used = [
        (name, action.key.check_value)
        for name, done in lives
        for action in done
        if isinstance(action, actions.CreateTransmitSA)
    ]
    assert len(used) == len(set(used)) >= 3
