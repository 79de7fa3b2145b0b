"""Files of CAKs: accepted and refused entries; no message shows a CAK."""

from __future__ import annotations

import io
import logging
import traceback
from pathlib import Path

import pytest

from macsec.config.caks import load_caks
from macsec.errors import ConfigError

CAK = "c0ffee42c0ffee42deadbea7deadbea7"
CKN = "0123456789abcdef0123456789abcdef"


def file_of(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A file that its owner alone can read."""
    path = folder / "caks.yaml"
    path.touch(mode=0o600)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_inline_caks_are_hex_of_16_or_32_octets(tmp_path: Path) -> None:
    """CKNs of 1 to 32 octets, CAKs of 16 and 32; hex with or without separators."""
    text = f"aa: {CAK}\n{CKN * 2}: {CAK * 2}\n00:11-22: {':'.join([CAK[:2]] * 16)}\n"
    caks = load_caks(file_of(tmp_path, text))
    assert {ckn.hex(): len(cak) for ckn, (cak,) in caks.items()} == {
        "aa": 16,
        CKN * 2: 32,
        "001122": 16,
    }
    assert caks[b"\xaa"][0].expose().hex() == CAK


def test_a_ckn_may_name_several_caks(tmp_path: Path) -> None:
    """A list of them, each in any form, in their order."""
    caks = load_caks(file_of(tmp_path, f"aa: [{CAK}, {CAK[::-1]}]\nbb: [{CAK}]\n"))
    assert [cak.expose().hex() for cak in caks[b"\xaa"]] == [CAK, CAK[::-1]]
    assert len(caks[b"\xbb"]) == 1


def test_numbers_stay_text(tmp_path: Path) -> None:
    """A CKN or CAK of digits alone is no number, and keeps its zeros."""
    caks = load_caks(file_of(tmp_path, f"0010: {'0' * 31}1\n"))
    assert caks[b"\0\x10"][0].expose() == bytes(15) + b"\1"


def test_caks_come_from_environment_or_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the environment and from a file beside the one that names it."""
    monkeypatch.setenv("SOME_CAK", CAK)
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text(CAK * 2 + "\n")
    caks = load_caks(file_of(tmp_path, "01: env:SOME_CAK\n02: file:secret\n"))
    assert caks[b"\1"][0].expose().hex() == CAK
    assert caks[b"\2"][0].expose().hex() == CAK * 2


@pytest.mark.parametrize(
    "text, line, wanted",
    [
        ("", 1, "expected a mapping with CKN and CAK"),
        ("- a\n", 1, "expected a mapping with CKN and CAK"),
        (f"aa: {CAK}\naa: {CAK}\n", 2, "given twice"),
        (f"aa: {CAK}\nAA: {CAK}\n", 2, "this CKN is given twice"),
        (f"a: {CAK}\n", 1, "a CKN is an even number of hex digits"),
        (f"xy: {CAK}\n", 1, "a CKN is an even number of hex digits"),
        (f"'': {CAK}\n", 1, "a CKN has 1 to 32 octets, 0 given"),
        (f"{CKN * 2}00: {CAK}\n", 1, "a CKN has 1 to 32 octets, 33 given"),
        (f"aa: {CAK[:-2]}\n", 1, "a CAK has 16 or 32 octets, 15 given"),
        (f"aa: {CAK}00\n", 1, "a CAK has 16 or 32 octets, 17 given"),
        (f"\nab: {CAK}\nbc: {CAK[:-1]}\n", 3, "an odd number of hex digits"),
        (f"aa: [[{CAK}]]\n", 1, "expected a key"),
        ("aa: []\n", 1, "expected a key"),
        (f"aa:\n  - {CAK}\n  - {CAK}00\n", 3, "aa.1: a CAK has 16 or 32 octets, 17 given"),
        ("aa: env:NO_SUCH_VARIABLE_HERE\n", 1, "not set"),
        ("aa: file:no-such-file\n", 1, "cannot read it"),
        ("aa:\n", 1, "expected a key"),
    ],
)
def test_wrong_cak_table_is_refused_with_its_line(
    text: str, line: int, wanted: str, tmp_path: Path
) -> None:
    """Nothing is filled up or guessed: one line says where and what; it holds no CAK."""
    path = file_of(tmp_path, text)
    with pytest.raises(ConfigError, match=wanted) as caught:
        load_caks(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    output = io.StringIO()
    traceback.print_exception(caught.value, file=output)
    assert CAK[:15] not in output.getvalue()


def test_missing_cak_file_is_named(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot read it"):
        load_caks(tmp_path / "nowhere.yaml")


def test_others_can_read_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning, but only if it holds a CAK itself."""
    caplog.set_level(logging.WARNING, "macsec")
    monkeypatch.setenv("SOME_CAK", CAK)
    load_caks(file_of(tmp_path, "aa: env:SOME_CAK\n", 0o644))
    assert not caplog.records
    load_caks(file_of(tmp_path, f"aa: {CAK}\n", 0o644))
    assert [record.getMessage()[-40:] for record in caplog.records] == [
        f"{tmp_path / 'caks.yaml'} holds a key and others can read it: chmod 600"[-40:]
    ]
    assert CAK not in caplog.text
