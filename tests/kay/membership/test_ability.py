"""Peers that turn off MACsec in mid-session: by their flags, unless they use our SAK."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.mka.kays import (
    Actor,
    Segment,
    SegmentMember,
    check_connectivity,
    member_of,
    pair,
    policy_of,
    reported,
    secured,
    server_of,
)

from macsec.kay.kay import Kay
from macsec.kay.mkpdu.parameter_sets import NoSak
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.cp import Connect
from macsec.report.mka.status import reason

POLICIES = ("must-secure", "should-secure")
FLAGS: tuple[dict[str, Any], ...] = (
    {"capability": 0},
    {"desired": False},
    {"capability": 0, "desired": False},
)
STOPPED = {"must-secure": (Connect.PENDING, False), "should-secure": (Connect.AUTHENTICATED, True)}


def session(role: str, security: str, **more: Any) -> tuple[Kay, Actor, dict[str, Any]]:
    """Return a secured KaY in a role, the actor, and the actor's own Basic set."""
    if role == "server":
        return *server_of(security=security, **more), {"priority": 200}
    return *member_of(security=security, **more), {"key_server": True, "priority": 1}


def port(kay: Kay) -> tuple[Connect, bool]:
    """Return the demand on the port, and whether it is open."""
    return kay.cp.connect, kay.cp.controlled


def turns(actor: Actor) -> list[bool]:
    """Return each opening and closing of the Controlled Port."""
    return [a.enabled for a in actor.actions if isinstance(a, actions.SetControlledPort)]


@pytest.mark.parametrize("flags", FLAGS, ids=str)
@pytest.mark.parametrize("role", ["server", "member"])
@pytest.mark.parametrize("security", POLICIES)
def test_peer_that_uses_the_sak_is_able_with_any_flags(
    security: str, role: str, flags: dict[str, Any]
) -> None:
    """The link stays, with its key."""
    kay, actor, own = session(role, security)
    actor.stay(15, **own, **flags, use=reported(kay))
    assert kay.secured
    assert kay.unable is None
    assert [slot.ki.kn for slot in kay.cp.slots()] == [1]


@pytest.mark.parametrize("flags", FLAGS, ids=str)
@pytest.mark.parametrize("role", ["server", "member"])
@pytest.mark.parametrize("security", POLICIES)
def test_peer_that_does_not_use_the_sak_is_not_able(
    security: str, role: str, flags: dict[str, Any]
) -> None:
    """The SAs go, must-secure closes, should-secure passes plain frames; the status says why."""
    kay, actor, own = session(role, security)
    actor.stay(2, **own, use=reported(kay))
    actor.heard.clear()
    actor.say(**own, **flags)
    said = actor.drain()
    stops_at_once = security == "should-secure"
    assert kay.secured is not stops_at_once
    actor.stay(5.5, **own, **flags)
    assert kay.secured is not stops_at_once
    actor.stay(0.5, **own, **flags)
    assert port(kay) == STOPPED[security]
    assert kay.cp.slots() == []
    changes = turns(actor)
    actor.heard.clear()
    assert changes[-1] is stops_at_once
    actor.stay(20, **own, **flags)
    assert turns(actor) == changes
    why = "MACsec Capability 0" if "capability" in flags else "MACsec Desired off"
    assert why in reason(kay)
    assert f"{actor.sci:016x}" in reason(kay)
    if role == "server" and stops_at_once:
        assert [mkpdu.plain for mkpdu in said] == [True]
        assert all(mkpdu.plain for mkpdu in actor.heard)
    assert not any(mkpdu.distributed for mkpdu in actor.heard)


def test_must_secure_closes_on_time_without_another_frame() -> None:
    """A Life Time after the last MKPDU that showed the ability, by the KaY's own timer."""
    kay, actor, own = session("server", "must-secure")
    actor.stay(2, **own, use=reported(kay))
    shown_ns = actor.now_ns
    actor.later(0.1)
    actor.say(**own, capability=0)
    actor.drain()
    while kay.secured:
        due_ns = kay.next_timeout_ns()
        assert due_ns is not None
        actor.now_ns = due_ns
        actor.drain()
    assert actor.now_ns == shown_ns + kay.policy.life_ns


@pytest.mark.parametrize("security", POLICIES)
def test_peer_that_is_able_again_gets_another_sak_after_a_life_time(security: str) -> None:
    """Never the same SAK, and never the same KN."""
    kay, actor, own = session("server", security)
    actor.stay(8, **own, capability=0)
    assert not kay.secured
    actor.heard.clear()
    actor.stay(8, **own)
    (given,) = {m.distributed.kn for m in actor.heard if m.distributed is not None}
    assert given == 2
    actor.say(**own, use=reported(kay))
    actor.drain()
    assert kay.secured


