"""Test_MKA_CP: the transitions of the Controlled Port machine (802.1X figure 12-2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from macsec.conformance.suites.case import CaseRun
from macsec.kay.keys.sak import KI, Protection, Sak
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.associations import Associations
from macsec.kay.secy_side.cp import CP, Connect, CpInputs, CpState
from macsec.keys import Key
from macsec.suites import SUITES
from macsec.time_units import NS_PER_S

from .plan import MEMBER, SERVER, case

S = CpState
_DEFAULT = Protection(SUITES["gcm-aes-128"], 1)


class _RecordedCP(CP):
    """A CP that keeps its path: every state that it enters."""

    path: list[CpState]

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "state":
            self.__dict__.setdefault("path", []).append(value)
        super().__setattr__(name, value)


class _Machine:
    """A CP with the answers of the case to its questions."""

    def __init__(self, connect: Connect = Connect.SECURE, elected: bool = True) -> None:
        self.associations = Associations(SERVER)
        self.receiving = self.transmitting = False
        self.cp = _RecordedCP(
            self.associations, lambda _: self.receiving, lambda _: self.transmitting
        )
        self.given = CpInputs(enabled=True, connect=connect, elected_self=elected)
        self.now = 0.0

    def sak(self, kn: int, protection: Protection = _DEFAULT) -> Sak:
        """Return a SAK of this KN."""
        key = Key(kn.to_bytes(protection.suite.key_length))
        return Sak(KI(b"M" * 12, kn), (kn - 1) % 4, key, protection, {SERVER: 1, MEMBER: 2})

    def step(self, seconds: float = 0, **inputs: Any) -> list[CpState]:
        """Change inputs, let time pass, and return the states that were entered."""
        self.now += seconds
        self.cp.path.clear()
        self.cp.step(round(self.now * NS_PER_S), replace(self.given, **inputs))
        self.given = self.cp.inputs
        return list(self.cp.path)

    def orders(self) -> list[actions.Action]:
        """Return the actions since the last call."""
        found = []
        while (action := self.associations.poll()) is not None:
            found.append(action)
        return found


_IDLE = {
    S.CHANGE: Connect.PENDING,
    S.ALLOWED: Connect.UNAUTHENTICATED,
    S.AUTHENTICATED: Connect.AUTHENTICATED,
}
_PASSING = (S.SECURED, S.RECEIVE, S.TRANSMIT, S.ABANDON)
"""States that the machine leaves in the same step: it is put there."""


def _in_state(state: CpState) -> _Machine:
    """Return a machine in a state, with a key in use where the state has one."""
    if state in _IDLE or state is S.INIT:
        machine = _Machine(_IDLE.get(state, Connect.PENDING))
        machine.step(enabled=state is not S.INIT)
        return machine
    machine = _Machine(elected=state is not S.READY)
    machine.step(new_sak=machine.sak(1))
    if state not in (S.RETIRE, S.SECURED):
        machine.receiving = state is S.TRANSMITTING
        machine.step(new_sak=machine.sak(2))
    if state in _PASSING:
        machine.cp.state = state
    return machine


Row = tuple[str, CpState, dict[str, Any], list[CpState]]
"""A name, a state, what happens, and the states that follow first."""

_OTHER_SUITE, _OTHER_OFFSET = Protection(SUITES["gcm-aes-256"], 1), Protection(_DEFAULT.suite, 2)
_FIRST = [S.CHANGE, S.SECURED, S.RECEIVE, S.RECEIVING]
_GONE = [S.ABANDON, S.RETIRE, S.CHANGE]
ROWS: tuple[Row, ...] = (
    ("INIT, port disabled: stays", S.INIT, {"enabled": False}, []),
    *(
        (f"{state.name}, port disabled", state, {"enabled": False}, [S.INIT])
        for state in CpState
        if state is not S.INIT
    ),
    ("INIT, port enabled", S.INIT, {"enabled": True}, [S.CHANGE]),
    *(
        (f"{state.name}, connect changes", state, {"connect": Connect.SECURE}, [S.CHANGE])
        for state in (S.ALLOWED, S.AUTHENTICATED)
    ),
    ("SECURED, connect changes", S.SECURED, {"connect": Connect.PENDING}, [S.CHANGE]),
    (
        "TRANSMITTING, connect changes",
        S.TRANSMITTING,
        {"connect": Connect.PENDING},
        [S.RETIRE, S.CHANGE],
    ),
    ("RECEIVING, connect changes", S.RECEIVING, {"connect": Connect.PENDING}, _GONE),
    ("READY, connect changes", S.READY, {"connect": Connect.PENDING}, _GONE),
    ("CHANGE, unauthenticated", S.CHANGE, {"connect": Connect.UNAUTHENTICATED}, [S.ALLOWED]),
    ("CHANGE, authenticated", S.CHANGE, {"connect": Connect.AUTHENTICATED}, [S.AUTHENTICATED]),
    ("CHANGE, secure", S.CHANGE, {"connect": Connect.SECURE}, [S.SECURED]),
    ("SECURED, another server", S.SECURED, {"server_changed": True}, [S.CHANGE, S.SECURED]),
    ("SECURED, another suite", S.SECURED, {"new_sak": _OTHER_SUITE}, [S.CHANGE, S.SECURED]),
    ("SECURED, another offset", S.SECURED, {"new_sak": _OTHER_OFFSET}, [S.CHANGE, S.SECURED]),
    ("SECURED, a SAK", S.SECURED, {"new_sak": _DEFAULT}, [S.RECEIVE]),
    ("RETIRE, a SAK", S.RETIRE, {"new_sak": _DEFAULT}, [S.RECEIVE]),
    ("RECEIVING, a SAK", S.RECEIVING, {"new_sak": _DEFAULT}, [S.ABANDON, S.RECEIVE]),
    ("READY, a SAK", S.READY, {"new_sak": _DEFAULT}, [S.ABANDON, S.RECEIVE]),
    ("RECEIVE, receive SAs in use", S.RECEIVE, {}, [S.RECEIVING]),
    ("TRANSMIT, transmit SA in use", S.TRANSMIT, {}, [S.TRANSMITTING]),
    ("RECEIVING, transmitWhen is over", S.RECEIVING, {"seconds": 6}, [S.TRANSMIT]),
    ("TRANSMITTING, retireWhen is over", S.TRANSMITTING, {"seconds": 3}, [S.RETIRE]),
)


@case(
    "Test_MKA_CP",
    "40 transitions of the Controlled Port machine, and what it has the SecY do",
    clause="802.1X 12.4",
)
def machine(run: CaseRun) -> None:
    """Take each transition from its state."""
    for name, state, happens, wanted in ROWS:
        cp = _in_state(state)
        inputs = dict(happens)
        if isinstance(found := inputs.get("new_sak"), Protection):
            inputs["new_sak"] = cp.sak(3, found)
        run.expect(name, wanted, cp.step(**inputs)[: len(wanted)])
    _check_questions(run)
    _check_orders(run)


def _check_questions(run: CaseRun) -> None:
    """Check the transitions that wait for members, for the server, or for neither."""
    for elected, wanted in ((True, [*_FIRST, S.TRANSMIT]), (False, [*_FIRST, S.READY, S.TRANSMIT])):
        first = _Machine(elected=elected)
        path = first.step(new_sak=first.sak(1))
        run.expect(f"the first SAK, Key Server {elected}", wanted, path[: len(wanted)])
        run.expect("without an Old Key it retires at once", S.RETIRE, first.cp.state)
    waits = _in_state(S.RECEIVING)
    run.expect("RECEIVING, not all receive: stays", [], waits.step(1))
    waits.receiving = True
    run.expect("RECEIVING, all receive", [S.TRANSMIT, S.TRANSMITTING], waits.step())
    member = _in_state(S.READY)
    run.expect("READY, the server does not transmit: stays", [], member.step(100))
    member.transmitting = True
    run.expect("READY, the server transmits", [S.TRANSMIT, S.TRANSMITTING], member.step())
    run.expect("a new machine", S.INIT, _Machine().cp.state)


def _check_orders(run: CaseRun) -> None:
    """Check protectFrames and validateFrames as the machine orders them."""
    for connect, wanted in (
        (Connect.UNAUTHENTICATED, [actions.Unprotect()]),
        (Connect.AUTHENTICATED, [actions.Unprotect()]),
        (Connect.PENDING, []),
    ):
        cp = _Machine(connect)
        cp.step()
        plain = [each for each in cp.orders() if isinstance(each, actions.Unprotect)]
        run.expect(f"plain frames, {connect.name}", wanted, plain)
    secure = _Machine()
    secure.step(new_sak=secure.sak(1))
    protects = [each for each in secure.orders() if isinstance(each, actions.Protect)]
    run.expect("protection, SECURE", [actions.Protect(_DEFAULT)], protects)
