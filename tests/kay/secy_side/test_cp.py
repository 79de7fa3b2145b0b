"""The Controlled Port state machine, row by row (802.1X figure 12-2)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from macsec.kay.keys.sak import KI, Protection, Sak
from macsec.kay.secy_side import actions
from macsec.kay.secy_side.associations import Associations
from macsec.kay.secy_side.cp import CP, TABLE, Connect, CpInputs, CpState
from macsec.keys import Key
from macsec.suites import SUITES
from macsec.time_units import NS_PER_S

OWN, PEER = 0x0252_0000_0061_0001, 0x0252_0000_0062_0001
DEFAULT = Protection(SUITES["gcm-aes-128"], 1)


class Rig:
    """A CP with answers of the test to its questions, and the actions that it queued."""

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
        """Return a SAK of this KN; the AN follows from it."""
        key = Key(kn.to_bytes(protection.suite.key_length))
        return Sak(KI(b"M" * 12, kn), (kn - 1) % 4, key, protection, {OWN: 1, PEER: 2})

    def step(self, seconds: float = 0, **inputs: Any) -> CpState:
        """Change some inputs, let time pass, and return the new state."""
        self.now += seconds
        self.cp.step(round(self.now * NS_PER_S), replace(self.waiting, **inputs))
        self.waiting = self.cp.inputs
        return self.cp.state

    def asked(self) -> list[str]:
        """Return the names of the actions since the last call."""
        found = iter(self.associations.poll, None)
        return [type(action).__name__ for action in found]


def settled(elected: bool = True) -> Rig:
    """Return a rig in RETIRE, with KN 1 as Old Key."""
    rig = Rig(elected=elected)
    assert rig.step(new_sak=rig.sak(1)) is CpState.RETIRE
    rig.asked()
    return rig


def test_the_table_has_every_state() -> None:
    """Each state has rows, and each state can be reached."""
    assert set(TABLE) == set(CpState)
    reached = {after for rows in TABLE.values() for _, after in rows}
    assert reached | {CpState.INIT} == set(CpState)


@pytest.mark.parametrize(
    "connect, state, controlled",
    [
        (Connect.PENDING, CpState.CHANGE, False),
        (Connect.UNAUTHENTICATED, CpState.ALLOWED, True),
        (Connect.AUTHENTICATED, CpState.AUTHENTICATED, True),
        (Connect.SECURE, CpState.SECURED, False),
    ],
)
def test_connect_leads_to_its_state_from_any_other(
    connect: Connect, state: CpState, controlled: bool
) -> None:
    """From the start, and from each of the other states."""
    for before in Connect:
        rig = Rig(before)
        rig.step()
        assert rig.step(connect=connect) is state
        assert rig.cp.controlled is controlled
        assert not rig.cp.secured


def test_without_enabling_nothing_opens() -> None:
    """INIT stays for any value of connect; disabling leads back to it from every state."""
    rig = Rig()
    assert rig.step(enabled=False, new_sak=rig.sak(1)) is CpState.INIT
    assert rig.asked() == ["SetControlledPort", "Reset"]
    rig = settled()
    assert rig.step(enabled=False) is CpState.INIT
    assert (rig.cp.latest, rig.cp.old, rig.cp.controlled) == (None, None, False)
    assert rig.asked() == ["SetControlledPort", "Reset"]


def test_first_sak_goes_straight_to_retire() -> None:
    """Nothing to wait for and nothing to retire; the order of the actions is fixed."""
    for elected in (True, False):
        rig = Rig(elected=elected)
        assert rig.step(new_sak=rig.sak(1)) is CpState.RETIRE
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


def test_key_server_transmits_when_all_receive() -> None:
    """Receive first; transmit when all receive; retire the Old Key 3 s later."""
    rig = settled()
    assert rig.step(new_sak=rig.sak(2)) is CpState.RECEIVING
    assert rig.asked() == ["CreateReceiveSA", "CreateTransmitSA"]
    assert rig.step(5.9) is CpState.RECEIVING
    rig.all_receiving = True
    assert rig.step() is CpState.TRANSMITTING
    assert rig.asked() == ["EnableTransmitSA"]
    assert rig.cp.old is not None
    assert (rig.cp.old.transmits, rig.cp.old.receives) == (False, True)
    assert rig.step(2.9) is CpState.TRANSMITTING
    assert rig.asked() == []
    assert rig.step(0.1) is CpState.RETIRE
    assert rig.asked() == ["DeleteReceiveSA", "DeleteTransmitSA"]
    assert [slot.ki.kn for slot in rig.cp.slots()] == [2]


def test_the_key_server_waits_no_longer_than_a_life_time() -> None:
    """A member that never reports delays the others for at most 6 s."""
    rig = settled()
    rig.step(new_sak=rig.sak(2))
    assert rig.cp.next_timeout_ns == 6 * NS_PER_S
    assert rig.step(5.999) is CpState.RECEIVING
    assert rig.step(0.001) is CpState.TRANSMITTING


def test_member_waits_for_the_key_server_to_transmit() -> None:
    """It waits without a limit of time."""
    rig = settled(elected=False)
    assert rig.step(new_sak=rig.sak(2)) is CpState.READY
    assert rig.step(100) is CpState.READY
    assert rig.cp.next_timeout_ns is None
    rig.server_transmitting = True
    assert rig.step() is CpState.TRANSMITTING


@pytest.mark.parametrize("elected", [True, False])
def test_next_sak_replaces_one_that_is_not_in_use(elected: bool) -> None:
    """ABANDON, even if transmission could start in the same step: the first row wins."""
    rig = settled(elected)
    rig.step(new_sak=rig.sak(2))
    rig.asked()
    rig.all_receiving = rig.server_transmitting = False
    assert rig.step(new_sak=rig.sak(3)) in (CpState.RECEIVING, CpState.READY)
    assert rig.asked() == [
        "DeleteReceiveSA",
        "DeleteTransmitSA",
        "CreateReceiveSA",
        "CreateTransmitSA",
    ]
    assert [slot.ki.kn for slot in rig.cp.slots()] == [3, 1]
    rig.all_receiving = rig.server_transmitting = True
    rig.step(new_sak=rig.sak(4))
    assert rig.cp.slots()[0].ki.kn == 4


def test_next_sak_waits_while_the_old_key_retires() -> None:
    """It waits for three seconds; three keys are never installed at once."""
    rig = settled()
    rig.all_receiving = True
    rig.step(new_sak=rig.sak(2))
    assert rig.step(1, new_sak=rig.sak(3)) is CpState.TRANSMITTING
    assert [slot.ki.kn for slot in rig.cp.slots()] == [2, 1]
    assert rig.step(2) is CpState.TRANSMITTING
    assert [slot.ki.kn for slot in rig.cp.slots()] == [3, 2]


@pytest.mark.parametrize(
    "state", [CpState.RECEIVING, CpState.READY, CpState.TRANSMITTING, CpState.RETIRE]
)
@pytest.mark.parametrize(
    "change",
    [
        {"connect": Connect.PENDING},
        {"connect": Connect.AUTHENTICATED},
        {"server_changed": True},
    ],
)
def test_end_of_a_session_deletes_all_sas_in_every_state(
    state: CpState, change: dict[str, Any]
) -> None:
    """Another Key Server, or connect is not SECURE: the port is closed at once."""
    rig = settled(elected=state is not CpState.READY)
    if state is not CpState.RETIRE:
        rig.all_receiving = state is CpState.TRANSMITTING
        assert rig.step(new_sak=rig.sak(2)) is state
    rig.asked()
    rig.step(**change)
    assert rig.cp.slots() == []
    asked = rig.asked()
    assert asked.count("SetControlledPort") == 1 + (rig.cp.state is CpState.AUTHENTICATED)
    assert asked.count("DeleteTransmitSA") == (1 if state is CpState.RETIRE else 2)
    assert not rig.cp.secured
    assert rig.cp.inputs.server_changed is False or rig.cp.connect is not Connect.SECURE


@pytest.mark.parametrize(
    "protection",
    [Protection(SUITES["gcm-aes-256"], 1), Protection(SUITES["gcm-aes-128"], 2)],
)
def test_another_suite_or_offset_goes_through_change(protection: Protection) -> None:
    """The old SAs cannot stay beside the new ones."""
    rig = settled()
    assert rig.step(new_sak=rig.sak(2, protection)) is CpState.RETIRE
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
    """RECEIVING, TRANSMITTING and RETIRE have news to report; waiting has none."""
    rig = settled()
    rig.cp.news = False
    rig.step(0.5)
    assert not rig.cp.news
    rig.step(new_sak=rig.sak(2))
    assert rig.cp.news


def test_every_input_settles() -> None:
    """No combination of inputs makes the machine loop or fail."""
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
                rig.cp.state not in (CpState.INIT, CpState.CHANGE, CpState.SECURED)
            )


def test_actions_compare_and_hide_their_key() -> None:
    """Actions are data, and none shows a key."""
    rig = settled()
    rig.step(new_sak=rig.sak(2))
    created = rig.associations.poll()
    assert isinstance(created, actions.CreateReceiveSA)
    assert (created.sci, created.an, created.key) == (PEER, 1, Key((2).to_bytes(16)))
    assert "Key of 16 octets" in repr(created)
