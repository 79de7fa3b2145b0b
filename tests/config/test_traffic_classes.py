"""`tx.classes` and the tables of priorities (10.7.17) in a configuration."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from support.planes import SCI_A, Plane, frame_of

import macsec
from macsec.config import dump, load
from macsec.config.exchange import FORMATS
from macsec.config.sources import KeyRing
from macsec.errors import ConfigError
from macsec.secy.from_config import require_transmit

KEY, OTHER = "30313233343536373839303132333435", "40414243444546474849404142434445"
SALT = "00" * 12


def tree(classes: dict[str, Any], cipher: str = "gcm-aes-128", **sa: Any) -> dict[str, Any]:
    """Return a configuration with these classes."""
    given = {"key": KEY, **sa}
    return {"secy": {"cipher": cipher}, "tx": {"sci": SCI_A, "sa": {0: given}, "classes": classes}}


def test_empty_class_has_the_keys_of_tx(plane: Plane) -> None:
    """An SA for each SA of `tx`, with its key; PN 1."""
    given = tree({"1": {}, "7": {}}, pn=5)
    given["tx"]["sa"][2] = {"key": OTHER, "enabled": "off"}
    with macsec.SecY.from_config(given, plane.backend) as secy:
        assert [sc.sci for sc in secy.tx_classes.values()] == [
            SCI_A,
            "5254001301561001",
            "5254001301567001",
        ]
        for traffic_class in (1, 7):
            sas = secy.tx_classes[traffic_class].sa
            assert {an: (sa.next_pn, sa.enabled) for an, sa in sas.items()} == {
                0: (1, True),
                2: (1, False),
            }
            assert sas[0].check_value == secy.tx.sa[0].check_value
            assert sas[2].check_value == secy.tx.sa[2].check_value
        assert secy.tx.sa[0].next_pn == 5


def test_sa_of_a_class_may_have_all_of_its_own(plane: Plane) -> None:
    """Key, pn, enabled; the SC may be off."""
    given = tree({"3": {"enabled": "off", "sa": {0: {"key": OTHER, "pn": "9", "enabled": "off"}}}})
    with macsec.SecY.from_config(given, plane.backend) as secy:
        sc = secy.tx_classes[3]
        assert (sc.enabled, sc.sa[0].enabled, sc.sa[0].next_pn) == (False, False, 9)
        assert sc.sa[0].check_value != secy.tx.sa[0].check_value


def test_xpn_suite_needs_an_ssci_for_each_class(plane: Plane) -> None:
    """The key and the Salt are those of `tx`; the SSCI cannot be (10.7.13)."""
    xpn = "gcm-aes-xpn-128"
    good = tree({"3": {"sa": {0: {"ssci": "2"}}}}, xpn, ssci="1", salt=SALT)
    with macsec.SecY.from_config(good, plane.backend) as secy:
        assert secy.protect_frame(frame_of(60), priority=3) is not None
    for classes, reason in (
        ({"3": {}}, r"tx\.classes\.3\.sa\.0: gcm-aes-xpn-128 needs an ssci"),
        ({"3": {"sa": {0: {"ssci": "1"}}}}, r"tx\.classes\.3\.sa\.0: SSCI 00000001 belongs"),
    ):
        with pytest.raises(ConfigError, match=reason):
            macsec.SecY.from_config(tree(classes, xpn, ssci="1", salt=SALT), plane.backend)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"classes": {"0": {}}}, r"tx\.classes\.0: .*1 to 7"),
        ({"classes": {"8": {}}}, r"tx\.classes\.8: .*1 to 7"),
        ({"classes": {"1": {"sa": {1: {}}}}}, r"tx\.classes\.1\.sa\.1: .*tx\.sa has no SA 1"),
        ({"classes": {"1": {"sci": SCI_A}}}, r"tx\.classes\.1\.sci: unknown key"),
        (
            {"classes": {"1": {}}, "sci": "5254001301563001"},
            r"tx\.classes\.1: SCI .*at most 0x0fff",
        ),
    ],
)
def test_wrong_class_is_named(change: dict[str, Any], reason: str) -> None:
    """With its place and what is expected there."""
    given = tree({})
    given["tx"] |= change
    with pytest.raises(ConfigError, match=reason):
        macsec.SecY.from_config(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("traffic_classes", [0] * 7),
        ("traffic_classes", [0] * 7 + [8]),
        ("traffic_classes", "0"),
        ("access_priorities", [0] * 8),
        ("access_priorities", [*range(1, 17)]),
    ],
)
def test_wrong_table_is_refused(name: str, value: Any) -> None:
    """8 classes of 0 to 7, 16 priorities of 0 to 15."""
    with pytest.raises(ConfigError, match=rf"secy\.{name}.*: expected a list of (8|16) numbers"):
        load({"secy": {name: value}})


def test_tables_reach_the_controls() -> None:
    """Text of a file as numbers."""
    given = {"traffic_classes": ["1"] * 8, "access_priorities": ["0xf"] * 16}
    with macsec.SecY.from_config({"secy": given}) as secy:
        assert secy.controls.traffic_classes == (1,) * 8
        assert secy.controls.access_priority(0) == (7, True)


def test_class_without_encodingsa_cannot_protect() -> None:
    """A command that sends refuses it, with the place."""
    given = tree({"1": {"sa": {}}})
    with pytest.raises(ConfigError, match=r"tx\.classes\.1\.sa: has no SA 0, which encodingsa"):
        require_transmit(load(given))


def test_classes_are_wiped_with_the_configuration() -> None:
    """A key of a class too."""
    model = load(tree({"1": {"sa": {0: {"key": OTHER}}}}))
    assert len([*model.key_sources()]) == 2
    assert model.tx is not None
    model.wipe()
    assert [len(sa.key.inline or b"") for sa in model.tx.sas_of(1).values()] == [0]


def test_written_configuration_keeps_classes_and_tables() -> None:
    """And leaves both tables out where they are the usual ones."""
    given = tree({"1": {}, "3": {"enabled": "off", "sa": {0: {"pn": 8}}}})
    assert "traffic_classes" not in dump(given, reveal_keys=True)
    given["secy"]["traffic_classes"] = [7 - n for n in range(8)]
    text = dump(given, reveal_keys=True)
    assert "  traffic_classes: [7, 6, 5, 4, 3, 2, 1, 0]\n" in text
    assert "    3:\n      enabled: off\n      sa:\n        0: {pn: 8, enabled: on}\n" in text


@pytest.mark.parametrize("name", ["ip-macsec", "systemd"])
def test_exports_for_linux_say_that_classes_are_lost(tmp_path: Path, name: str) -> None:
    """A device of Linux has one transmit SC."""
    model = load(tree({"1": {}, "5": {}}))
    with KeyRing(tmp_path) as ring:
        notes = FORMATS[name].export(model, ring, tmp_path).notes
    assert any("classes 1, 5" in note and "one transmit SC" in note for note in notes)


def test_export_for_wireshark_names_the_sci_of_each_class(tmp_path: Path) -> None:
    """All have their rows."""
    logging.getLogger("macsec").info("no file is read")
    model = load(tree({"5": {"sa": {0: {"key": OTHER}}}}))
    with KeyRing(tmp_path) as ring:
        text = FORMATS["wireshark"].export(model, ring, tmp_path).files[0].text
    assert text == f'{KEY},"tx SCI {SCI_A} AN 0"\n{OTHER},"tx SCI 5254001301565001 AN 0"\n'
