"""`macsec` in a topology: words, mappings, what adds up to what, and what is refused where."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from macsec.config import (
    KeyRing,
    KeySource,
    Origin,
    Topology,
    load_topology,
    published_schema,
    topology_schema,
)
from macsec.errors import ConfigError, CustodyError

CAK, CKN = "c0ffee00c0ffee00c0ffee00c0ffee00", "0123456789abcdef"
OTHER_CAK, OTHER_CKN = "0ddba11e0ddba11e0ddba11e0ddba11e", "fedcba9876543210"
DRAWN = {"cak": KeySource.of(bytes(16)), "ckn": b"drawn"}
FILE = f"""\
sites: {{left: , right: }}
links:
  - between: [left, right]
    macsec:
      cak: {CAK}
      ckn: 00{CKN}
      policy: should-secure
      keychain:
        - {{cak: {OTHER_CAK}, ckn: 1234, start: 90s}}
      window: 0x10
"""


def topology(everywhere: Any = None, link: Any = None) -> Topology:
    """Two sites and a link; None says nothing."""
    return load_topology(
        {
            "sites": {"left": None, "right": None},
            "links": [{"between": ["left", "right"]} | ({} if link is None else {"macsec": link})],
        }
        | ({} if everywhere is None else {"macsec": everywhere})
    )


def protection(everywhere: Any = None, link: Any = None) -> Any:
    """The protection of the link."""
    model = topology(everywhere, link)
    return model.protection(model.links[0])


def test_the_published_schema_is_that_of_the_model() -> None:
    """It was written anew since the last change."""
    assert json.loads(published_schema()) == topology_schema()


def test_the_schema_knows_all_entries() -> None:
    """Entries of secy and mka keep their names, and words are accepted."""
    schema = topology_schema()
    section = schema["$defs"]["ProtectionSection"]
    assert {"cak", "ckn", "policy", "keychain", "priority", "sak_rekey_interval"} <= set(
        section["properties"]
    )
    assert {"cipher", "window", "validate", "keys", "ends"} <= set(section["properties"])
    assert section["additionalProperties"] is False
    words = schema["properties"]["macsec"]["anyOf"][0]["enum"]
    assert words == ["on", "off", "mka", "static", True, False]


@pytest.mark.parametrize(
    "everywhere, link, keys",
    [
        (None, None, "mka"),
        ("on", None, "mka"),
        ("static", None, "static"),
        ("static", "on", "static"),
        ("static", "mka", "mka"),
        ("static", {"cak": CAK, "ckn": CKN}, "mka"),
        ("static", {"priority": 1}, "mka"),
        ({"cak": CAK, "ckn": CKN}, "static", "static"),
        ("off", "on", "mka"),
        ("off", "static", "static"),
        ({"keys": "static", "cipher": "gcm-aes-256"}, {"window": 4}, "static"),
    ],
)
def test_where_keys_come_from(everywhere: Any, link: Any, keys: str) -> None:
    """A link adds to what the topology says."""
    assert protection(everywhere, link).keys == keys


@pytest.mark.parametrize("everywhere, link", [("off", None), ("on", "off"), ("off", "off")])
def test_off_means_no_protection(everywhere: Any, link: Any) -> None:
    """No protection."""
    assert protection(everywhere, link) is None


def test_a_link_adds_to_the_topology() -> None:
    """Controls entry by entry; CAKs all from one of the two."""
    both = {"cak": CAK, "ckn": CKN, "cipher": "gcm-aes-256", "priority": 3, "window": 7}
    chain = [{"cak": OTHER_CAK, "ckn": OTHER_CKN}]
    merged = protection(both, {"keychain": chain, "window": 8})
    assert (merged.cipher, merged.priority, merged.window) == ("gcm-aes-256", 3, 8)
    assert merged.cak is None
    assert [key.ckn.hex() for key in merged.keychain] == [OTHER_CKN]
    assert protection(both, {"window": 8}).ckn.hex() == CKN


@pytest.mark.parametrize(
    "given, caks",
    [
        ({}, [(b"drawn", bytes(16))]),
        ({"priority": 5}, [(b"drawn", bytes(16))]),
        ({"cak": OTHER_CAK}, [(b"drawn", bytes.fromhex(OTHER_CAK))]),
        (
            {"cak": OTHER_CAK, "ckn": OTHER_CKN},
            [(bytes.fromhex(OTHER_CKN), bytes.fromhex(OTHER_CAK))],
        ),
        (
            {"keychain": [{"cak": CAK, "ckn": CKN}]},
            [(bytes.fromhex(CKN), bytes.fromhex(CAK))],
        ),
    ],
)
def test_what_differs_at_an_end(given: Any, caks: list[tuple[bytes, bytes]]) -> None:
    """A CAK alone goes by the same name; all else takes the place of the link's CAKs."""
    section = protection("on", {"window": 3, "ends": {"right": given}})
    left, right = (
        section.end(site, DRAWN, Origin(), KeyRing(Path())) for site in ("left", "right")
    )
    assert [(key.ckn, key.cak.inline.expose()) for key in right.mka.caks] == caks
    assert [key.ckn for key in left.mka.caks] == [b"drawn"]
    assert (left.mka.priority, right.mka.priority) == (16, given.get("priority", 16))
    assert left.secy == right.secy
    assert left.secy.window == 3


