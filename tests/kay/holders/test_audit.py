"""The audit log: one appended line for each use, without secrets."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from macsec.errors import ConfigError, CustodyError, MACsecError
from macsec.kay.holders.audit import AuditedHolder, AuditLog
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.keys import Key

CANARY = bytes.fromhex("c0ffee00decafbad0123456789abcdef")
CKN = b"\x11\x22"
NONCE = bytes(range(16))


def audited(log: AuditLog, holder: Any = None) -> AuditedHolder:
    """Return a holder under audit."""
    return AuditedHolder(holder or MemoryHolder(Key(CANARY), CKN), log)


def lines(path: Path) -> list[dict[str, str]]:
    """Return the lines of the log."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_use_is_one_line_without_secrets(tmp_path: Path) -> None:
    """Time, process, CAK, operation and result."""
    path, times = tmp_path / "audit.jsonl", iter(range(10**18, 10**18 + 99))
    holder = audited(AuditLog(path, lambda: next(times), "tap eth0"))
    sak = holder.sak(NONCE, [bytes(12)], 1, 16)
    assert holder.unwrap(holder.wrap(sak)) == sak
    assert holder.unwrap(bytes(24)) is None
    assert holder.icv_valid(b"m", holder.icv(b"m"))
    assert not holder.icv_valid(b"m", bytes(16))
    logged = [(line["operation"], line["result"]) for line in lines(path)]
    assert logged == [
        ("derive-kek-ick", "ok"),
        ("derive-sak", "ok"),
        ("wrap", "ok"),
        ("unwrap", "ok"),
        ("unwrap", "refused"),
        ("icv", "ok"),
        ("icv-check", "ok"),
        ("icv-check", "refused"),
    ]
    assert [line["time_ns"] for line in lines(path)] == [str(10**18 + at) for at in range(8)]
    assert {(line["who"], line["ckn"]) for line in lines(path)} == {("tap eth0", "1122")}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secrets = {"CAK": CANARY, "SAK": sak.expose(), "nonce": NONCE}
    for name, secret in secrets.items():
        assert secret.hex() not in path.read_text().lower(), name
    assert "c0ffee" not in repr(holder)


def test_second_run_appends_to_the_log(tmp_path: Path) -> None:
    """The lines of the first stay."""
    path = tmp_path / "audit.jsonl"
    for who in ("one", "two"):
        audited(AuditLog(path, lambda: 1, who)).icv(b"")
    assert [line["who"] for line in lines(path)] == ["one", "one", "two", "two"]


def test_failed_use_is_logged_and_raised(tmp_path: Path) -> None:
    """The log has the result `failed`."""

    class Failing(MemoryHolder):
        def icv(self, octets: bytes) -> bytes:
            raise MACsecError("token: DeviceRemoved")

    log = AuditLog(tmp_path / "a", lambda: 1, "x")
    with pytest.raises(MACsecError, match="DeviceRemoved"):
        audited(log, Failing(Key(CANARY), CKN)).icv(b"")
    assert [line["result"] for line in lines(tmp_path / "a")] == ["ok", "failed"]


def test_use_that_cannot_be_logged_gives_no_result(tmp_path: Path) -> None:
    """A full disk, or a folder in place of the log."""
    with pytest.raises(MACsecError, match="No space left"):
        audited(AuditLog("/dev/full", lambda: 1, "x"))
    log = AuditLog(tmp_path / "a", lambda: 1, "x")
    holder = audited(log)
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    for use in (lambda: holder.icv(b""), lambda: holder.sak(NONCE, [], 1, 16)):
        with pytest.raises(MACsecError, match="cannot write it"):
            use()


def test_linked_log_and_copied_holder_are_refused(tmp_path: Path) -> None:
    """A link is not followed; a holder is not copied."""
    import copy

    (tmp_path / "a").symlink_to(tmp_path / "b")
    with pytest.raises(ConfigError, match="cannot open the audit log"):
        AuditLog(tmp_path / "a", lambda: 1, "x")
    with pytest.raises(CustodyError):
        copy.copy(audited(AuditLog(tmp_path / "c", lambda: 1, "x")))
