"""Activation of participants: always, onOperUp, disabled; what wakes one that sleeps (9.16)."""

from __future__ import annotations

import pytest
from support.mka.kays import CKN, NS, Actor, alone, chain_key, sci_of_name

from macsec.errors import ConfigError
from macsec.kay.kay import Kay
from macsec.kay.keys.keychain import Activate
from macsec.kay.status import mib

LIFE_S = 6


def with_partner(activate: Activate) -> tuple[Kay, Actor]:
    """Return a KaY with a live peer."""
    kay = alone([chain_key(activate=activate)])
    actor = Actor(kay, sci_of_name("z"))
    actor.drain()
    actor.say(priority=200)
    actor.drain()
    assert kay.participants[CKN].peers.live
    return kay, actor


def quiet(actor: Actor, seconds: float) -> None:
    """Let time pass in steps, without an MKPDU of the actor."""
    for _ in range(round(seconds * 2)):
        actor.later(0.5)
        actor.drain()


@pytest.mark.parametrize("activate", Activate)
def test_a_participant_without_partners_sleeps_only_if_it_is_on_oper_up(activate):
    """A Life Time after the last peer was lost; without one from the start too."""
    kay, actor = with_partner(activate)
    quiet(actor, 2 * LIFE_S + 4)
    assert bool(kay.participants) is (activate is Activate.ALWAYS)
    kay = alone([chain_key(activate=activate)])
    actor = Actor(kay, sci_of_name("z"))
    quiet(actor, LIFE_S - 1)
    assert kay.participants
    quiet(actor, 2)
    assert bool(kay.participants) is (activate is Activate.ALWAYS)


def test_one_with_partners_stays():
    """For as long as they are heard."""
    kay, actor = with_partner(Activate.ON_OPER_UP)
    actor.stay(60, priority=200)
    assert kay.participants


def test_a_sleeping_participant_is_silent_and_wakes_by_its_ckn_or_the_port():
    """No MKPDU leaves meanwhile; another CKN wakes nothing."""
    kay, actor = with_partner(Activate.ON_OPER_UP)
    quiet(actor, 20)
    sent = kay.counters["out-mkpdu"]
    quiet(actor, 20)
    assert kay.counters["out-mkpdu"] == sent
    other = Actor(kay, sci_of_name("y"), ckn=b"another")
    kay.receive_mkpdu(actor.now_ns, other.frame(live=()))
    assert not kay.participants
    kay.receive_mkpdu(actor.now_ns, actor.frame(live=()))
    assert kay.participants
    quiet(actor, 20)
    assert not kay.participants
    kay.set_enabled(actor.now_ns, False)
    kay.set_enabled(actor.now_ns, True)
    assert kay.participants


def test_a_change_to_on_oper_up_ends_it_at_once_and_for_two_life_times():
    """MKPDUs with its CKN do nothing meanwhile; always wakes it at once."""
    kay, actor = with_partner(Activate.ALWAYS)
    (row, _), *_ = mib(kay)
    assert row["ieee8021XKayMkaPartActivateControl"] == "always"
    kay.activate_key(actor.now_ns, CKN, Activate.ON_OPER_UP)
    for _ in range(2 * LIFE_S - 1):
        actor.later(1)
        kay.receive_mkpdu(actor.now_ns, actor.frame(live=()))
        assert not kay.participants
    actor.later(1)
    kay.receive_mkpdu(actor.now_ns, actor.frame(live=()))
    assert kay.participants
    (row, _), *_ = mib(kay)
    assert row["ieee8021XKayMkaPartActivateControl"] == "onOperUp"
    kay.activate_key(actor.now_ns, CKN, Activate.ON_OPER_UP)
    assert not kay.participants
    kay.activate_key(actor.now_ns, CKN, Activate.ALWAYS)
    assert kay.participants
    with pytest.raises(ConfigError):
        kay.activate_key(actor.now_ns, b"no such", Activate.ALWAYS)


def test_a_key_that_is_not_retained_leaves_the_chain_at_its_end():
    """A retained one stays there, without a participant."""
    for retain in (True, False):
        kay = alone([chain_key(end=10, retain=retain)])
        actor = Actor(kay, sci_of_name("z"))
        quiet(actor, 9)
        assert kay.chain.ckns == [CKN]
        quiet(actor, 2)
        assert not kay.participants
        assert bool(kay.chain.ckns) is retain
        assert (kay.next_timeout_ns() or 1 << 62) > 10 * NS
