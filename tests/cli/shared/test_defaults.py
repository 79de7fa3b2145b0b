"""Defaults of a user: a file and variables, their order, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.outputs.schemas import checked


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that writes the file of defaults."""

    def write(text: str) -> Path:
        path = tmp_path / "home" / "macsec" / "config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MACSEC_CONFIG", raising=False)
    return write


def settings_of(desk) -> dict[tuple[str, str], tuple[str, str]]:
    """Return value and origin of each option that is set, by verb and option."""
    found = checked(desk.run("config", "show", "--json").stdout)["settings"]
    return {(one["verb"], one["option"]): (one["value"], one["origin"]) for one in found}


def test_the_command_line_wins_over_variable_and_file(desk, some, given, monkeypatch):
    """The nearest to the user decides."""
    source = desk.capture(some)

    def cipher(*args: str) -> str:
        out = desk.run("replay", source, "--json", "--wire", "w", *args).stdout
        return json.loads(out)["cipher"]

    assert cipher() == "gcm-aes-128"
    given("replay: {cipher: gcm-aes-256}")
    assert cipher() == "gcm-aes-256"
    monkeypatch.setenv("MACSEC_REPLAY_CIPHER", "gcm-aes-xpn-128")
    assert cipher() == "gcm-aes-xpn-128"
    assert cipher("--cipher", "gcm-aes-xpn-256") == "gcm-aes-xpn-256"


def test_show_names_value_and_origin(desk, given, monkeypatch):
    """Options of verbs, of verbs below them, and those for all."""
    given("all: {jobs: 1}\nlab: {run: {seed: 7}}\nprotect: {jobs: 2}\n")
    monkeypatch.setenv("MACSEC_LAB_RUN_UNTIL", "5ms")
    found = settings_of(desk)
    assert found["protect", "--jobs"] == ("2", "file")
    assert found["validate", "--jobs"] == ("1", "file")
    assert found["lab run", "--seed"] == ("7", "file")
    assert found["lab run", "--until"] == ("5ms", "variable")


def test_show_works_without_any(desk, given):
    """The path is printed, and that no option is set."""
    out = desk.run("config", "show").stdout
    assert "config.yaml" in out
    assert "no option" in out
    assert desk.run("config", "show", "--all").stdout.count("default") > 100


@pytest.mark.parametrize(
    "text, verb, named",
    [
        ("protect: {colour: red}", "protect", "protect has no option --colour"),
        ("lab: {run: {speed: 1}}", "lab", "lab run has no option --speed"),
        ("bogus: {jobs: 1}", "config", "no verb 'bogus'"),
        ("protect: 5", "protect", "protect: {jobs: 1}"),
        ("[", "protect", "config.yaml"),
    ],
)
def test_an_entry_that_fits_nothing_is_exit_2(desk, given, text, verb, named):
    """The line names the file and the entry."""
    given(text)
    args = ["config", "show"] if verb == "config" else [verb, "--help"]
    message = desk.run(*args, code=2).stderr
    assert named in message
    assert message.count("\n") == 1


def test_an_entry_of_no_verb_is_a_warning_of_every_run(desk, some, given):
    """One line with the file, the entry and the nearest verb; the run goes on."""
    path = given("protekt: {jobs: 1}\nall: {jobs: 1}\nprotect: {jobs: 1}\n")
    result = desk.run("protect", "-q", "-c", desk.config(), desk.capture(some), "out.pcap")
    line = f"macsec: warning: {path}: no verb 'protekt': the entry has no effect"
    assert result.stderr == f"{line}; did you mean protect?\n"
    given("protect: {jobs: 1}\n")
    assert "warning" not in desk.run("protect", "--help").stderr


def test_a_named_file_has_to_exist(desk, monkeypatch, tmp_path):
    """MACSEC_CONFIG names it."""
    monkeypatch.setenv("MACSEC_CONFIG", str(tmp_path / "none.yaml"))
    assert "none.yaml" in desk.run("protect", "--help", code=2).stderr


def test_a_bad_value_names_the_file_or_the_variable_that_has_it(desk, some, given, monkeypatch):
    """The command line does not show it; a value of the command line needs no origin."""
    source = desk.capture(some)
    path = given("replay: {jobs: x}")
    assert f", from {path} (see" in desk.run("replay", source, code=2).stderr
    monkeypatch.setenv("MACSEC_REPLAY_JOBS", "y")
    assert ", from MACSEC_REPLAY_JOBS (see" in desk.run("replay", source, code=2).stderr
    assert ", from" not in desk.run("replay", source, "--jobs", "z", code=2).stderr
