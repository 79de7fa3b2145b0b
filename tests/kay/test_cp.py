"""The Controlled Port state machine, row by row (802.1X figure 12-2)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from macsec.kay import actions
from macsec.kay.associations import Associations
from macsec.kay.cp import CP, TABLE, Connect, CpInputs, State
from macsec.kay.sak import KI, Protection, Sak
from macsec.keys import Key
from macsec.suites import SUITES
from macsec.time_units import NS_PER_S

OWN, PEER = 0x0252_0000_0061_0001, 0x0252_0000_0062_0001
DEFAULT = Protection(SUITES["gcm-aes-128"], 1)


class Rig:
    """A CP whose questions a test answers, and the actions that it asked for."""

    def __init__(self, connect: Connect = Connect.SECURE, elected: bool = True) -> None:
        self.associations = Associations(OWN)
        self.all_receiving = self.server_transmitting = False
        self.cp = CP(
            self.associations,
            lambda ki: self.all_receiving,
            lambda ki: self.server_transmitting,
        )
        self.waiting = CpInputs(enabled=True, connect=connect, elected_self=elected)
        self.now = 0.0

    def sak(self, kn: int, protection: Protection = DEFAULT) -> Sak:
        """A SAK of this KN; its AN follows."""
        key = Key(kn.to_bytes(protection.suite.key_length))
        return Sak(KI(b"M" * 12, kn), (kn - 1) % 4, key, protection, {OWN: 1, PEER: 2})

    def step(self, seconds: float = 0, **inputs: Any) -> State:
        """Some inputs, some time, and the state after it."""
        self.now += seconds
        self.cp.step(round(self.now * NS_PER_S), replace(self.waiting, **inputs))
        self.waiting = self.cp.inputs
        return self.cp.state

    def asked(self) -> list[str]:
        """The names of the actions since last time."""
        found = iter(self.associations.poll, None)
        return [type(action).__name__ for action in found]


def settled(elected: bool = True) -> Rig:
    """A rig with KN 1 in Old, in RETIRE."""
    rig = Rig(elected=elected)
    assert rig.step(new_sak=rig.sak(1)) is State.RETIRE
    rig.asked()
    return rig


def test_the_table_has_every_state() -> None:
    """Each state has rows, and each state can be reached."""
    assert set(TABLE) == set(State)
    reached = {after for rows in TABLE.values() for _, after in rows}
    assert reached | {State.INIT} == set(State)


@pytest.mark.parametrize(
    "connect, state, controlled",
    [
        (Connect.PENDING, State.CHANGE, False),
        (Connect.UNAUTHENTICATED, State.ALLOWED, True),
        (Connect.AUTHENTICATED, State.AUTHENTICATED, True),
        (Connect.SECURE, State.SECURED, False),
    ],
)
def test_where_connect_leads(connect: Connect, state: State, controlled: bool) -> None:
    """From the start, and from each of the others."""
    for before in Connect:
        rig = Rig(before)
        rig.step()
        assert rig.step(connect=connect) is state
        assert rig.cp.controlled is controlled
        assert not rig.cp.secured


def test_without_enabling_nothing_opens() -> None:
    """INIT stays, whatever connect says; disabling leads back to it from everywhere."""
    rig = Rig()
    assert rig.step(enabled=False, new_sak=rig.sak(1)) is State.INIT
    assert rig.asked() == ["SetControlledPort", "Reset"]
    rig = settled()
    assert rig.step(enabled=False) is State.INIT
    assert (rig.cp.latest, rig.cp.old, rig.cp.controlled) == (None, None, False)
    assert rig.asked() == ["SetControlledPort", "Reset"]


def test_the_first_sak() -> None:
    """Nothing to wait for and nothing to retire: straight to RETIRE, in this order of actions."""
    for elected in (True, False):
        rig = Rig(elected=elected)
        assert rig.step(new_sak=rig.sak(1)) is State.RETIRE
        assert rig.asked() == [
            "SetControlledPort",
            "Reset",
            "Protect",
            "CreateReceiveSC",
            "CreateReceiveSA",
            "CreateTransmitSA",
            "EnableTransmitSA",
            "SetControlledPort",
        ]
        assert rig.cp.secured
        assert rig.cp.latest is None
        assert rig.cp.old is not None
        assert (rig.cp.old.ki.kn, rig.cp.old.receives, rig.cp.old.transmits) == (1, True, True)


def test_rekey_of_the_key_server() -> None:
    """Receive first; transmit when all receive; retire the old 3 s later."""
    rig = settled()
    assert rig.step(new_sak=rig.sak(2)) is State.RECEIVING
    assert rig.asked() == ["CreateReceiveSA", "CreateTransmitSA"]
    assert rig.step(5.9) is State.RECEIVING
    rig.all_receiving = True
    assert rig.step() is State.TRANSMITTING
    assert rig.asked() == ["EnableTransmitSA"]
    assert (rig.cp.old.transmits, rig.cp.old.receives) == (False, True)
    assert rig.step(2.9) is State.TRANSMITTING
    assert rig.asked() == []
    assert rig.step(0.1) is State.RETIRE
    assert rig.asked() == ["DeleteReceiveSA", "DeleteTransmitSA"]
    assert rig.cp.old.ki.kn == 2


def test_the_key_server_waits_no_longer_than_a_life_time() -> None:
    """A member that never reports holds nobody up for ever."""
    rig = settled()
    rig.step(new_sak=rig.sak(2))
    assert rig.cp.next_timeout_ns == 6 * NS_PER_S
    assert rig.step(5.999) is State.RECEIVING
    assert rig.step(0.001) is State.TRANSMITTING


def test_rekey_of_a_member() -> None:
    """It waits for the Key Server's word, however long."""
    rig = settled(elected=False)
    assert rig.step(new_sak=rig.sak(2)) is State.READY
    assert rig.step(100) is State.READY
    assert rig.cp.next_timeout_ns is None
    rig.server_transmitting = True
    assert rig.step() is State.TRANSMITTING