@pytest.mark.parametrize("role", ["server", "member"])
@pytest.mark.parametrize("security", POLICIES)
def test_flags_that_flap_change_the_port_once_in_a_life_time(security: str, role: str) -> None:
    """A peer whose flags turn every two seconds, with a new SAK each time if it is Key Server."""
    _, actor, own = session(role, security)
    for turn in range(30):
        flags = {} if turn % 2 else {"capability": 0}
        if role == "member" and not flags:
            actor.distribute(kn=turn + 2, an=turn // 2 % 4, sak=bytes([turn]) * 16)
        actor.stay(2, **own, **flags)
    turned = [a for a in actor.actions if isinstance(a, actions.Protect | actions.Reset)]
    assert len(turned) <= 12


@pytest.mark.parametrize("security", POLICIES)
def test_link_to_a_peer_that_drops_its_flags_under_a_sak_is_rekeyed(security: str) -> None:
    """Flags good without a SAK, and bad as soon as there is one."""
    kay, actor, own = session("server", security, sak_rekey_interval=30)
    for _ in range(140):
        actor.stay(0.5, **own, capability=0, desired=False, use=reported(kay))
        assert kay.secured
    assert kay.counters["keys-distributed"] == 3


def test_first_report_without_transmission_is_not_a_refusal() -> None:
    """A member receives first, and transmits when the Key Server does: a Life Time for that."""
    for seconds, stays in ((5.5, True), (6.5, False)):
        kay, actor, own = session("server", "should-secure")
        (slot,) = kay.cp.slots()
        use = reported(kay)
        assert use.latest is not None
        actor.stay(
            seconds,
            **own,
            capability=0,
            use=replace(use, latest=replace(use.latest, transmits=False)),
        )
        assert kay.secured is stays, slot


def test_exhaustion_without_an_able_peer_makes_no_sak() -> None:
    """The SAK is used no further: its SAs are deleted within a Life Time."""
    kay, actor, own = session("server", "must-secure")
    actor.say(**own, capability=0)
    kay.update_pn(actor.now_ns, 0, 0xC0000001)
    actor.stay(20, **own, capability=0)
    assert kay.counters["keys-distributed"] == 1
    assert actor.actions[-1] == actions.DeleteTransmitSA(0)
    assert port(kay) == STOPPED["must-secure"]


def test_order_of_plain_frames_closes_under_must_secure() -> None:
    """At once and counted; a SAK is taken again after a Life Time."""
    kay, actor, own = session("member", "must-secure")
    actor.say(**own, sets=[NoSak()])
    actor.drain()
    assert port(kay) == STOPPED["must-secure"]
    assert "orders plain frames" in reason(kay)
    assert kay.counters["sak-refused"] == 1
    assert not any(isinstance(a, actions.Unprotect) for a in actor.actions)
    for seconds, taken in ((5.5, False), (0.5, True)):
        actor.stay(seconds, **own)
        actor.distribute(kn=2, an=1, sak=bytes(16))
        actor.drain()
        assert kay.secured is taken


# -------------------------------------------------------------------- both ends are KaYs


def restart(segment: Segment, member: SegmentMember, **policy: Any) -> None:
    """Restart a member under another policy, without any earlier state."""
    segment.add(member.name, **policy)


def change(segment: Segment, member: SegmentMember, **policy: Any) -> None:
    """Give a running member another policy."""
    member.kay.set_policy(segment.engine.now_ns, policy_of(**policy))
    member.station.settle()


@pytest.mark.parametrize("turn", [restart, change])
@pytest.mark.parametrize("name", ["a", "b"])
@pytest.mark.parametrize("security", POLICIES)
def test_both_ends_agree_after_one_turns_macsec_off(security: str, name: str, turn: Any) -> None:
    """Plain frames both ways, or none under must-secure; and secured when it is on again."""
    segment, a, b = pair(security=security)
    priority = {"a": 10, "b": 20}[name]
    given = {"security": security, "key_server_priority": priority}
    turn(segment, segment.members[name], **given, capability=0, desired=False)
    segment.run(20)
    a, b = segment.members["a"], segment.members["b"]
    assert port(a.kay) == port(b.kay) == STOPPED[security]
    if security == "should-secure":
        check_connectivity(segment, a, b)
    else:
        assert [a.send(), b.send()] == [False, False]
    turn(segment, segment.members[name], **given)
    segment.run(45)
    a, b = segment.members["a"], segment.members["b"]
    assert secured(a, b)
    check_connectivity(segment, a, b)


@pytest.mark.parametrize("security", POLICIES)
def test_member_without_macsec_does_not_stop_the_others(security: str) -> None:
    """The Key Server and a member that is able stay secured with each other."""
    segment, a, b = pair(security=security)
    segment.add("c", security=security, key_server_priority=30, capability=0, desired=False)
    segment.run(40)
    assert a.kay.secured
    assert b.kay.secured
    assert a.kay.cp.slots()[0].ki == b.kay.cp.slots()[0].ki
