"""Locks of this machine: one process at a time sends under a key and SCI."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.custody import InUse, member_name, nonce_names
from macsec.custody.record import Nonces
from macsec.errors import MACsecError
from macsec.suites import SUITES

NAME = "0123456789abcdef-0200000000010001"
WHAT = "this key and SCI 0200000000010001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the locks, which does not exist yet."""
    return tmp_path / "run" / "in-use"


def test_second_holder_is_refused_until_the_first_closes(folder: Path) -> None:
    """The message names the process and what it uses; the files go with their holder."""
    with InUse(folder) as first, InUse(folder) as second:
        first.take({NAME, "another"}, WHAT)
        first.take({NAME}, WHAT)  # again, by the same holder
        message = rf"another process \(pid {os.getpid()}\) uses {WHAT}.*the same nonces"
        with pytest.raises(MACsecError, match=message):
            second.take({NAME}, WHAT)
        first.close()
        second.take({NAME}, WHAT)
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o077 == 0


def test_file_that_a_dead_process_left_does_not_block(folder: Path) -> None:
    """The lock ended with its process; what the file says is of no matter."""
    folder.mkdir(parents=True, mode=0o700)
    (folder / f"{NAME}.lock").write_text("1\n")
    with InUse(folder) as locks:
        locks.take({NAME}, WHAT)
        assert (folder / f"{NAME}.lock").read_text() == f"{os.getpid()}\n"


def test_lock_on_a_file_that_was_removed_is_taken_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder removed the file between open and lock: another process may have a new one."""
    real, removed = fcntl.flock, []

    def after_removal(file: int, how: int) -> None:
        if not removed:
            removed.append(file)
            (folder / f"{NAME}.lock").unlink()
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", after_removal)
    with InUse(folder) as first, InUse(folder) as second:
        first.take({NAME}, WHAT)
        with pytest.raises(MACsecError, match="another process"):
            second.take({NAME}, WHAT)


def others_can_write(folder: Path) -> None:
    """Make a folder that others can write to."""
    folder.mkdir(parents=True)
    folder.chmod(0o777)


def link_elsewhere(folder: Path) -> None:
    """Make the name of the folder a link to a private one."""
    elsewhere = folder.parent.parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder.parent.mkdir()
    folder.symlink_to(elsewhere)


def a_file(folder: Path) -> None:
    """Make a file in the place of the folder."""
    folder.parent.mkdir()
    folder.touch()


@pytest.mark.parametrize("make", [others_can_write, link_elsewhere, a_file])
def test_unsafe_folder_gives_a_warning_and_no_locks(
    make: Any, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Loudly: a second process would not be noticed."""
    make(folder)
    with InUse(folder) as locks:
        locks.take({NAME}, WHAT)
    assert f"{folder}: cannot keep locks there" in caplog.text
    assert "would repeat nonces unnoticed" in caplog.text


SALTS = st.binary(min_size=12, max_size=12)
SCIS = st.integers(0, 3)


@given(
    suite=st.sampled_from(sorted(SUITES)),
    scis=st.tuples(SCIS, SCIS),
    sscis=st.tuples(SCIS, SCIS),
    salts=st.tuples(SALTS, SALTS) | SALTS.map(lambda salt: (salt, salt)),
)
def test_sas_that_could_share_a_nonce_share_a_lock(
    suite: str, scis: tuple[int, int], sscis: tuple[int, int], salts: tuple[bytes, bytes]
) -> None:
    """And SAs of one key and SCI; no more than that."""
    cipher = SUITES[suite]
    ivs = [cipher.iv(scis[at], 0, sscis[at], salts[at]) for at in (0, 1)]
    nonces = [Nonces("k" * 16, f"{scis[at]:016x}", suite, ivs[at].hex()) for at in (0, 1)]
    names = [nonce_names(of.key, of.sci, cipher, ivs[at]) for at, of in enumerate(nonces)]
    meet = nonces[0].meets(nonces[1]) or scis[0] == scis[1]
    assert meet <= bool(names[0] & names[1])
    if not cipher.xpn:
        assert meet == bool(names[0] & names[1])


def test_member_of_a_ca_is_named_by_ckn_and_sci() -> None:
    """The name holds no CKN, whose length and octets are the user's."""
    assert member_name(b"a", 1) != member_name(b"b", 1) != member_name(b"b", 2)
    assert member_name(b"\xab" * 32, 0x0200_0000_0001_0001).endswith("-0200000000010001")
    assert "abab" not in member_name(b"\xab" * 32, 1)
