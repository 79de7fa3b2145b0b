"""Profiles: their rows, the readings of each switch, and the names a configuration takes."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from support.planes import SAK, SCI_A, add_rx

from macsec.config.model import SecYSection
from macsec.errors import ConfigError
from macsec.secy import PROFILES, Profile, SecY
from macsec.secy.profiles.switches import LIMITS, SWITCHES, is_documented

RECORDED = Path(__file__).parents[3] / "pcaps" / "linux" / "rx-vectors-linux-6.1.json"


def test_every_field_of_a_profile_has_its_readings():
    """A switch that is added has a row in the table that users see."""
    own = {field.name for field in fields(Profile)} - {"name", "documented"}
    assert own == SWITCHES.keys() | LIMITS.keys()


def test_what_is_not_documented_is_that_of_ieee():
    """A profile departs from ieee only in what is documented of it."""
    for profile in PROFILES.values():
        for name in (*SWITCHES, *LIMITS):
            same = getattr(profile, name) == getattr(PROFILES["ieee"], name)
            assert same or is_documented(profile, name), (profile.name, name)


def test_recorded_vectors_that_a_reading_names_exist():
    """Names behind `Linux 6.1, 6.12` are those of recorded frames."""
    names = [vector["name"] for vector in json.loads(RECORDED.read_text())["vectors"]]
    cited = re.findall(r"Linux 6\.1, 6\.12: ([a-z0-9, -]+)", repr(SWITCHES))
    assert len(cited) >= 9
    for name in ", ".join(cited).split(", "):
        assert any(known.startswith(name) for known in names), name


def test_a_configuration_takes_every_profile(plane):
    """Each name in the table is one that `secy.profile` takes, in any case."""
    for name, profile in PROFILES.items():
        config = {"secy": {"profile": name.upper()}, "rx": []}
        with SecY.from_config(config, plane.backend, plane.kernel) as secy:
            assert secy.controls.profile is profile
    assert set(SecYSection.model_fields["profile"].annotation.__args__) == set(PROFILES)


def test_a_configuration_of_sonic_has_no_mode_check(plane):
    """The error names the modes that there are."""
    config = {"secy": {"profile": "sonic", "validate": "check"}, "rx": []}
    with pytest.raises(ConfigError, match="sonic has strict or disabled"):
        SecY.from_config(config, plane.backend, plane.kernel)


@pytest.mark.parametrize("name, verdict", [("ieee", "not-valid"), ("cnxk", "bad-tag")])
def test_c_without_e_by_profile(every_plane, name, verdict):
    """C without E is integrity alone, or a bad tag; other values of both bits are not touched."""
    secy = add_rx(every_plane.secy(profile=name), SCI_A, key=SAK)
    wanted = {0x24: verdict, 0x28: "uncontrolled", 0x2C: "not-valid", 0x20: "not-valid"}
    for tci, label in wanted.items():
        frame = f"ffffffffffff{SCI_A[:12]}88e5{tci:02x}0400000001{SCI_A}"
        assert secy.validate_frame(bytes.fromhex(frame) + bytes(20))[0].label == label
