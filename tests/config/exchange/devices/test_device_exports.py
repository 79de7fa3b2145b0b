"""Exports for switches, routers and managers of networks: each setting, and each that gets lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from macsec.config import KeyRing, load
from macsec.config.exchange import FORMATS, READ
from macsec.config.exchange.devices import DEVICE_FORMATS
from macsec.errors import ConfigError

CAK, CAK_2, CAK_3 = "0a" * 32, "0b" * 32, "0c" * 32
SHORT = "0d" * 16
MANAGERS = ("networkmanager", "netplan", "nmstate")
ROUTERS = tuple(name for name in DEVICE_FORMATS if name not in MANAGERS)
CHAIN = [
    {"cak": CAK, "ckn": "1111", "start": "2030-01-01T00:00:00Z", "end": "2030-06-01T00:00:00Z"},
    {"cak": CAK_2, "ckn": "2222", "start": "2030-05-01T00:00:00Z"},
    {"cak": CAK_3, "ckn": "ffff", "fallback": "on"},
]


def export(name: str, mka: dict[str, Any], **secy: Any) -> tuple[str, list[str]]:
    """Return the only file of an export, and the notes."""
    config = load({"secy": secy, "mka": mka})
    with KeyRing(Path()) as ring:
        result = FORMATS[name].export(config, ring, Path())
    (file,) = result.files
    assert file.secret
    return file.text, result.notes


def chain(name: str) -> tuple[str, list[str]]:
    """Return the export of a chain of two keys and a fallback."""
    mka = {"keychain": CHAIN, "priority": "10", "sak_rekey_interval": "3600"}
    return export(name, mka, cipher="gcm-aes-xpn-256", window="64")


@pytest.mark.parametrize("name", ROUTERS)
def test_router_has_the_first_key_the_priority_and_the_suite(name: str) -> None:
    """Key name, key, priority and suite are in each export; nothing is lost without a note."""
    text, notes = chain(name)
    assert "1111" in text
    assert CAK in text
    assert "10" in text
    assert "xpn" in text.lower()
    assert CAK_2 in text or any("left out" in note for note in notes)
    assert CAK_3 in text or any("fallback" in note for note in notes)
    assert "3600" in text or any("sak_rekey_interval" in note for note in notes)
    assert "64" in text.replace(CAK, "") or any("window" in note for note in notes)
    assert not any(cak in note for note in notes for cak in (CAK, CAK_2, CAK_3))


@pytest.mark.parametrize("name", ["eos", "junos", "sr-os", *MANAGERS])
@pytest.mark.parametrize(
    ("times", "noted"),
    [
        ({}, False),
        ({"start": "2030-01-01T00:00:00Z"}, True),
        ({"end": "2030-06-01T00:00:00Z"}, True),
    ],
)
def test_format_without_windows_notes_them_where_there_are_any(
    name: str, times: dict[str, str], noted: bool
) -> None:
    """A key without start and end loses nothing."""
    _, notes = export(name, {"keychain": [{"cak": SHORT, "ckn": "1111", **times}]})
    assert any("start and end of keys are left out" in note for note in notes) is noted


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "ios-xe",
            [
                "  cryptographic-algorithm aes-256-cmac",
                "  lifetime 00:00:00 jan 01 2030 00:00:00 jun 01 2030",
                "  lifetime 00:00:00 may 01 2030 infinite",
                " macsec-cipher-suite gcm-aes-xpn-256",
                " ssci-based-on-sci",
                " macsec access-control must-secure",
                " mka pre-shared-key key-chain macsec fallback-key-chain macsec-fallback",
                " macsec replay-protection window-size 64",
            ],
        ),
        (
            "ios-xr",
            [
                f"   key-string clear {CAK} cryptographic-algorithm aes-256-cmac",
                "   lifetime 00:00:00 january 01 2030 00:00:00 june 01 2030",
                " cipher-suite GCM-AES-XPN-256",
                " window-size 64",
                " macsec psk-keychain macsec fallback-psk-keychain macsec-fallback policy macsec",
            ],
        ),
        (
            "nx-os",
            [
                f"    key-octet-string {CAK} cryptographic-algorithm AES_256_CMAC",
                "  cipher-suite GCM-AES-XPN-256",
                "  sak-expiry-time 3600",
                "  macsec keychain macsec policy macsec fallback-keychain macsec-fallback",
            ],
        ),
        (
            "eos",
            [
                "      cipher aes256-gcm-xpn",
                f"      key ffff 0 {CAK_3} fallback",
                "      mka session rekey-period 3600",
                "      traffic unprotected drop",
            ],
        ),
        (
            "junos",
            [
                "set security macsec connectivity-association macsec fallback-key ckn ffff",
                "set security macsec connectivity-association macsec include-sci",
                "set security macsec connectivity-association macsec replay-protect "
                "replay-window-size 64",
            ],
        ),
        (
            "sr-os",
            [
                '/configure macsec connectivity-association "macsec" replay-window-size 64',
                '/configure macsec connectivity-association "macsec" static-cak pre-shared-key 2 '
                'cak-name "2222"',
            ],
        ),
    ],
)
def test_lines_of_a_router_are_those_of_its_manual(name: str, lines: list[str]) -> None:
    """The commands that carry the settings, as the manuals spell them."""
    written = chain(name)[0].splitlines()
    assert [line for line in lines if line not in written] == []


def test_integrity_and_should_secure_have_their_commands() -> None:
    """A setting is written where the format has it, and noted where not."""
    mka = {"cak": SHORT, "ckn": "11", "policy": "should-secure", "include_icv_indicator": "on"}
    given = {"encrypt": "off", "replay": "off", "offset": "30"}
    text, notes = export("ios-xe", mka, **given)
    for line in (" macsec access-control should-secure", " include-icv-indicator"):
        assert line in text.splitlines()
    assert " no macsec replay-protection" in text
    assert " confidentiality-offset 30" in text
    assert "secy.encrypt cannot be expressed in this format" in notes
    text, notes = export("junos", mka, **given)
    assert "no-encryption" in text
    assert "mka should-secure" in text
    assert "mka.include_icv_indicator cannot be expressed in this format" in notes


def test_openconfig_is_json_with_the_keys_and_the_policy() -> None:
    """Key chain, policy and interface name each other; times are nanoseconds."""
    tree = json.loads(chain("openconfig")[0])
    (keychain,) = tree["openconfig-keychain:keychains"]["keychain"]
    keys = keychain["keys"]["key"]
    assert [key["key-id"] for key in keys] == ["1111", "2222", "ffff"]
    assert keys[0]["config"]["secret-key"] == CAK
    assert keys[0]["send-lifetime"]["config"]["start-time"] == "1893456000000000000"
    macsec = tree["openconfig-macsec:macsec"]
    (policy,) = macsec["mka"]["policies"]["policy"]
    assert policy["config"]["macsec-cipher-suite"] == ["GCM_AES_XPN_256"]
    (interface,) = macsec["interfaces"]["interface"]
    assert interface["mka"]["config"] == {"mka-policy": policy["name"], "key-chain": "macsec"}


@pytest.mark.parametrize("name", MANAGERS)
def test_manager_takes_one_cak_of_16_octets_and_gcm_aes_128(name: str) -> None:
    """Other suites and lengths are refused; window and priority are noted."""
    with pytest.raises(ConfigError, match="gcm-aes-128"):
        export(name, {"cak": CAK, "ckn": "11"}, cipher="gcm-aes-256")
    with pytest.raises(ConfigError, match="16 octets") as caught:
        export(name, {"cak": CAK, "ckn": "11"})
    assert CAK not in str(caught.value)
    text, notes = export(name, {"cak": SHORT, "ckn": "11", "priority": "9"}, window="7")
    assert SHORT in text
    assert {"secy.window cannot be expressed in this format"} < {*notes}
    assert "mka.priority cannot be expressed in this format" in notes


@pytest.mark.parametrize("name", DEVICE_FORMATS)
def test_static_saks_are_refused(name: str) -> None:
    """All of these formats have key agreement only."""
    config = load({"tx": {"sci": "0200000000010001", "sa": {"0": {"key": SHORT}}}})
    with KeyRing(Path()) as ring, pytest.raises(ConfigError, match="static SAKs are not exported"):
        FORMATS[name].export(config, ring, Path())


@pytest.mark.parametrize("name", ["networkmanager", "nmstate"])
@pytest.mark.parametrize(
    "secy", [{}, {"encrypt": "off"}, {"send_sci": "off"}, {"validate": "check"}]
)
def test_export_read_back_is_the_same_but_for_the_defaults(
    name: str, secy: dict[str, str], tmp_path: Path
) -> None:
    """Read back, a port has its keys and settings, and the defaults of wpa_supplicant."""
    text, _ = export(name, {"cak": SHORT, "ckn": "1e10", "port": "3"}, **secy)
    (tmp_path / "f").write_text(text)
    found = FORMATS[name].read(tmp_path / "f").config
    given = {"replay": "off", **secy}
    mka = {"cak": SHORT, "ckn": "1e10", "port": "3", "priority": "255"}
    expected = load({"secy": given, "mka": mka})
    assert found.secy == expected.secy
    assert found.mka is not None
    assert (found.mka.ckn, found.mka.port, found.mka.priority) == (b"\x1e\x10", 3, 255)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("networkmanager", "no section\n", "not a keyfile"),
        ("networkmanager", "[connection]\nid=x\n", r"no section \[macsec\]"),
        ("networkmanager", "[macsec]\nmka-cak=00\n", "no mka-ckn"),
        ("networkmanager", "[macsec]\nmka-cak=0\nmka-ckn=0\nmode=1\n", "mode"),
        ("networkmanager", "[macsec]\nmka-cak=0\nmka-ckn=0\nvalidation=9\n", "validation"),
        ("nmstate", "interfaces: []\n", "0 MACsec interfaces"),
        ("nmstate", "interfaces: " + "[" * 5000, "nest"),
        ("nmstate", "interfaces: [{macsec: {mka-ckn: '11'}}]\n", "no mka-cak"),
    ],
)
def test_file_that_is_no_port_is_refused(name: str, text: str, reason: str, tmp_path: Path) -> None:
    """The error names the file and the entry that is missing or unknown."""
    (tmp_path / "f").write_text(text)
    with pytest.raises(ConfigError, match=reason):
        FORMATS[name].read(tmp_path / "f")


def test_formats_of_routers_are_not_read(tmp_path: Path) -> None:
    """They are left out of `keys import`, and refuse a file with one line."""
    assert [name for name in DEVICE_FORMATS if name in READ] == ["networkmanager", "nmstate"]
    with pytest.raises(ConfigError, match="written and not read"):
        FORMATS["junos"].read(tmp_path / "f")


def test_netplan_file_is_yaml_with_the_connection() -> None:
    """The passthrough has the fields of the keyfile."""
    text, _ = export("netplan", {"cak": SHORT, "ckn": "11"})
    (device,) = yaml.safe_load(text)["network"]["nm-devices"].values()
    passthrough = device["networkmanager"]["passthrough"]
    assert passthrough["connection.type"] == "macsec"
    assert passthrough["macsec.mka-cak"] == SHORT
