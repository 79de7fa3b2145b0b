"""Lost and late MKPDUs: the losses that leave a session whole, and the one that ends it."""

from __future__ import annotations

import random

import pytest
from hello_loss import ESTABLISHED_NS, LossyCable, flaps_per_hour
from support.mka.kays import CKN, NS, Actor, alone, member_of, sci_of_name

from macsec.kay.kay import Kay
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
