"""Files of wpa_supplicant: every field of MACsec with its default, every line accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from macsec.config import KeyRing
from macsec.config.exchange import FORMATS, Import
from macsec.config.exchange.wpa_networks import FIELDS, SONIC
from macsec.errors import ConfigError

CAK, OTHER = "0011223344556677889900aabbccddee", "ff" * 16
KEYS = {"key_mgmt": "NONE", "macsec_policy": "1", "mka_cak": CAK, "mka_ckn": "11223344"}
POLICY = "policy: must-secure is taken; "


def block(**fields: str | None) -> str:
    """A network block that wpa_supplicant uses, with other fields."""
    named = KEYS | fields
    lines = [f"\t{name}={value}\n" for name, value in named.items() if value is not None]
    return "network={\n" + "".join(lines) + "}\n"


def imported(folder: Path, text: str) -> Import:
    """The import of a file."""
    (folder / "f.conf").write_bytes(text.encode())
    return FORMATS["wpa_supplicant"].read(folder / "f.conf")


def cak_of(result: Import) -> str:
    """The CAK of an import."""
    assert result.config.mka is not None
    assert result.config.mka.cak is not None
    with KeyRing(Path()) as ring:
        return ring.key(result.config.mka.cak).expose().hex()


def refusal(folder: Path, text: str) -> str:
    """The place and the reason of a refusal."""
    with pytest.raises(ConfigError) as caught:
        imported(folder, text)
    assert CAK not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder}/f.conf:")


ROWS: dict[str, tuple[str, str, Any, str, Any]] = {
    # field: section, entry, default, another value, its meaning
    "macsec_policy": ("mka", "policy", "must-secure", "1", "must-secure"),
    "macsec_integ_only": ("secy", "encrypt", True, "1", False),
    "macsec_replay_protect": ("secy", "replay", False, "1", True),
    "macsec_replay_window": ("secy", "window", 0, "0x40", 64),
    "macsec_offload": ("secy", "profile", "ieee", "0", "ieee"),
    "macsec_port": ("mka", "port", 1, "010", 8),
    "macsec_csindex": ("secy", "cipher", "gcm-aes-128", "1", "gcm-aes-256"),
    "macsec_icv_indicator": ("mka", "include_icv_indicator", False, "1", True),
    "mka_priority": ("mka", "priority", 255, "0x10", 16),
    "mka_ckn": ("mka", "ckn", bytes.fromhex("11223344"), "AB", b"\xab"),
    "macsec_ciphersuite": ("secy", "cipher", "gcm-aes-128", "3", "gcm-aes-xpn-256"),
    "macsec_conf_offset": ("secy", "offset", 0, "2", 30),
    "macsec_include_sci": ("secy", "send_sci", True, "1", True),
    "mka_rekey_period": ("mka", "sak_rekey_interval", 0, "300", 300),
}


def test_every_field_has_a_row() -> None:
    """The table of the tests is that of the import."""
    assert ROWS.keys() | {"mka_cak"} == FIELDS.keys() | SONIC.keys()


@pytest.mark.parametrize("name", ROWS)
def test_field_left_out_has_the_default_of_wpa_supplicant(name: str, tmp_path: Path) -> None:
    """Encryption without replay protection, the last to become Key Server."""
    section, entry, default, _, _ = ROWS[name]
    config = imported(tmp_path, block()).config
    assert getattr(getattr(config, section), entry) == default


@pytest.mark.parametrize("comment", ["", " # a comment", "\r"])
@pytest.mark.parametrize("name", ROWS)
def test_field_is_carried_as_c_reads_it(name: str, comment: str, tmp_path: Path) -> None:
    """Numbers are decimal, 0x hex or octal; a comment or CR behind a value is no part of it."""
    section, entry, _, value, meaning = ROWS[name]
    config = imported(tmp_path, block(**{name: value + comment})).config
    assert getattr(getattr(config, section), entry) == meaning


def test_port_zero_is_the_default_port(tmp_path: Path) -> None:
    """As wpa_supplicant takes it."""
    config = imported(tmp_path, block(macsec_port="0")).config
    assert config.mka is not None
    assert config.mka.port == 1


def test_comment_changes_no_key(tmp_path: Path) -> None:
    """Behind the CAK, on lines of their own, and before the block."""
    text = "# first\n" + block(mka_cak=f"{CAK}  # from the vault").replace("{\n", "{\n  # in\n")
    assert cak_of(imported(tmp_path, text)) == CAK


def test_defaults_of_sonic_hold_beside_its_fields(tmp_path: Path) -> None:
    """There the SCI is not sent unless a field says so; other versions refuse such a file."""
    result = imported(tmp_path, block(macsec_ciphersuite="2"))
    assert (result.config.secy.cipher, result.config.secy.send_sci) == ("gcm-aes-xpn-128", False)
    assert "fields of SONiC's wpa_supplicant: others refuse the file" in result.notes


UNUSED = [
    (block(disabled="1"), "disabled"),
    (block(disabled="2 # x"), "disabled"),
    (block(key_mgmt=None), "without key_mgmt=NONE"),
    (block(key_mgmt="WPA-PSK"), "without key_mgmt=NONE"),
]


@pytest.mark.parametrize("first, reason", UNUSED)
def test_block_that_is_not_used_is_passed_over(first: str, reason: str, tmp_path: Path) -> None:
    """With a note; the next block is the one in use, and the rest is noted too."""
    text = first + block(mka_cak=OTHER) + block()
    result = imported(tmp_path, text)
    assert cak_of(result) == OTHER
    second = first.count("\n") + 1
    third = second + block().count("\n")
    assert result.notes[:2] == [
        f"line 1: this block is not used: {reason}",
        f"line {third}: this block is not used: that of line {second} comes first",
    ]


REFUSED = [
    ("", "1: no network block that wpa_supplicant uses"),
    ("root:x:0:0:root:/root:/bin/bash\n", "1: not a line that wpa_supplicant reads"),
    (block(disabled="1"), "1: no network block that wpa_supplicant uses"),
    ("network = {\n}\n", "1: not a line that wpa_supplicant reads"),
    (block(mka_cak=None), "1: wpa_supplicant uses this block, and it has no mka_cak"),
    (block(mka_cak=None) + block(), "1: wpa_supplicant uses this block, and it has no mka_cak"),
    (block(mka_ckn=None), "1: wpa_supplicant uses this block, and it has no mka_ckn"),
    (block(macsec_policy=None), "1: macsec_policy is not 1: MACsec is off here"),
    (block(macsec_policy="0x0"), "1: macsec_policy is not 1: MACsec is off here"),
    (block(macsec_policy="2"), "3: macsec_policy: expected a number of 0 to 1"),
    (block(mka_priority="256"), "6: mka_priority: expected a number of 0 to 255"),
    (block(mka_priority="08"), "6: mka_priority: expected a number"),
    (block(mka_priority="ten"), "6: mka_priority: expected a number"),
    (block(macsec_replay_protect="on"), "6: macsec_replay_protect: expected a number of 0 to 1"),
    (block(mka_cak=CAK[1:]), "4: mka_cak: expected a CAK of 32 or 64 hex digits"),
    (block(mka_cak=f'"{CAK}"'), "4: mka_cak: expected a CAK of 32 or 64 hex digits"),
    (block(mka_ckn="1"), "5: mka_ckn: expected a CKN of 2 to 64 hex digits"),
    (block(mka_priorty="1"), "6: wpa_supplicant has no field mka_priorty"),
    (block(ssid='"open'), "6: a quotation that does not end"),
    (block().replace("}", "]"), "6: expected name=value"),
    (block().replace("}", ""), "1: a network block that does not end"),
    ("mka_priority=1\n" + block(), "1: not a line that wpa_supplicant reads here"),
]


@pytest.mark.parametrize("text, said", REFUSED)
def test_refused_or_unreadable_line_is_named(text: str, said: str, tmp_path: Path) -> None:
    """A file without MACsec in use, or with a line that wpa_supplicant refuses."""
    assert refusal(tmp_path, text).startswith(said)


def test_every_other_line_has_a_note(tmp_path: Path) -> None:
    """Global lines, credentials, blobs, hardware offload and fields without a place."""
    text = (
        "eapol_version=3\nap_scan=0\ncred={\n  realm=\"a#b\"\n}\nblob-base64-x={\nAA==\n}\n"
        + block(eapol_flags="0", macsec_offload="1", identity='"me # too"')
    )  # fmt: skip
    notes = imported(tmp_path, text).notes
    assert [note for note in notes if not note.startswith(POLICY)] == [
        "line 1: eapol_version has no part in MACsec",
        "line 2: ap_scan has no part in MACsec",
        "line 3: cred has no part in MACsec",
        "line 6: blob-base64-x has no part in MACsec",
        "macsec_offload is not in a configuration: there is no hardware",
        "line 16: identity is not in a configuration",
    ]
