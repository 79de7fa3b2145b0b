"""The lab that a verb acts on: never another user's or folder's by default."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from macsec.cli.lab import choice, reach
from macsec.cli.lab.choice import account, folder_of, labs_up, name_for, own, user, working_folder
from macsec.errors import ConfigError, MACsecError
from macsec.live.local.lab_state import Published, RunningLab


def lab(uid: int, cwd: str, topology: str = "two") -> RunningLab:
    """Return a lab that a user started from a folder."""
    return RunningLab(os.getpid(), topology, {}, uid, cwd)


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., ExitStack]:
    """Return a function that publishes labs by their names, until the end of a block."""
    monkeypatch.setattr(choice, "DEFAULT", str(tmp_path / "run"))

    def published(**labs: RunningLab) -> ExitStack:
        with ExitStack() as stack:
            for name, each in labs.items():
                state = Published(str(tmp_path / "run" / "labs" / name))
                stack.enter_context(state).publish(each, {})
            return stack.pop_all()

    return published


def refused() -> str:
    """Fail: no default was asked for."""
    raise AssertionError("the default name is not needed")


def test_a_named_lab_has_a_folder_of_its_own():
    """A name that is a path is refused, and so are a name and a folder."""
    assert folder_of("/tmp/lab", None, refused) == "/tmp/lab"
    assert folder_of(None, "east", refused) == "/run/macsec/labs/east"
    assert folder_of(None, None, lambda: "ring") == "/run/macsec/labs/ring"
    for wrong in ("", "..", "a/b", "a b", "x" * 33):
        with pytest.raises(click.UsageError, match="letters, digits"):
            folder_of(None, wrong, refused)
    with pytest.raises(click.UsageError, match="either"):
        folder_of("/tmp/lab", "east", refused)


@pytest.mark.parametrize(
    "topology, name",
    [
        ("two-regions", "two-regions"),
        ("labs/two.v2.yaml", "two-v2"),
        ("my löb", "my-l-b"),
        ("x" * 40, "x" * 32),
        ("labs/", "lab"),
    ],
)
def test_a_lab_has_the_name_of_its_topology(topology, name):
    """As far as it is a name; `folder_of` takes each."""
    assert name_for(topology) == name
    assert folder_of(None, name, refused).endswith(f"/{name}")


def test_labs_that_are_up_are_listed_by_name(publish):
    """One that is down is left out."""
    assert labs_up() == {}
    ring, two = lab(0, "/", "ring"), lab(1, "/")
    with publish(ring=ring, east=two):
        assert labs_up() == {"east": two, "ring": ring}
        shown = CliRunner().invoke(reach.listing).output.splitlines()
        assert shown[1] == f"up\tring\tring\tprocess {os.getpid()}\t{account(0)}\t/"
    assert labs_up() == {}


def test_only_the_own_lab_is_taken_by_default(monkeypatch, tmp_path):
    """Of the same user and the same folder; all others are names to choose from."""
    monkeypatch.chdir(tmp_path)
    here, me, other = str(tmp_path), user(), user() + 1
    mine, theirs, elsewhere = lab(me, here), lab(other, here), lab(me, "/elsewhere")
    assert own({"a": theirs, "b": elsewhere, "c": mine}) == "c"
    with pytest.raises(MACsecError, match="no lab is up; macsec lab up") as none:
        own({})
    assert none.value.exit_code == 1
    with pytest.raises(ConfigError, match=r"no lab is up that .* by --name: a .*, b ") as others:
        own({"a": theirs, "b": elsewhere})
    assert others.value.exit_code == 2
    with pytest.raises(ConfigError, match=r"2 labs are up that .* by --name: a .*, b .*, c "):
        own({"a": mine, "b": mine, "c": theirs})


@pytest.mark.parametrize(
    "uid, environment, expected",
    [
        (0, {"SUDO_UID": "1000"}, 1000),
        (0, {}, 0),
        (0, {"SUDO_UID": "root"}, 0),
        (1001, {"SUDO_UID": "0"}, 1001),
    ],
)
def test_the_user_under_sudo_is_the_one_that_called_it(monkeypatch, uid, environment, expected):
    """Another user cannot claim to be root by a variable."""
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.delenv("SUDO_UID", raising=False)
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    assert user() == expected


def test_a_link_and_its_folder_are_one_folder(monkeypatch, tmp_path):
    """The shell's name for it does not count; a folder that is gone matches none."""
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    monkeypatch.chdir(tmp_path / "link")
    assert working_folder() == str(real)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert working_folder() == ""
    with pytest.raises(ConfigError, match="no lab is up that"):
        own({"a": lab(user(), "")})


VERBS = {
    "execute": (reach.execute, ["web", "--", "true"]),
    "status": (reach.status, []),
    "down": (reach.down, []),
}


@pytest.mark.parametrize("verb, words", VERBS.values(), ids=VERBS)
def test_no_verb_acts_on_another_lab(monkeypatch, publish, verb, words):
    """It prints the names; the lab of this process is not ended."""
    monkeypatch.setattr(choice, "require_root", lambda: None)
    with publish(east=lab(user() + 1, os.getcwd())):
        result = CliRunner().invoke(verb, words)
        assert isinstance(result.exception, ConfigError)
        assert "take one by --name: east" in str(result.exception)
        assert list(labs_up()) == ["east"]


@pytest.mark.parametrize("verb, words", VERBS.values(), ids=VERBS)
def test_help_says_on_which_lab_a_verb_acts(verb, words):
    """In the words of the rule."""
    shown = " ".join(CliRunner().invoke(verb, ["--help"]).output.split())
    assert " ".join(choice.RULE.split()) in shown
    assert "--name" in shown


def test_labs_of_other_versions_do_not_end_the_list(publish, tmp_path):
    """One without user and folder has a line and is no default; one without sense a warning."""
    facts = tmp_path / "run" / "labs"
    with publish(older=lab(1, "/x"), newer=lab(1, "/y"), strange=lab(1, "/z"), ours=lab(1, "/")):
        old = {"pid": 7, "topology": "ring", "places": {}}
        (facts / "older" / "lab.json").write_text(json.dumps(old))
        new = {**old, "user": 1, "cwd": "/y", "more": 1}
        (facts / "newer" / "lab.json").write_text(json.dumps(new))
        for text in ("[]", "{", '{"pid": "x", "topology": "y", "places": {}}', "{}"):
            (facts / "strange" / "lab.json").write_text(text)
            done = CliRunner().invoke(reach.listing)
            lines = [line.split("\t") for line in done.stdout.splitlines()]
            assert [each[1] for each in lines if each[0] == "up"] == ["newer", "older", "ours"]
            assert ["up", "older", "ring", "process 7", "user unknown", ""] in lines
            assert "another version of macsec started this lab" in done.stderr
        labs = labs_up()
    assert labs.keys() == {"older", "newer", "ours"}
    with pytest.raises(ConfigError, match="no lab is up that"):
        own({"older": labs["older"]})