@pytest.mark.parametrize("elected", [True, False])
def test_another_sak_before_the_last_is_in_use(elected: bool) -> None:
    """ABANDON, even if in the same step all could have gone on: the first row wins."""
    rig = settled(elected)
    rig.step(new_sak=rig.sak(2))
    rig.asked()
    rig.all_receiving = rig.server_transmitting = False
    assert rig.step(new_sak=rig.sak(3)) in (State.RECEIVING, State.READY)
    assert rig.asked() == [
        "DeleteReceiveSA",
        "DeleteTransmitSA",
        "CreateReceiveSA",
        "CreateTransmitSA",
    ]
    assert (rig.cp.latest.ki.kn, rig.cp.old.ki.kn) == (3, 1)
    rig.all_receiving = rig.server_transmitting = True
    rig.step(new_sak=rig.sak(4))
    assert rig.cp.latest.ki.kn == 4


def test_another_sak_while_the_old_one_retires() -> None:
    """It waits its three seconds; three keys are never installed at once."""
    rig = settled()
    rig.all_receiving = True
    rig.step(new_sak=rig.sak(2))
    assert rig.step(1, new_sak=rig.sak(3)) is State.TRANSMITTING
    assert [slot.ki.kn for slot in rig.cp.slots()] == [2, 1]
    assert rig.step(2) is State.TRANSMITTING
    assert [slot.ki.kn for slot in rig.cp.slots()] == [3, 2]


@pytest.mark.parametrize("state", [State.RECEIVING, State.READY, State.TRANSMITTING, State.RETIRE])
@pytest.mark.parametrize(
    "change",
    [
        {"connect": Connect.PENDING},
        {"connect": Connect.AUTHENTICATED},
        {"server_changed": True},
    ],
)
def test_what_ends_a_session_ends_it_everywhere(state: State, change: dict[str, Any]) -> None:
    """Another Key Server, or no wish to be secure: all SAs go, and the port is closed at once."""
    rig = settled(elected=state is not State.READY)
    if state is not State.RETIRE:
        rig.all_receiving = state is State.TRANSMITTING
        assert rig.step(new_sak=rig.sak(2)) is state
    rig.asked()
    rig.step(**change)
    assert rig.cp.slots() == []
    asked = rig.asked()
    assert asked.count("SetControlledPort") == 1 + (rig.cp.state is State.AUTHENTICATED)
    assert asked.count("DeleteTransmitSA") == (1 if state is State.RETIRE else 2)
    assert not rig.cp.secured
    assert rig.cp.inputs.server_changed is False or rig.cp.connect is not Connect.SECURE


@pytest.mark.parametrize(
    "protection",
    [Protection(SUITES["gcm-aes-256"], 1), Protection(SUITES["gcm-aes-128"], 2)],
)
def test_another_suite_or_offset_goes_through_change(protection: Protection) -> None:
    """The old SAs cannot stay beside it."""
    rig = settled()
    assert rig.step(new_sak=rig.sak(2, protection)) is State.RETIRE
    assert rig.asked() == [
        "SetControlledPort",
        "DeleteReceiveSC",
        "DeleteTransmitSA",
        "Protect",
        "CreateReceiveSC",
        "CreateReceiveSA",
        "CreateTransmitSA",
        "EnableTransmitSA",
        "SetControlledPort",
    ]
    assert rig.cp.protection == protection


def test_an_mkpdu_is_due_when_something_is_new() -> None:
    """RECEIVING, TRANSMITTING and RETIRE have something to tell; waiting has not."""
    rig = settled()
    rig.cp.news = False
    rig.step(0.5)
    assert not rig.cp.news
    rig.step(new_sak=rig.sak(2))
    assert rig.cp.news


def test_every_input_settles() -> None:
    """No combination of inputs makes the machine run for ever, or fail."""
    flags = list(itertools.product([False, True], repeat=4))
    for connect, following in itertools.product(Connect, Connect):
        for elected, changed, receiving, transmitting in flags:
            rig = Rig(connect, elected)
            rig.all_receiving, rig.server_transmitting = receiving, transmitting
            rig.step(new_sak=rig.sak(1))
            rig.step(1, connect=following, server_changed=changed, new_sak=rig.sak(2))
            rig.step(10, elected_self=not elected)
            assert rig.cp.state in TABLE
            assert rig.cp.controlled == (
                rig.cp.state not in (State.INIT, State.CHANGE, State.SECURED)
            )


def test_actions_are_data() -> None:
    """They can be compared, and none shows a key."""
    rig = settled()
    rig.step(new_sak=rig.sak(2))
    created = rig.associations.poll()
    assert isinstance(created, actions.CreateReceiveSA)
    assert (created.sci, created.an, created.key) == (PEER, 1, Key((2).to_bytes(16)))
    assert "Key of 16 octets" in repr(created)
