"""Rules of the control `clear`: their spellings, and the frames that they know."""

from __future__ import annotations

from typing import Any

import pytest

from macsec import SecY
from macsec.clear_rules import (
    CLEAR_PROTOCOLS,
    ClearMode,
    clear_rule,
    rule_text,
    vlan_of,
    vlan_range,
)
from macsec.errors import ConfigError

ADDRESSES = bytes(12)


def config(clear: Any) -> dict[str, Any]:
    """Return a configuration without keys."""
    return {"secy": {"clear": clear}}


@pytest.mark.parametrize(
    "given, kept",
    [
        ({"pfc": "encrypt", "lacp": "BYPASS"}, ("pfc=encrypt", "lacp")),
        (["0x88CC=strict", {"vlan:0007": "encrypt"}], ("88cc=strict", "vlan:7=encrypt")),
        ("01-80-C2-00-00-0E=strict", ("01:80:c2:00:00:0e=strict",)),
    ],
)
def test_rules_have_one_spelling(given: Any, kept: tuple[str, ...]) -> None:
    """A mapping, a list of both, or one alone."""
    with SecY.from_config(config(given)) as secy:
        assert secy.controls.clear == kept


@pytest.mark.parametrize(
    "wrong, why",
    [
        ("pfc=always", "bypass, encrypt, strict"),
        ("vlan:4095", "0 to 4094"),
        ("vlan:7-5", "in order"),
        ("vlan:x", "ID or ID-ID"),
        (["lldp", "lldp=strict"], "at most once"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(wrong: Any, why: str) -> None:
    """With the reason."""
    with pytest.raises(ConfigError, match=why):
        SecY.from_config(config(wrong))


@pytest.mark.parametrize("mode", ClearMode)
@pytest.mark.parametrize(
    "what", [*CLEAR_PROTOCOLS, "88b5", "01:1b:19:00:00:00", "vlan:5", "vlan:0-9"]
)
def test_the_text_of_a_rule_reads_back(what: str, mode: ClearMode) -> None:
    """The mode that is the default is left out."""
    rule = clear_rule(f"{what}={mode.name.lower()}")
    assert rule.mode is mode
    assert clear_rule(rule_text(rule)) == rule
    assert rule_text(rule).startswith(what)


@pytest.mark.parametrize(
    "tail, vlan",
    [
        ("81000005", 5),
        ("88a8e005", 5),
        ("9100ffff", 0xFFF),
        ("81000000", 0),
        ("810000", None),
        ("08000005", None),
        ("", None),
    ],
)
def test_the_vlan_is_that_of_a_whole_first_tag(tail: str, vlan: int | None) -> None:
    """Priority and drop eligibility are no part of it."""
    frame = ADDRESSES + bytes.fromhex(tail)
    assert vlan_of(frame) == vlan
    if len(frame) >= 14:
        assert clear_rule("vlan:0-4094").knows(frame) is (vlan not in (None, 0xFFF))


def test_a_rule_with_an_opcode_needs_its_octets() -> None:
    """A frame that ends before it is not known."""
    rule = clear_rule("pfc")
    tails = {"88080101": True, "880801": False, "8808": False, "88080001": False}
    known = {tail: rule.knows(ADDRESSES + bytes.fromhex(tail)) for tail in tails}
    assert known == tails


@pytest.mark.parametrize("text, ends", [("7", (7, 7)), ("0-4094", (0, 4094))])
def test_ranges_of_vlans(text: str, ends: tuple[int, int]) -> None:
    """Both ends belong to it."""
    assert vlan_range(text) == ends
