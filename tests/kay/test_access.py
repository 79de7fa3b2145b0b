"""Unauthenticated access, roles of peers, hello ramps, and sets that may be left out."""

from __future__ import annotations

from typing import Any

import pytest
from support.mka.kays import Actor, Segment, alone, chain_key, reported, secured

from macsec.errors import ConfigError
from macsec.kay import status
from macsec.kay.counters import Reception
from macsec.kay.mkpdu.parameter_sets import NoSak, SakUse
from macsec.kay.policy import PeerRole, Unauthenticated
from macsec.time_units import NS_PER_MS, NS_PER_S

A, Z = 0x025200000061_0001, 0x02520000007A_0001


def sent_ms(until_ms: int, **policy: Any) -> list[int]:
    """Return the times of the MKPDUs of a KaY alone, in milliseconds."""
    kay = alone(**policy)
    actor, found = Actor(kay, A), []
    while actor.now_ns <= until_ms * NS_PER_MS:
        found += [actor.now_ns // NS_PER_MS] * len(actor.drain())
        due = kay.next_timeout_ns()
        assert due is not None
        actor.now_ns = max(due, actor.now_ns + 1)
    return found


def test_a_ramp_gives_the_times_of_the_first_hellos() -> None:
    """Then hellos of 1.9 s, as without it."""
    ramp = (100, 200, 400, 800, 800)
    found = sent_ms(6200, hello_ramp=ramp)
    assert found == [0, 100, 300, 700, 1500, 2300, 4200, 6100]
    assert sent_ms(4000) == [0, 1900, 3800]


def test_a_ramp_ends_once_a_peer_is_live() -> None:
    """Hellos on the grid from then on."""
    kay = alone(hello_ramp=(100,) * 8)
    actor = Actor(kay, Z)
    actor.drain()
    actor.say(priority=200)
    actor.drain()
    actor.say(priority=200, use=reported(kay))
    actor.drain()
    before = len(actor.heard)
    for _ in range(20):
        actor.later(0.05)
        actor.drain()
    assert len(actor.heard) - before <= 2


@pytest.mark.parametrize("bad", [(5,), (10_001,), (100,) * 9])
def test_a_ramp_has_limits(bad: tuple[int, ...]) -> None:
    """10 ms to 10 s, eight of them."""
    with pytest.raises(ConfigError, match="hello ramp"):
        alone(hello_ramp=bad)


@pytest.mark.parametrize(("role", "key_server", "taken"), [
    (PeerRole.ANY, True, True), (PeerRole.ANY, False, True),
    (PeerRole.SERVER, True, True), (PeerRole.SERVER, False, False),
    (PeerRole.CLIENT, True, False), (PeerRole.CLIENT, False, True),
])  # fmt: skip
def test_a_peer_whose_role_does_not_fit_is_ignored(
    role: PeerRole, key_server: bool, taken: bool
) -> None:
    """By the Key Server flag; it stays unknown."""
    kay = alone(peer_role=role)
    actor = Actor(kay, A)
    actor.drain()
    wanted = Reception.ACCEPTED if taken else Reception.OTHER_ROLE
    assert actor.say(key_server=key_server) is wanted
    assert bool(kay.participants[actor.ckn].peers.live) is taken


def test_fixed_roles_at_both_ends_agree() -> None:
    """A server only of clients, and a client only of a server."""
    segment = Segment()
    server = segment.add("a", peer_role=PeerRole.CLIENT)
    client = segment.add("b", key_server=False, peer_role=PeerRole.SERVER)
    segment.run(5)
    assert secured(server, client)


@pytest.mark.parametrize(("sak", "use"), [(True, True), (False, True), (True, False)])
def test_the_sets_of_a_server_without_macsec_may_be_left_out(sak: bool, use: bool) -> None:
    """A quirk for a peer that cannot read sets without a body."""
    kay = alone(desired=False, security="should-secure", send_empty_sak=sak, send_empty_sak_use=use)
    actor = Actor(kay, Z)
    actor.drain()
    actor.say(priority=200)
    last = actor.drain()[-1]
    assert (last.first(NoSak) is not None, last.first(SakUse) is not None) == (sak, use)


def test_a_single_participant_refuses_a_second_ckn() -> None:
    """At the start and later; another CAK of the same CKN is the same participant's."""
    keys = [chain_key(), chain_key(ckn=b"second")]
    with pytest.raises(ConfigError, match="single_participant"):
        alone(keys, single_participant=True)
    kay = alone(single_participant=True)
    with pytest.raises(ConfigError, match="single_participant"):
        kay.add_key(0, keys[1])
    kay.add_key(0, chain_key(cak=bytes(16)))
    assert len(alone(keys).participants) == 2


def test_key_agreement_fails_after_a_life_time_without_peers() -> None:
    """Not a nanosecond before; a live peer ends it, its loss begins the time anew."""
    kay = alone()
    actor = Actor(kay, Z)
    actor.now_ns = 6 * NS_PER_S - 1
    actor.drain()
    assert not kay.failed
    actor.now_ns = 6 * NS_PER_S
    actor.drain()
    assert kay.failed
    assert status.status(kay)["MKA Failed"] == "Yes"
    actor.say(priority=200)
    actor.drain()
    assert not kay.failed
    actor.later(6)
    actor.drain()
    assert not kay.failed
    actor.later(6)
    actor.drain()
    assert kay.failed
    kay.set_enabled(actor.now_ns, False)
    assert not kay.failed


@pytest.mark.parametrize(
    ("access", "early", "late"),
    [
        (None, True, True),
        (Unauthenticated.IMMEDIATE, True, True),
        (Unauthenticated.AUTH_FAIL, False, True),
        (Unauthenticated.NEVER, False, False),
    ],
)
def test_plain_frames_pass_when_the_policy_admits_them(
    access: Unauthenticated | None, early: bool, late: bool
) -> None:
    """Before and after the failure of key agreement, at the time that the KaY gives."""
    kay = alone(security="should-secure", unauthenticated=access)
    actor = Actor(kay, Z)
    actor.drain()
    assert kay.cp.controlled is early
    while actor.now_ns < 6 * NS_PER_S:
        due = kay.next_timeout_ns()
        assert due is not None
        actor.now_ns = max(due, actor.now_ns)
        actor.drain()
        if actor.now_ns < 6 * NS_PER_S:
            assert kay.cp.controlled is early
    assert kay.cp.controlled is late
    assert actor.now_ns == 6 * NS_PER_S or access is not Unauthenticated.AUTH_FAIL
    actor.say(priority=200)
    actor.drain()
    assert kay.secured or not kay.cp.controlled or early


@pytest.mark.parametrize("access", [Unauthenticated.IMMEDIATE, Unauthenticated.AUTH_FAIL])
def test_must_secure_admits_nothing_unauthenticated(access: Unauthenticated) -> None:
    """A contradiction in a configuration is an error."""
    with pytest.raises(ConfigError, match="must-secure"):
        alone(unauthenticated=access)
    alone(unauthenticated=Unauthenticated.NEVER)
