"""Lost and late MKPDUs: the losses that leave a session whole, and the one that ends it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hello_loss import ESTABLISHED_NS, LossyCable, flaps_per_hour
from support.mka.kays import CKN, NS, Actor, alone, member_of, sci_of_name

from macsec.kay.kay import Kay
from macsec.kay.mkpdu.parameter_sets import PeerId
from macsec.time_units import NS_PER_MS

MINUTE_NS = 60 * NS


class Burst:
    """Loses n MKPDUs to one end in a row, then passes as many as it may, at random."""

    def __init__(self, limit: int, seed: int) -> None:
        self._draw = random.Random(seed).random
        self._limit = limit
        self._lost = [0, 0]

    def __call__(self, way: int) -> bool:
        """Return whether this one is lost: never more than the limit in a row."""
        lost = self._lost[way] < self._limit and self._draw() < 0.8
        self._lost[way] = self._lost[way] + 1 if lost else 0
        return lost


@pytest.mark.parametrize("delay_ms", [0, 1, 100])
@pytest.mark.parametrize("seed", range(4))
def test_any_two_mkpdus_lost_in_a_row_cost_no_sak(seed: int, delay_ms: int) -> None:
    """Any phase of the hellos, both directions at once, again and again for five minutes."""
    cable = LossyCable(Burst(2, seed), seed, delay_ms * NS_PER_MS)
    cable.run(ESTABLISHED_NS)
    assert (cable.saks, [kay.secured for kay in cable.kays]) == (1, [True, True])
    cable.run(5 * MINUTE_NS)
    assert (cable.saks, [kay.secured for kay in cable.kays]) == (1, [True, True])
    assert sum(kay.counters["mi-renewed"] for kay in cable.kays) == 0


def test_the_peer_is_lost_when_its_life_time_is_over() -> None:
    """All MKPDUs to one end are lost: it closes 6.0 s after the last one."""
    cable = LossyCable(lambda way: way == 0, seed=1)
    cable.run(ESTABLISHED_NS)
    deaf = cable.kays[0]
    assert deaf.principal is not None
    (peer,) = deaf.principal.peers.live
    end_ns = peer.expires_ns
    assert end_ns - ESTABLISHED_NS <= 6 * NS
    cable.run(end_ns - 1)
    assert deaf.secured
    cable.run(end_ns)
    assert not deaf.secured


@pytest.mark.exhaustive
def test_five_percent_loss_costs_at_most_a_flap_in_two_hours() -> None:
    """A day: 0.6 flaps an hour is the limit."""
    assert flaps_per_hour(0.05, hours=25) <= 0.6


# -------------------------------------------------------------------- late callers


def last_moment(kay: Kay) -> int:
    """Return the time at which the only peer expires."""
    (peer,) = kay.participants[CKN].peers.live
    return peer.expires_ns


@pytest.mark.parametrize("late_ms", [0, 1, 200])
def test_mkpdu_that_has_arrived_is_read_before_its_peer_expires(late_ms: int) -> None:
    """The caller comes at the end of the Life Time, or after it, with a hello that was waiting."""
    kay, actor = member_of()
    actor.now_ns = 5 * NS
    actor.drain()  # a hello of ours that the peer can list
    hello = actor.frame(key_server=True, priority=1)
    actor.now_ns = last_moment(kay) + late_ms * NS_PER_MS
    kay.receive_mkpdu(actor.now_ns, hello)
    actor.drain()
    assert kay.secured
    assert last_moment(kay) == actor.now_ns + 6 * NS


def test_frames_of_others_do_not_expire_a_peer_behind_them() -> None:
    """Junk and a stranger's MKPDU come first in the queue."""
    kay, actor = member_of()
    actor.now_ns = 5 * NS
    actor.drain()
    hello = actor.frame(key_server=True, priority=1)
    stranger = Actor(kay, sci_of_name("x"), b"stranger MI.")
    actor.now_ns = last_moment(kay) + NS_PER_MS
    for frame in (b"junk", stranger.frame(), hello):
        kay.receive_mkpdu(actor.now_ns, frame)
    actor.drain()
    assert actor.mi in {peer.mi for peer in kay.participants[CKN].peers.live}
    assert kay.counters["mi-renewed"] == 0


