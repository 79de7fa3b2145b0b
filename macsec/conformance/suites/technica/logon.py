"""Test_MKA_LOGON: participants at link up and down, keys that fail, and unauthenticated access."""

from __future__ import annotations

from typing import Any

from macsec.conformance.scenes import CAK, CKN, Actor, alone, chain_key, member_of
from macsec.conformance.suites.case import CaseRun
from macsec.errors import CustodyError
from macsec.kay.kay import Kay
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import Activate, ChainKey
from macsec.kay.secy_side.cp import Connect
from macsec.keys import Key
from macsec.time_units import NS_PER_S

from .plan import MEMBER, SERVER, case, joined


class _NoIcv(MemoryHolder):
    """A holder whose ICK is gone."""

    def icv(self, octets: bytes) -> bytes:
        raise CustodyError("the token was removed")


class _NoWrap(MemoryHolder):
    """A holder whose KEK is gone."""

    def wrap(self, sak: Key) -> bytes:
        raise CustodyError("the token was removed")


def _open(kay: Kay) -> tuple[Connect, bool]:
    while kay.poll_action() is not None:
        pass
    return kay.cp.connect, kay.cp.controlled


_CLOSED, _PLAIN = (Connect.PENDING, False), (Connect.UNAUTHENTICATED, True)
_POLICIES: tuple[tuple[dict[str, Any], tuple[Connect, bool]], ...] = (
    ({"security": "must-secure"}, _CLOSED),
    ({"security": "should-secure"}, _PLAIN),
)


@case(
    "Test_MKA_LOGON",
    "18 steps of the logon process: participants are made at link up and deleted at link down; "
    "plain frames pass by policy while nothing is agreed",
    clause="802.1X 12.5",
)
def logon(run: CaseRun) -> None:
    """Run each group."""
    _check_disabled(run)
    _check_keys_that_fail(run)
    _check_life_of_participants(run)
    _check_connect(run)
    _check_activation(run)


def _check_disabled(run: CaseRun) -> None:
    """Check the three ways of being off, and a KaY that is off by policy."""
    for name, kay in (("port down", alone()), ("no CAK", alone([])), ("both", alone([]))):
        if name != "no CAK":
            kay.set_enabled(0, False)
        actor = Actor(kay, MEMBER)
        run.expect(f"{name}: MKPDUs", [], [*actor.drain()])
        actor.later(10)
        run.expect(f"{name}: MKPDUs after 10 s", [], actor.drain())
        run.expect(f"{name}: plain frames", False, kay.cp.controlled)
    run.expect("key agreement off: plain frames", True, _open(alone(security="disabled"))[1])


def _check_keys_that_fail(run: CaseRun) -> None:
    """Check a missing CAK, ICK and KEK, under both policies."""
    for policy, wanted in _POLICIES:
        name = policy["security"]
        run.expect(f"{name}, no CAK", wanted, _open(alone([], **policy)))
        kay = alone([ChainKey(_NoIcv(Key(CAK), CKN))], **policy)
        run.expect(f"{name}, no ICK: MKPDUs", [], Actor(kay, MEMBER).drain())
        run.expect(f"{name}, no ICK", wanted, _open(kay))
        run.require("it is counted", kay.counters["out-mkpdu-errors"] > 0)
        kay = alone([ChainKey(_NoWrap(Key(CAK), CKN))], **policy)
        actor = Actor(kay, MEMBER)
        actor.drain()
        actor.say(priority=200)
        said = [each for each in actor.drain() if each.distributed]
        run.expect(f"{name}, no KEK: distributed", [], said)
        run.expect(f"{name}, no KEK: secured", False, kay.secured)
        run.require("it is counted", kay.counters["sak-encryption-errors"] > 0)


def _check_life_of_participants(run: CaseRun) -> None:
    """Check creation, deletion by management and by link down, and creation again."""
    kay, actor = member_of()
    run.expect("participants at link up", [CKN], list(kay.participants))
    first = kay.participants[CKN].identity.mi
    kay.remove_key(0, CKN)
    actor.drain()
    run.expect("after deletion", ([], False), (list(kay.participants), kay.secured))
    kay.add_key(0, chain_key())
    run.require("made again, with another MI", kay.participants[CKN].identity.mi != first)
    for _ in range(3):
        kay.set_enabled(0, False)
    actor.drain()
    run.expect("after link down", ([], False), (list(kay.participants), kay.cp.controlled))
    never = alone([])
    never.set_enabled(0, False)
    run.expect("link down without a participant", [], list(never.participants))
    kay.set_enabled(0, True)
    run.expect("after link up", [CKN], list(kay.participants))
    run.expect("its first MKPDU", [1], [each.basic.mn for each in actor.drain()])


def _check_connect(run: CaseRun) -> None:
    """Check each demand of the KaY on the Controlled Port."""
    run.expect("pending", _CLOSED, _open(alone()))
    run.expect("unauthenticated", _PLAIN, _open(alone(security="should-secure")))
    kay, actor = joined(server=True, key_server_priority=200, security="should-secure")
    actor.say(key_server=True, priority=1, plain=True)
    run.expect("authenticated", (Connect.AUTHENTICATED, True), _open(kay))
    kay, _ = member_of()
    run.expect("secure", (Connect.SECURE, True), _open(kay))
    kay.set_enabled(0, False)
    run.expect("link down: open", False, _open(kay)[1])


def _check_activation(run: CaseRun) -> None:
    """Check always, onOperUp and disabled, as management changes them."""
    kay = alone([chain_key(activate=Activate.ON_OPER_UP)])
    actor = Actor(kay, SERVER)
    run.expect("onOperUp: MKPDUs at link up", 1, len(actor.drain()))
    kay.activate_key(0, CKN, Activate.ALWAYS)
    actor.now_ns = 20 * NS_PER_S
    run.expect("always: a hello without a peer", 1, len(actor.drain()))
    kay.activate_key(actor.now_ns, CKN, Activate.ON_OPER_UP)
    actor.later(30)
    run.expect("onOperUp: MKPDUs without a peer", 0, len(actor.drain()))
    kay.enable_key(actor.now_ns, CKN, False)
    actor.later(5)
    run.expect("disabled: MKPDUs", 0, len(actor.drain()))
    run.expect("disabled: participants", [], list(kay.participants))