def test_scalars_are_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Leading zeros stay; a key that others can read is warned of."""
    path = tmp_path / "lab.yaml"
    path.write_text(FILE)
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        model = load_topology(path)
    (link,) = model.links
    assert link.macsec is not None
    assert link.macsec.ckn == bytes.fromhex("00" + CKN)
    assert link.macsec.keychain[0].start.ns == 90 * 10**9
    assert (link.macsec.policy, link.macsec.window) == ("should-secure", 16)
    assert "holds a key and others can read it" in caplog.text
    caplog.clear()
    path.chmod(0o600)
    load_topology(path)
    assert not caplog.text


@pytest.mark.parametrize(
    "old, new, line",
    [
        ("policy", "polcy", "lab.yaml:7: links.0.macsec.polcy: unknown key; did you mean policy?"),
        ("cak: c0", "cak: 0", "lab.yaml:5: links.0.macsec.cak: a key is"),
        (
            "keychain:\n        - {",
            "keychain:\n        - {x: 1, ",
            "lab.yaml:9: links.0.macsec.keychain.0.x: unknown key",
        ),
        (
            "should-secure",
            "maybe",
            "lab.yaml:7: links.0.macsec.policy: expected must-secure or should",
        ),
        ("90s", "2026-11-30T22:00:00Z", "lab.yaml:9: links.0.macsec.keychain.0.start: a lab has"),
        ("ckn: 1234, ", "", "lab.yaml:9: links.0.macsec.keychain.0: a CAK needs its ckn"),
        ("window: 0x10", "keys: static", "lab.yaml:4: links.0.macsec: keys: static is without"),
        ("window: 0x10", "keys: none", "lab.yaml:10: links.0.macsec.keys: expected mka or static"),
        (
            "window: 0x10",
            "ends: {middle: {priority: 1}}",
            "lab.yaml:10: links.0.macsec.ends.middle: this link is between left and right",
        ),
        (
            "window: 0x10",
            "ends: {left: {prioriti: 1}}",
            "lab.yaml:10: links.0.macsec.ends.left.prioriti: unknown key; did you mean priority?",
        ),
        (
            "sites:",
            "macsec: {ends: {left: {priority: 1}}}\nsites:",
            "lab.yaml:1: macsec.ends: an end is one of a link",
        ),
        ("sites:", "macsec: maybe\nsites:", "lab.yaml:1: macsec: expected on, off, static"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, old: str, new: str, line: str) -> None:
    """One line: file, number, entry, what is expected there; and no key."""
    path = tmp_path / "lab.yaml"
    assert old in FILE
    path.write_text(FILE.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_topology(path)
    assert line in str(caught.value)
    assert "c0ffee" not in str(caught.value)


def test_one_cak_twice_by_one_name() -> None:
    """Each end obeys the rules between entries, as `mka` of a configuration does."""
    section = protection("on", {"cak": CAK, "ckn": CKN, "keychain": [{"cak": CAK, "ckn": CKN}]})
    with pytest.raises(ConfigError, match="a CAK is given twice with one ckn"):
        section.end("left", DRAWN, Origin(), KeyRing(Path()))


def test_a_section_with_keys_is_not_copied() -> None:
    """Nor shown."""
    section = protection({"cak": CAK, "ckn": CKN})
    with pytest.raises(CustodyError):
        section.model_copy()
    assert CAK not in repr(section)
    assert str(bytes.fromhex(CAK)) not in repr(section)
