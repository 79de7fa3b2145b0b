"""Programs, folders and environments that another user could have prepared."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from macsec import trust
from macsec.errors import ConfigError

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="another owner needs root")


@pytest.fixture
def here(tmp_path):
    """A folder with a program `tool` and a folder below."""
    tool = tmp_path / "bin" / "tool"
    tool.parent.mkdir(mode=0o755)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    return tool


def test_a_file_of_ours_below_a_sticky_folder_is_trusted(here, tmp_path):
    """As /tmp is: others can add files there, and not replace ours."""
    tmp_path.chmod(0o1777)
    assert trust.trusted(here)


CHANGES = {
    "the file can be written by all": lambda tool: tool.chmod(0o777),
    "its folder can be written by all": lambda tool: tool.parent.chmod(0o777),
    "the folder above can be written by all": lambda tool: tool.parent.parent.chmod(0o777),
    "it is not there": lambda tool: tool.unlink(),
}
OWNERS = {
    "the file is another user's": lambda tool: os.chown(tool, 4711, -1),
    "its folder is another user's": lambda tool: os.chown(tool.parent, 4711, -1),
    "the folder above is another user's": lambda tool: os.chown(tool.parent.parent, 4711, -1),
}


@pytest.mark.parametrize("change", [*CHANGES.values()], ids=[*CHANGES])
def test_what_others_can_change_is_not_trusted(here, change):
    """By its mode, or that of a folder on the way."""
    change(here)
    assert not trust.trusted(here)


@as_root
@pytest.mark.parametrize("change", [*OWNERS.values()], ids=[*OWNERS])
def test_what_others_own_is_not_trusted(here, change):
    """The owner of a folder can rename what is in it."""
    change(here)
    assert not trust.trusted(here)


def test_a_link_is_as_good_as_its_target(here, tmp_path):
    """A trusted folder may hold links to anywhere."""
    link = tmp_path / "link"
    link.symlink_to(here)
    assert trust.trusted(link)
    here.parent.chmod(0o777)
    assert not trust.trusted(link)


@pytest.mark.parametrize("path", ["tool", "./tool", "bin/tool", ""])
def test_a_relative_path_is_not_trusted(here, monkeypatch, path):
    """It names another file in each folder."""
    monkeypatch.chdir(here.parent)
    assert not trust.trusted(path)


@pytest.mark.parametrize("path", ["{bin}", ".:{bin}", ":{bin}", "bin:{bin}"])
def test_a_program_is_found_in_trusted_folders_alone(here, monkeypatch, path):
    """Empty and relative folders of PATH are the current one."""
    monkeypatch.chdir(here.parent)
    monkeypatch.setenv("PATH", path.format(bin=here.parent))
    assert trust.program("tool") == str(here)
    here.parent.chmod(0o777)
    assert trust.program("tool") is None


def test_the_folders_of_the_system_are_always_searched(monkeypatch):
    """Users' PATHs often lack sbin."""
    monkeypatch.setenv("PATH", "")
    assert trust.program("sh") in ("/usr/bin/sh", "/bin/sh")


def test_a_program_by_its_path_has_to_be_trusted_too(here, monkeypatch):
    """As in CC."""
    monkeypatch.chdir(here.parent)
    assert trust.program(str(here)) == str(here)
    assert trust.program("./tool") is None


def test_programs_of_the_system_get_nothing_of_the_caller(monkeypatch):
    """No variable that makes them load other files."""
    monkeypatch.setenv("LD_PRELOAD_", "/nowhere.so")
    monkeypatch.setenv("IFS", "x")
    assert set(trust.environment()) == {"PATH", "LC_ALL"}


STEERING = ("LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "IFS")


def test_our_own_process_keeps_the_rest_of_the_environment(monkeypatch):
    """Keys may be there (`env:NAME`), and the identity for a vault."""
    for name in (*STEERING, "MY_CAK"):
        monkeypatch.setitem(os.environ, name, "/nowhere")
    given = trust.own_environment()
    assert given["MY_CAK"] == "/nowhere"
    assert not set(STEERING) & set(given)


def test_our_own_process_runs_no_package_of_the_current_folder(tmp_path):
    """A folder `macsec` that lies there is not run, even if PYTHONPATH names it."""
    bait = tmp_path / "macsec"
    bait.mkdir()
    for name in ("__init__.py", "__main__.py"):
        (bait / name).write_text("raise SystemExit(77)\n")
    done = subprocess.run(
        trust.ourselves("--version"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "macsec"), done.stderr
    assert done.args[0] == sys.executable


def test_a_folder_of_ours_passes(tmp_path):
    """Mode 0700, as it is made."""
    tmp_path.chmod(0o700)
    assert trust.check_own(str(tmp_path)) is None


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_folder_that_others_write_to_is_refused(tmp_path, mode):
    """Links and sockets there could be of any user."""
    tmp_path.chmod(mode)
    with pytest.raises(ConfigError, match="another user can write there"):
        trust.check_own(str(tmp_path))


@as_root
def test_a_folder_of_another_user_is_refused(tmp_path):
    """Even where its mode is right."""
    os.chown(tmp_path, 4711, -1)
    with pytest.raises(ConfigError, match="another user can write there"):
        trust.check_own(str(tmp_path))
