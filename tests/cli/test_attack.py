"""`macsec attack`: names, tables, JSON, exit codes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from macsec.attacks import ATTACKS, Scene, Setting
from macsec.cli import cli
from macsec.secy import SecY

FEW = ("--frames", "500")
SEED = 7


@pytest.fixture(scope="module")
def outputs() -> dict[str, Result]:
    """Text and JSON of all attacks, with one seed."""
    args = ["attack", "run", "all", "--seed", str(SEED), *FEW]
    return {
        "text": CliRunner().invoke(cli, args),
        "json": CliRunner().invoke(cli, [*args, "--json"]),
    }


def test_list_prints_one_name_a_line(desk):
    """The names, one a line, and nothing else."""
    result = desk.run("attack", "list")
    assert result.stdout.splitlines() == list(ATTACKS)
    assert result.stderr == ""


def test_run_all_json_has_equal_expected_and_observed_counters(desk, backend):
    """One object with every attack, all passed."""
    result = desk.run("attack", "run", "all", "--json", "--backend", backend, *FEW)
    found = json.loads(result.stdout)
    assert result.stderr == ""
    assert found["schema"] == "macsec/attack/1"
    assert [attack["name"] for attack in found["attacks"]] == list(ATTACKS)
    assert (found["passed"], found["failed"]) == (len(ATTACKS), 0)
    for attack in found["attacks"]:
        assert attack["expected"] == attack["observed"]
        assert attack["passed"] is True
        assert all(count > 0 for count in attack["observed"].values())
    assert found["backend"] == backend


def test_run_all_prints_a_row_an_attack(outputs):
    """A row an attack: name, what it does, frames, counters, passed, clause."""
    result = outputs["text"]
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "seed 7" in lines[0]
    (row,) = [line for line in lines if line.split()[:1] == ["reflection"]]
    for cell in ("sends a station's own", "0 of 12", "InPktsNoSCI 12", "yes", "9.9, 10.6.1"):
        assert cell in row
    assert all(any(line.split()[:1] == [name] for line in lines) for name in ATTACKS)
    assert result.stderr == f"macsec: {len(ATTACKS)} attacks: all as expected\n"


def test_run_of_one_attack_explains_it(desk):
    """Needs of the attacker, deciding clause, plaintext learnt, every counter."""
    shown = desk.run("attack", "run", "nonce-reuse", "--cipher", "gcm-aes-xpn-256").stdout
    for text in ("needs", "decided by", "gcm-aes-xpn-256", "640 octets of 8 frames", "InPktsLate"):
        assert text in shown


@pytest.mark.parametrize("cipher", ["gcm-aes-256", "gcm-aes-xpn-128"])
def test_cipher_is_the_suite_of_the_attack(desk, cipher):
    """The suite is the one asked for; an attack on XPN takes the XPN suite beside it."""
    args = ("--cipher", cipher, "--seed", "3")
    assert desk.json("attack", "run", "replay", *args)["attacks"][0]["cipher"] == cipher
    epoch = desk.json("attack", "run", "cross-epoch-replay", *args)["attacks"][0]["cipher"]
    assert epoch == ("gcm-aes-xpn-128" if "xpn" in cipher else "gcm-aes-xpn-256")


def test_profile_linux_expects_the_counters_of_the_kernel(desk):
    """Under `linux` the kernel's counters are expected; what it has not is left out."""
    found = desk.json("attack", "run", "all", "--profile", "linux", *FEW)
    by_name = {attack["name"]: attack for attack in found["attacks"]}
    assert by_name["flip-sl"]["observed"]["InPktsBadTag"] == 8
    assert set(ATTACKS) - set(by_name) == {"duplicate-rejected", "replay-inside-window-rejected"}
    assert found["failed"] == 0


def test_drawn_seed_is_shown_and_repeats_the_run(desk):
    """Without --seed one is drawn; --seed with it gives the same output."""
    once = desk.json("attack", "run", "flood-near-valid", *FEW)
    again = desk.json("attack", "run", "flood-near-valid", "--seed", str(once["seed"]), *FEW)
    assert once == again


@pytest.mark.parametrize(
    "args, text",
    [
        (["replai"], "did you mean replay?"),
        (["xyzzy"], "macsec attack list prints all names"),
        (["duplicate-rejected", "--profile", "linux"], "no part of profile linux"),
        (["replay", "--cipher", "des"], "des"),
        (["flood-random", "--frames", "0"], "--frames"),
        ([], "NAME"),
    ],
)
def test_unknown_attack_or_option_is_exit_2(desk, args, text):
    """An unknown name, or an attack that cannot run: exit 2 and one line."""
    (line,) = desk.run("attack", "run", *args, code=2).stderr.splitlines()
    assert text in line


def test_attack_that_does_not_pass_is_exit_3(desk, monkeypatch):
    """A SecY that delivers everything is detected: exit 3, with the differences."""
    monkeypatch.setattr(SecY, "validate", SecY.protect)
    result = desk.run("attack", "run", "all", *FEW, code=3)
    assert "failed  wiretap: B delivered 0 frames, not the 20 it must" in result.stdout
    assert result.stderr == f"macsec: {len(ATTACKS)} attacks: {len(ATTACKS)} failed\n"
    found = desk.json("attack", "run", "replay", "--seed", "1", code=3)
    (attack,) = found["attacks"]
    assert attack["passed"] is False
    assert attack["expected"]["InPktsLate"] == 40
    assert "InPktsLate" not in attack["observed"]
    assert attack["faults"]


def test_counter_that_differs_is_shown_with_the_expected_one(desk, monkeypatch):
    """The table has the observed and the expected value."""
    monkeypatch.setattr(SecY, "counters", property(lambda _: {"InPktsOK": 7}))
    text = desk.run("attack", "run", "all", "--seed", "1", *FEW, code=3).stdout
    assert "InPktsOK 14 (expected 20)" in text
    text = desk.run("attack", "run", "replay", "--seed", "1", code=3).stdout
    assert "failed  replay: the counters of A differ" in text


def test_no_output_has_a_sak(outputs):
    """Neither text nor JSON has a SAK of the run."""
    text = "".join(result.output for result in outputs.values())
    for name in ATTACKS:
        with Scene(name, Setting(seed=SEED)) as scene:
            assert scene.draw("sak sak", 16).hex() not in text
