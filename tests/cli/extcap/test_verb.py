"""`macsec extcap`: sentences, the script, keys by reference, refusals."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from macsec.cli.extcap import answers, live
from macsec.cli.shared.data_plane import Plane
from macsec.errors import ConfigError

REFERENCE = Plane("reference", None)
KEY = "000102030405060708090a0b0c0d0e0f"
SENTENCE = re.compile(r"(?:extcap|interface|control|arg|dlt) (?:\{\w+=[^{}]*\})+")


def test_every_answer_is_made_of_sentences(desk) -> None:
    """Interfaces, link types and options have the form that Wireshark parses."""
    listed = desk.run("extcap", "--extcap-interfaces", "--extcap-version=4.0").stdout
    name = ("--extcap-interface", "macsec-eth0")
    for text in (
        listed,
        desk.run("extcap", *name, "--extcap-dlts").stdout,
        desk.run("extcap", *name, "--extcap-config").stdout,
    ):
        assert all(SENTENCE.fullmatch(line) for line in text.splitlines()), text
    assert listed.startswith("extcap {version=4.0}")


def test_no_option_takes_a_key_itself() -> None:
    """Keys come from files: what is typed into Wireshark stays in its settings."""
    text = answers.options()
    assert "{call=--keys}" in text
    assert "{type=fileselect}" in text
    assert "password" not in text


def test_the_script_runs_this_macsec(desk, tmp_path: Path) -> None:
    """--install writes it, executable; --uninstall removes it."""
    folder = tmp_path / "extcap with space"
    assert "written: " in desk.run("extcap", "--install", "--folder", str(folder)).stderr
    script = folder / "macsec-extcap"
    assert os.access(script, os.X_OK)
    done = subprocess.run([script, "--extcap-interfaces"], capture_output=True, text=True)
    assert done.stdout.startswith("extcap {version=")
    desk.run("extcap", "--uninstall", "--folder", str(folder))
    assert not script.exists()
    assert (
        "not installed" in desk.run("extcap", "--uninstall", "--folder", str(folder), code=2).stderr
    )


@pytest.mark.parametrize(
    "args", [[], ["--capture", "--extcap-interface", "macsec-lo"]], ids=["nothing", "no pipe"]
)
def test_an_incomplete_command_line_is_exit_2(desk, args: list[str]) -> None:
    """The line says what is missing."""
    assert "--" in desk.run("extcap", *args, code=2).stderr


@pytest.mark.parametrize(
    "text, kind",
    [
        (f"11223344: {KEY}", "MkaReader"),
        (f"mka: {{ckn: 11223344, cak: {KEY}}}", "MkaReader"),
        (f"rx: [{{sci: 5254001301560001, sa: {{0: {{key: {KEY}}}}}}}]", "SecY"),
    ],
    ids=["CAKs", "mka", "SAs"],
)
def test_keys_come_from_any_file_that_has_them(tmp_path: Path, text: str, kind: str) -> None:
    """A file of CAKs, a configuration with key agreement, and one with SAs."""
    path = tmp_path / "keys.yaml"
    path.touch(0o600)
    path.write_text(text)
    with live.validator_of(str(path), 0x88E5, REFERENCE) as validator:
        assert type(validator).__name__ == kind


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """Raises ConfigError with its path."""
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        live.validator_of(str(tmp_path / "none.yaml"), 0x88E5, REFERENCE)
