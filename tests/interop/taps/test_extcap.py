"""Wireshark's programs capture through `macsec extcap`: decrypted pings of two taps."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from support.real import hosts
from support.real.hosts import Host
from support.real.taps import CKN, Tap, mka_configuration

from macsec import captures

pytest.importorskip("macsec._native", reason="the native data plane is not built")

CAK = "31" * 16


def test_pings_of_two_taps_are_decrypted_for_tshark(tmp_path: Path) -> None:
    """Both directions in clear, with SCI and PN as a comment, while they pass."""
    hosts.need("tshark", "dumpcap", "ping")
    keys = tmp_path / "caks.yaml"
    keys.touch(0o600)
    keys.write_text(f"{CKN}: {CAK}\n")
    home = tmp_path / "home"
    with hosts.hosts(tmp_path) as (a, b):
        hosts.cable(a, b)
        environment = {"HOME": str(home), "PATH": hosts.SYSTEM_PATH}
        for folder in (".local/lib/wireshark/extcap", ".config/wireshark/extcap"):
            a.run(*_macsec("extcap", "--install", "--folder", str(home / folder)))
        listed = a.run("tshark", "-D", env=environment)
        assert "macsec-wire (MACsec, decrypted: wire)" in listed
        seen = tmp_path / "seen.pcapng"
        shark = a.start(
            *(
                "tshark",
                "-i",
                "macsec-wire",
                "-w",
                str(seen),
                "-o",
                f"extcap.macsec_wire.keys:{keys}",
            ),
            env=environment,
        )
        hosts.until(lambda: seen.exists() and seen.stat().st_size > 0, "a capture", shark)
        taps = [_tap(host, tmp_path, at) for at, host in enumerate((a, b))]
        hosts.until(lambda: all(tap.secured for tap in taps), "secured")
        a.run("ping", "-c", "6", "-i", "0.2", "10.6.0.2")
        hosts.until(lambda: _replies(seen) >= 3, "replies in the capture", shark)
        shark.send_signal(signal.SIGINT)
        shark.wait(30)
        for tap in taps:
            tap.close()
    assert b"MACsec ok, InPktsOK (802.1AE 10.6.5): SCI " in seen.read_bytes()


def _macsec(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "macsec", *words)


def _tap(host: Host, folder: Path, at: int) -> Tap:
    config = mka_configuration(folder / f"{at}.yaml", CAK, 10 + at)
    return Tap(host, "wire", config, f"10.6.0.{at + 1}")


def _replies(path: Path) -> int:
    """Count the clear echo replies of a capture that may still grow."""
    with captures.read(str(path)) as reader:
        frames = [frame for batch in reader for frame in batch]
    return sum(f[12:14] == b"\x08\x00" and f[23] == 1 and f[34] == 0 for f in frames)
