"""Files of secrets: whole, private, never over another."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from macsec.config.private import write_private
from macsec.errors import ConfigError, MACsecError


def test_private_file_has_mode_0600(tmp_path: Path) -> None:
    """Mode 0600 under any umask, and no other file beside it."""
    before = os.umask(0)
    try:
        write_private(tmp_path / "f", b"secret")
    finally:
        os.umask(before)
    assert (tmp_path / "f").read_bytes() == b"secret"
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_public_file_keeps_its_mode(tmp_path: Path) -> None:
    """A file that all may read has its mode under any umask."""
    before = os.umask(0o077)
    try:
        write_private(tmp_path / "f", b"plain", 0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o644


def test_file_that_appears_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is taken after the first look stays with who took it."""
    (tmp_path / "f").write_bytes(b"other")
    monkeypatch.setattr(os.path, "lexists", lambda _: False)
    with pytest.raises(ConfigError, match="exists"):
        write_private(tmp_path / "f", b"secret")
    assert (tmp_path / "f").read_bytes() == b"other"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("link", [False, True])
def test_existing_file_is_never_overwritten(tmp_path: Path, link: bool) -> None:
    """Not over a file, nor through a symbolic link; unless it is to be replaced."""
    path = tmp_path / "f"
    if link:
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.write_bytes(b"other")
    with pytest.raises(ConfigError, match="exists"):
        write_private(path, b"secret")
    assert not (tmp_path / "elsewhere").exists()
    write_private(path, b"secret", replace=True)
    assert path.read_bytes() == b"secret"
    assert not path.is_symlink()


def test_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays, and no half-written one beside it."""
    path = tmp_path / "f"
    path.write_bytes(b"other")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MACsecError, match="No space left") as caught:
        write_private(path, b"secret", replace=True)
    assert caught.value.exit_code == 1
    assert path.read_bytes() == b"other"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
