"""Remarks on what the other end refuses of a configuration, each with its source."""

from __future__ import annotations

from typing import Any

import pytest

from macsec.advice.peer_systems import SYSTEMS, Remark, Response, judge
from macsec.config import load

CAK_128, CAK_256, CKN = "0f" * 16, "0f" * 32, "ab" * 32
FITTING: dict[str, dict[str, str]] = {
    "azure": {"cipher": "gcm-aes-xpn-256"},
    "aws": {"cipher": "gcm-aes-xpn-256"},
    "gcp": {"cipher": "gcm-aes-xpn-256"},
    "ibm": {"cipher": "gcm-aes-xpn-256"},
    "ios-xe": {"cipher": "gcm-aes-128"},
    "nx-os": {"cipher": "gcm-aes-xpn-256"},
    "eos": {"cipher": "gcm-aes-xpn-256"},
    "junos": {"cipher": "gcm-aes-xpn-256"},
    "sonic": {"cipher": "gcm-aes-xpn-256"},
    "linux": {"cipher": "gcm-aes-128"},
}


def remarks(system: str, mka: dict[str, Any] | None = None, **secy: Any) -> list[Remark]:
    """Return the remarks on a configuration that fits, but for what is given."""
    given = {**FITTING[system], **secy}
    cak = CAK_256 if "256" in given["cipher"] else CAK_128
    tree: dict[str, Any] = {"secy": given, "mka": {"cak": cak, "ckn": CKN, **(mka or {})}}
    return judge(load(tree), SYSTEMS[system])


def refused(system: str, mka: dict[str, Any] | None = None, **secy: Any) -> list[str]:
    """Return the settings that are refused."""
    found = remarks(system, mka, **secy)
    return [each.setting for each in found if each.response is Response.REFUSES]


@pytest.mark.parametrize("system", SYSTEMS)
def test_fitting_configuration_is_refused_by_none(system: str) -> None:
    """For each system there is a configuration that it takes."""
    assert refused(system) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_remarks_have_a_remedy_and_a_source(system: str) -> None:
    """Each remark says what to change and where it is from; refusals come first."""
    found = remarks(system, {"policy": "should-secure", "delay_protection": "on"})
    assert all(each.text and each.change and each.source for each in found)
    order = [[*Response].index(each.response) for each in found]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("system", "mka", "secy", "setting"),
    [
        ("aws", {}, {"send_sci": "off"}, "secy.send_sci"),
        ("aws", {}, {"clear_tags": "1"}, "secy.clear_tags"),
        ("aws", {"ckn": "ab"}, {}, "mka.ckn"),
        ("aws", {}, {"cipher": "gcm-aes-128"}, "mka.cak"),
        ("azure", {"cak": CAK_128}, {}, "mka.cak"),
        ("ios-xe", {"ckn": "11"}, {}, "mka.ckn"),
        ("junos", {"ckn": "11"}, {}, "mka.ckn"),
        ("nx-os", {}, {"cipher": "gcm-aes-256"}, "secy.cipher"),
        ("ibm", {}, {"cipher": "gcm-aes-256"}, "secy.cipher"),
        ("linux", {}, {"cipher": "gcm-aes-xpn-128"}, "secy.cipher"),
        ("linux", {}, {"offset": "30"}, "secy.offset"),
        ("linux", {"destination": "ff:ff:ff:ff:ff:ff"}, {}, "mka.destination"),
        ("sonic", {"cak": CAK_128}, {}, "mka.cak"),
    ],
)
def test_setting_beyond_a_limit_is_refused(
    system: str, mka: dict[str, Any], secy: dict[str, Any], setting: str
) -> None:
    """Each limit of a system refuses the setting that passes it."""
    assert setting in refused(system, mka, **secy)


def test_keys_of_a_chain_start_hours_apart_at_google() -> None:
    """Start times less than 6 h apart are refused, and a sixth key."""
    chain = [
        {"cak": CAK_256, "ckn": f"{at:064x}", "start": f"2030-01-01T{at:02}:00:00Z"}
        for at in range(1, 7)
    ]
    mka = {"keychain": chain}
    tree = {"secy": FITTING["gcp"], "mka": mka}
    found = [each.text for each in judge(load(tree), SYSTEMS["gcp"])]
    assert any("6 h apart" in text for text in found)
    assert any("6 CAKs" in text for text in found)


def test_static_saks_are_refused_where_there_is_key_agreement_only() -> None:
    """A configuration without mka suits Linux and Junos alone."""
    tree = {"tx": {"sci": "0200000000010001", "sa": {"0": {"key": "01" * 16}}}}
    for name, system in SYSTEMS.items():
        settings = [each.setting for each in judge(load(tree), system)]
        assert ("mka" in settings) == (name not in ("linux", "junos"))


def test_behaviour_profile_of_the_other_end_is_read_for_xpn() -> None:
    """Under XPN with a window the kernel loses late frames at each 2^32: its profile says so."""
    found = remarks("linux", cipher="gcm-aes-xpn-128", window="64")
    (each,) = [each for each in found if each.setting == "profile.window_from_next_pn"]
    assert each.response is Response.FLAPS
    assert "profiles diff ieee linux" in each.change


def test_key_is_in_no_remark() -> None:
    """No CAK is in any remark."""
    assert CAK_256 not in repr([remarks(system) for system in SYSTEMS])