def test_silent_peer_is_due_for_removal_although_others_are_heard() -> None:
    """Reading a frame after its Life Time removes no peer, but the KaY asks to be polled now."""
    kay, actor = member_of()
    actor.now_ns = last_moment(kay) + NS
    actor.drain()
    assert not kay.secured
    kay, actor = member_of()
    late_ns = last_moment(kay) + NS
    kay.receive_mkpdu(late_ns, b"junk")
    assert kay.secured
    assert kay.next_timeout_ns() == late_ns
    actor.now_ns = late_ns
    actor.drain()
    assert not kay.secured


def test_prompt_mkpdu_does_not_move_the_next_hello() -> None:
    """News between two hellos leaves at once; the grid stays."""
    kay = alone()
    actor = Actor(kay, sci_of_name("a"))
    actor.drain()
    actor.now_ns = NS
    actor.say()
    assert actor.drain()
    assert kay.next_timeout_ns() == NS * 19 // 10
    actor.now_ns = NS * 19 // 10
    assert len(actor.drain()) == 1


# -------------------------------------------------------------------- repeats of missed MKPDUs


def missing(listed_back: int, since_ms: int) -> tuple[Kay, Actor, dict[str, Any]]:
    """Return a member whose last two hellos left, and what its Key Server lists of them."""
    kay, actor = member_of()
    actor.now_ns = 2 * NS
    assert len(actor.drain()) == 1
    actor.now_ns = kay.next_timeout_ns() or 0
    assert len(actor.drain()) == 1
    actor.now_ns += since_ms * NS_PER_MS
    mi, mn = actor.listens
    return kay, actor, {"key_server": True, "priority": 1, "live": (PeerId(mi, mn - listed_back),)}


@pytest.mark.parametrize(
    "listed_back, since_ms, repeats",
    [
        (0, 600, 0),  # heard
        (1, 499, 0),  # it may have crossed the hello on its way
        (1, 500, 1),
        (2, 1800, 1),  # several missed: one repeat
        (0, 1800, 0),
    ],
)
def test_missed_mkpdu_is_repeated_at_once(listed_back: int, since_ms: int, repeats: int) -> None:
    """A live peer that lists an earlier MN, though a later one left half a second ago."""
    _, actor, said = missing(listed_back, since_ms)
    actor.say(**said)
    assert len(actor.drain()) == repeats


def test_potential_peer_that_proves_nothing_gets_no_repeat() -> None:
    """Only MNs of a Life Time count: an older one is an error in the list, and no news."""
    kay, actor, _ = missing(1, 600)
    stranger = Actor(kay, sci_of_name("x"), b"stranger MI.")
    stranger.now_ns = actor.now_ns
    stranger.say(live=())
    stranger.drain()  # it is new: that is news
    stranger.say(live=())
    assert stranger.drain() == []


def test_repeats_keep_half_a_second_between_them() -> None:
    """A peer that lists an old MN in every MKPDU for two seconds, fifty in a second."""
    _, actor, said = missing(1, 600)
    repeats = 0
    for _ in range(90):
        actor.say(**said)
        repeats += len(actor.drain())
        actor.later(0.02)
    assert repeats <= 1 + 4


@pytest.mark.parametrize("way", [0, 1])
def test_one_lost_hello_costs_one_more_mkpdu(way: int) -> None:
    """No loop: the repeat lists the newest MN of the peer, so it has no answer."""
    sent = []
    for losses in (0, 1):
        lost = []

        def lose(to: int, lost: list[int] = lost, losses: int = losses) -> bool:
            lost.append(to)
            return lost.count(way) <= losses and to == way

        cable = LossyCable(lose, seed=3)
        cable.run(ESTABLISHED_NS + 20 * NS)
        sent.append(sum(kay.counters["out-mkpdu"] for kay in cable.kays))
    assert sent[1] == sent[0] + 1
