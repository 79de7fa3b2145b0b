"""Policies that a KaY accepts and follows, and the status that it reports."""

from __future__ import annotations

import random
from typing import Any

import pytest
from support.mka.kays import (
    CKN,
    Segment,
    alone,
    chain_key,
    check_life_cycles,
    pair,
    policy_of,
    secured,
)

from macsec.errors import ConfigError
from macsec.kay import status
from macsec.kay.counters import NAMES
from macsec.kay.kay import Kay
from macsec.kay.policy import capability_for
from macsec.suites import SUITES

# -------------------------------------------------------------------- policy


@pytest.mark.parametrize(
    "given_policy, complaint",
    [
        ({"key_server_priority": 256}, "is not 0 to 255"),
        ({"key_server_priority": -1}, "is not 0 to 255"),
        ({"sak_rekey_interval": 29}, "30 to 4294967295 seconds"),
        ({"sak_rekey_interval": 1 << 32}, "30 to 4294967295 seconds"),
        ({"suspension_limit": 121}, "expected 0 to 120"),
        ({"ans": 1}, "expected 2, 3 or 4"),
        ({"ans": 5}, "expected 2, 3 or 4"),
        ({"destination": bytes(6)}, "expected a MAC address"),
        ({"destination": b"\x01"}, "expected a MAC address"),
        ({"eapol_ethertype": 0x0800}, "not 0800"),
        ({"capability": 4}, "is not 0 to 3"),
        ({"offset": 40}, "has the offsets 0, 30, 50"),
        ({"offset": 30, "cipher": "gcm-aes-xpn-128"}, "has the offsets 0"),
        ({"offset": 30, "encrypt": False}, "nothing to offset"),
        ({"offset": 30, "capability": 2}, "need capability 3"),
        ({"capability": 1}, "need capability 2"),
        ({"suites": (SUITES["gcm-aes-256"],)}, "not among the accepted suites"),
    ],
)
def test_impossible_policies_are_refused_with_a_reason(
    given_policy: dict[str, Any], complaint: str
) -> None:
    """Each setting alone, and conflicts between two."""
    with pytest.raises(ConfigError, match=complaint):
        policy_of(**given_policy)


def test_capability_for_each_offset_code() -> None:
    """Integrity 1, encryption 2, offsets 3."""
    assert [capability_for(code) for code in range(4)] == [1, 2, 3, 3]


@pytest.mark.parametrize("sci", [-1, 1 << 64, (1 << 64) - 1, 0x0252_0000_0061_0000])
def test_impossible_scis_are_refused(sci: int) -> None:
    """The port of an actor is 1 or more."""
    with pytest.raises(ConfigError, match="SCI"):
        Kay(sci, [chain_key()], random.Random(1).randbytes)


def test_short_cak_for_a_long_sak_gives_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """It works, but is not stronger than the CAK."""
    kay = alone(cipher="gcm-aes-256")
    assert "cannot make gcm-aes-256 stronger" in caplog.text
    assert kay.policy.cipher.key_length == 32


@pytest.mark.parametrize("offset", [0, 30, 50])
def test_members_use_the_offset_of_the_key_server(offset: int) -> None:
    """Each of the three offsets."""
    segment = Segment()
    a = segment.add("a", key_server_priority=1, offset=offset)
    b = segment.add("b", key_server_priority=2)
    segment.run(3)
    assert secured(a, b)
    assert (a.secy.controls.offset, b.secy.controls.offset) == (offset, offset)


def test_icv_indicator_and_destination_are_options() -> None:
    """A receiver accepts either."""
    destination = bytes.fromhex("01000CCCCCCC")
    segment = Segment()
    a = segment.add("a", include_icv_indicator=True, destination=destination)
    b = segment.add("b")
    segment.run(3)
    assert secured(a, b)
    frames = {name: frame for _, name, frame in segment.mkpdus}
    assert frames["a"][:6] == destination
    assert frames["a"][-20:-16] == bytes.fromhex("ff000010")
    assert frames["b"][:6] == bytes.fromhex("0180C2000003")


# -------------------------------------------------------------------- status


def test_status_has_the_names_of_wpa_cli() -> None:
    """The lines in their order, and the counters."""
    segment, a, b = pair()
    assert status.status(b.kay) == {
        "PAE KaY status": "Active",
        "Authenticated": "No",
        "Secured": "Yes",
        "Failed": "No",
        "MKA Failed": "No",
        "Actor Priority": "20",
        "Key Server Priority": "10",
        "Is Key Server": "No",
        "Number of Keys Distributed": "0",
        "Number of Keys Received": "1",
        "MKA Hello Time": "2000",
        "actor_sci": "02:52:00:00:00:62@1",
        "key_server_sci": "02:52:00:00:00:61@1",
    }
    (row,) = status.participants(b.kay)
    assert row["ckn"] == CKN.hex()
    assert (row["live_peers"], row["potential_peers"]) == ("1", "0")
    assert (row["is_key_server"], row["is_elected"], row["participant"]) == ("No", "Yes", "Yes")
    text = status.text(a.kay)
    assert "Secured=Yes\n" in text
    assert "Number of Keys Distributed=1\n" in text
    assert list(a.kay.counters) == list(NAMES)
    assert segment.now == 2


def test_mib_has_a_row_for_participant_and_peer() -> None:
    """By the names of the MIB."""
    _, a, b = pair()
    (((row, peers)),) = status.mib(a.kay)
    assert row["ieee8021XKayMkaPartCKN"] == CKN.hex()
    assert row["ieee8021XKayMkaPartPrincipal"] == "true"
    identity = b.kay.participants[CKN].identity
    assert peers == [
        {
            "ieee8021XKayMkaPeerListMI": identity.mi.hex(),
            "ieee8021XKayMkaPeerListMN": str(identity.mn),
            "ieee8021XKayMkaPeerListType": "1",
            "ieee8021XKayMkaPeerListSCI": "0252000000620001",
        }
    ]


def test_status_of_ports_without_a_session() -> None:
    """A port that waits, one that is open in clear, one that is disabled."""
    waiting = status.status(alone())
    assert (waiting["Secured"], waiting["Failed"], waiting["key_server_sci"]) == ("No", "No", "")
    assert status.status(alone(security="should-secure"))["Failed"] == "Yes"
    assert status.status(alone(security="disabled"))["PAE KaY status"] == "Not-Active"
    check_life_cycles([])
