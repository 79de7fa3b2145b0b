"""`macsec keys scan`: a line for each key, never the key; exit 3 if there is one."""

from __future__ import annotations

from pathlib import Path

KEY = "2b7e151628aed2a6abf7158809cf4f3c"


def test_a_key_is_reported_with_its_place_and_not_shown(desk) -> None:
    """The exit code stops a commit."""
    bad = desk.path("bad.yaml")
    Path(bad).write_text(f"mka:\n  ckn: 11\n  cak: {KEY}\n")
    good = desk.path("good.yaml")
    Path(good).write_text("mka: {ckn: 11, cak: file:cak.hex}\n")
    done = desk.run("keys", "scan", bad, good, code=3)
    assert done.stdout == f"{bad}:3: key in clear (macsec, systemd)\n"
    assert KEY not in done.stdout + done.stderr


def test_no_files_and_binary_files_are_no_fault(desk) -> None:
    """A hook may be called with nothing, or with any octets."""
    octets = Path(desk.path("octets"))
    octets.write_bytes(b"\xff\x00\x01")
    assert desk.run("keys", "scan").stdout == ""
    assert desk.run("keys", "scan", str(octets)).stdout == ""


def test_a_file_of_a_windows_editor_is_read(desk) -> None:
    """UTF-16 by its mark, as configurations are read."""
    path = Path(desk.path("wide.yaml"))
    path.write_bytes(f"mka: {{ckn: 11, cak: {KEY}}}\n".encode("utf-16"))
    assert "wide.yaml:1: key in clear" in desk.run("keys", "scan", str(path), code=3).stdout


def test_a_file_that_cannot_be_read_is_wrong_usage(desk) -> None:
    """A missing file and a folder, as in the other verbs."""
    for name, reason in (("none.yaml", "No such file"), (".", "Is a directory")):
        done = desk.run("keys", "scan", name, code=2)
        assert done.stderr.startswith(f"macsec: cannot read {name}: {reason}")
