"""Keys in clear are found in the formats of all programs; references and public data are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from macsec.config import KeyRing, load
from macsec.config.exchange import FORMATS
from macsec.config.key_scan import keys_in
from macsec.errors import ConfigError

KEY = "2b7e151628aed2a6abf7158809cf4f3c"
CKN = "11223344"
STATIC = f"tx: {{sci: 5254001301560001, sa: {{0: {{key: {KEY}, pn: 1}}}}}}\n"
AGREED = f"mka: {{ckn: {CKN}, cak: {KEY}, policy: should-secure}}\n"


@pytest.mark.parametrize("form", FORMATS)
def test_every_export_of_ours_is_found(tmp_path: Path, form: str) -> None:
    """Whichever kind of configuration a format takes; files by name hold nothing but a key."""
    found = 0
    for text in (STATIC, AGREED):
        (tmp_path / "link.yaml").write_text(text)
        model = load(tmp_path / "link.yaml")
        with KeyRing(tmp_path) as ring:
            try:
                files = FORMATS[form].export(model, ring, tmp_path).files
            except ConfigError:
                continue  # the format has no such configuration
        found += sum(len(list(keys_in(file.text, file.name))) for file in files)
    assert found


@pytest.mark.parametrize(
    "line",
    [
        f"cak: {KEY}",
        f'  "key": "0x{KEY * 2}",',
        f"{{ckn: 11, cak: '{KEY}'}}",
        f"key: {':'.join(KEY[at : at + 2] for at in range(0, 32, 2))}",
        f"    mka_cak={KEY}",
        f"mka-cak={KEY}",
        f'          macsec.mka-cak: "{KEY}"',
        "  key-string 7 08701E1D5D4C53404A5B5D",
        f"  key-octet-string 0 {KEY} cryptographic-algorithm AES_128_CMAC",
        f"   key {CKN} 7 06070D221D1C0E1A",
        f"pre-shared-key cak {KEY}",
        'cak "$9$abcdef";  ## SECRET-DATA',
        f"ip macsec add ms0 tx sa 0 pn 1 on key 01 {KEY}",
        f"Key={KEY}",
        f"macsec.psk: {KEY}",
        f'{KEY},"tx SCI 5254001301560001 AN 0"',
    ],
)
def test_keys_of_each_format_are_found(line: str) -> None:
    """Also behind 0x, with colons, quoted, and obscured by a switch."""
    assert [found.line for found in keys_in(f"first\n{line}\n")] == [2]


@pytest.mark.parametrize(
    "line",
    [
        "cak: file:cak.hex",
        "key: env:PEER_SAK",
        f"ckn: {KEY}",
        f"sha256: {KEY * 2}",
        f"iv: {KEY}",
        "key-string 6 AbCdEf0123456789",
        "key: a-name-of-something",
        f"key: {KEY}  # pragma: allowlist secret",
        "tx: {sci: 5254001301560001}",
    ],
)
def test_references_names_and_public_values_pass(line: str) -> None:
    """CKNs are names; a digest is none of ours; an encrypted key needs the key of its switch."""
    assert not list(keys_in(line))


@pytest.mark.parametrize(
    ("text", "name", "lines"),
    [
        (KEY, "cak", [1]),
        (f"\n{KEY * 2}\n\n", "notes.txt", [2]),
        (f"# of the link\n{KEY}\n", "link", [2]),
        (f"one\ntwo\n{KEY}\n", "link.key", [3]),
        (f"one\n{KEY}\n{KEY}\n", "all-saks.txt", [2, 3]),
        (f"the CAK of the link:\n\n  {KEY}\nand so on\n", "letter.txt", [3]),
        (f"one\n{KEY}\n{KEY}\n", "letter.txt", []),
        (f"monkey\n{KEY}\n", "donkeys.txt", []),
        (KEY * 2, "wheel.sha256", []),
        (f"# sha256 of the key\n{KEY * 2}\n", "cak.hex", []),
        (f'[\n  "{KEY}",\n  "{KEY}"\n]\n', "list.json", []),
        (f"{KEY}  wheel.whl\n", "sums", []),
    ],
)
def test_bare_digits_are_a_key_by_what_is_around(text: str, name: str, lines: list[int]) -> None:
    """Digests of public files have as many digits."""
    assert [found.line for found in keys_in(text, name)] == lines


@pytest.mark.parametrize("form", ["eos", "junos", "sr-os", "openconfig"])
def test_a_key_bears_the_name_of_its_format(form: str) -> None:
    """SR OS and Junos have lines that look alike."""
    with KeyRing(Path()) as ring:
        (file,) = FORMATS[form].export(load({"mka": {"ckn": CKN, "cak": KEY}}), ring, Path()).files
    titles = {"eos": "EOS", "junos": "Junos", "sr-os": "SR OS", "openconfig": "OpenConfig"}
    assert {found.format for found in keys_in(file.text)} == {titles[form]}


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ('cak "$9$abcdef";  ## SECRET-DATA', "Junos"),
        (f'cak "{KEY}";', "Junos"),
        (f"set security macsec connectivity-association m pre-shared-key cak {KEY}", "Junos"),
        (f'    cak "{KEY}"', "SR OS"),
        ('    cak "Zf8dGe0Pq1" hash2', "SR OS"),
    ],
)
def test_lines_of_junos_and_sr_os_differ(line: str, form: str) -> None:
    """By the end of a statement, the words before, and the kind of hash."""
    assert [found.format for found in keys_in(line)] == [form]


def test_a_scan_has_no_key_in_its_result() -> None:
    """Place and kind alone."""
    found = next(keys_in(f"cak: {KEY}"))
    assert KEY not in repr(found)
    assert (found.line, found.format) == (1, "macsec, systemd")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"11: {KEY}\n", [1]),
        (f"# CAKs of the lab\n{CKN}: {KEY * 2}  # 2026\n'55': \"{KEY}\"\n", [2, 3]),
        (f'{{"11": "{KEY}", "22": "{KEY}"}}\n', [1]),
        (f"11: [{KEY}, {KEY}]\n", [1]),
        (f"11:\n  - {KEY}\n  - {KEY}\n22: file:cak.hex\n", [2, 3]),
        (f"11: file:{KEY}\n", []),
        (f"name: {KEY}\nfile: {KEY}\n", []),
        (f"- {KEY}\n- {KEY}\n", []),
        (f"{KEY}{KEY}{KEY}: {KEY}\n", []),
    ],
)
def test_a_file_of_caks_is_found(text: str, lines: list[int]) -> None:
    """CKN and CAK as `validate --cak` reads them; names of others with a digest are none."""
    assert [found.line for found in keys_in(text, "agreed.yaml")] == lines
    assert list(keys_in(text, "sha256-sums.yaml")) == []
