"""Files appear whole or not at all, and nothing left by an earlier run is in the way."""

from __future__ import annotations

import contextlib
import errno
import os
from functools import partial
from pathlib import Path

import pytest

from macsec.errors import ConfigError, MACsecError
from macsec.whole_file import WholeFile, make_folder, refuse_unwritable, write_whole


def names(folder: Path) -> list[str]:
    """Names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def full(*_: object) -> None:
    """Fail as a system call does on a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_full_disk_names_the_file_and_keeps_the_old(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the disk runs full, the old file stays, and the error names it."""
    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr(os, call, full)
    with pytest.raises(MACsecError) as caught:
        write_whole(path, "new")
    assert str(caught.value) == f"cannot write {path}: No space left on device"
    assert caught.value.exit_code == 1
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.html"]


@pytest.mark.parametrize("mode", [None, 0o600])
@pytest.mark.parametrize("new", [True, False])
def test_stale_temporaries_never_block(mode: int | None, new: bool, tmp_path: Path) -> None:
    """Any number of files that killed runs with this process id have left is passed over."""
    stale = [f".f.tmp-{os.getpid()}{end}" for end in ["", *(f"-{n}" for n in range(1, 150))]]
    for name in stale:
        (tmp_path / name).write_text("half")
    write_whole(tmp_path / "f", "whole", mode=mode, new=new)
    assert (tmp_path / "f").read_text() == "whole"
    assert names(tmp_path) == sorted([*stale, "f"])


@pytest.mark.parametrize("where", ["missing/f", "file/f", ".", "", "f\0"])
def test_name_that_cannot_be_written_is_the_callers_mistake(where: str, tmp_path: Path) -> None:
    """A name at which no file can be made is a ConfigError, exit code 2, and leaves nothing."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as caught:
        write_whole(f"{tmp_path}/{where}" if where else "", "text")
    assert caught.value.exit_code == 2
    assert names(tmp_path) == ["file"]


def test_dash_is_no_name_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stdout is refused where a file is expected: a file `-` would hold keys, or hide."""
    monkeypatch.chdir(tmp_path)
    for make in (partial(write_whole, contents="text"), refuse_unwritable, make_folder):
        with pytest.raises(ConfigError, match=r"\A-: expected a f"):
            make("-")
    assert names(tmp_path) == []


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_folder_that_cannot_be_made_is_the_callers_mistake(where: str, tmp_path: Path) -> None:
    """A folder in the place of a file is a ConfigError that names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=f"cannot write {tmp_path}/{where}: "):
        make_folder(tmp_path / where)


def test_folders_above_are_made_too(tmp_path: Path) -> None:
    """All folders of a path are made, and a second call finds them."""
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_exception_discards_the_file(tmp_path: Path) -> None:
    """Octets written before an exception are gone."""
    with contextlib.suppress(KeyError), WholeFile(tmp_path / "f") as file:
        file.write(b"half")
        assert names(tmp_path) == [f".f.tmp-{os.getpid()}"]
        raise KeyError
    assert names(tmp_path) == []


def test_existing_name_is_refused_before_the_write(tmp_path: Path) -> None:
    """A file that must be new is refused where one is, a link to nowhere included."""
    (tmp_path / "f").symlink_to("nowhere")
    with pytest.raises(ConfigError, match="exists"):
        WholeFile(tmp_path / "f", mode=0o600, new=True)
    assert names(tmp_path) == ["f"]


def test_unwritable_name_is_refused_before_the_work(tmp_path: Path) -> None:
    """A folder that is missing is refused at once; a name that can be written is left as it was."""
    with pytest.raises(ConfigError, match=r"none/report\.html"):
        refuse_unwritable(str(tmp_path / "none" / "report.html"))
    refuse_unwritable(str(tmp_path / "report.html"))
    refuse_unwritable(None)
    os.mkfifo(tmp_path / "pipe")
    refuse_unwritable(str(tmp_path / "pipe"))
    assert os.listdir(tmp_path) == ["pipe"]
