"""`macsec completion`: scripts of shells, and the names that they ask for."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from click.shell_completion import BashComplete

from macsec.attacks import ATTACKS
from macsec.cli import cli
from macsec.cli.completion import SHELLS, VARIABLE


def completed(*words: str) -> set[str]:
    """Return the completions of the last word."""
    asked = BashComplete(cli, {}, "macsec", VARIABLE)
    return {each.value for each in asked.get_completions([*words[:-1]], words[-1])}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_of_the_shell(desk, shell):
    """It says where it goes, and the shell accepts its syntax where it is installed."""
    script = desk.run("completion", shell).stdout
    assert script.startswith(f"# macsec completion {shell} > ")
    assert VARIABLE in script
    program = shutil.which(shell)
    if program is not None:
        done = subprocess.run([program, "-n"], input=script, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr


def test_names_are_completed():
    """Verbs, options, attacks, suites, topologies, topics."""
    assert "protect" in completed("prot")
    assert "--verdicts" in completed("validate", "--ver")
    assert "replay-window-edge" in ATTACKS or len(ATTACKS) > 60
    some = next(iter(ATTACKS))
    assert some in completed("attack", "run", some[:3])
    assert "openconfig" in completed("conformance", "--suite", "open")
    assert "two-regions" in completed("lab", "run", "two")
    assert "verdicts" in completed("help", "verd")


def test_a_fault_in_a_search_completes_to_nothing(monkeypatch):
    """A shell shows no error of a completion."""
    monkeypatch.setattr("macsec.monitoring.sources.discover", lambda: 1 / 0)
    assert completed("mka", "status", "m") == set()
