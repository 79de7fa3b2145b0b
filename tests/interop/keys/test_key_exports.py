"""Exports, read by their programs: Wireshark, wpa_supplicant, systemd-networkd, ip."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.services.wireshark import dissected, needs

from macsec import captures

PCAPS = Path(__file__).parents[3] / "pcaps"
MACSEC = [sys.executable, "-m", "macsec"]
SAK = "c0ffee00decafbad0123456789abcdef"
LINK = f"""\
secy: {{encrypt: on}}
tx: {{sci: 5254001301560001, sa: {{0: {{key: {SAK}}}}}}}
rx: [{{sci: 5254001301570001, sa: {{0: {{key: {SAK}}}}}}}]
"""
BARE = LINK.replace("encrypt: on", "encrypt: off")
AGREED = f"mka: {{cak: {SAK}, ckn: 11223344, priority: 5}}\n"


def exported(folder: Path, name: str, config: str, out: str) -> Path:
    """Return the export of a configuration."""
    (folder / "link.yaml").write_text(config)
    (folder / "link.yaml").chmod(0o600)
    command = [*MACSEC, "keys", "export", "--to", name, "-c", "link.yaml", "-o", out]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / out


@pytest.fixture
def clear() -> list[bytes]:
    """Return frames in clear."""
    with captures.read(PCAPS / "icmp.pcap") as reader:
        return [frame for batch in reader for frame in batch.frames()]


def protected(folder: Path) -> Path:
    """Return a capture of the same frames, as the link sends them."""
    command = [*MACSEC, "protect", "-q", "-c", "link.yaml", str(PCAPS / "icmp.pcap"), "wire.pcap"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / "wire.pcap"


def test_wireshark_decrypts_with_the_export(tmp_path: Path, clear: list[bytes]) -> None:
    """With the export as its profile it finds each frame's octets."""
    profile = exported(tmp_path, "wireshark", LINK, "profile")
    frames = dissected(profile, protected(tmp_path))
    assert len(frames) == len(clear)
    for seen, frame in zip(frames, clear, strict=True):
        decrypted = [data for name, data in seen["sources"].items() if name.startswith("Decrypted")]
        assert decrypted == [frame[12:].hex()]


def test_wireshark_verifies_the_icv(tmp_path: Path, clear: list[bytes]) -> None:
    """Integrity only: the ICV is good, and bad after one bit has changed."""
    profile = exported(tmp_path, "wireshark", BARE, "profile")
    wire = protected(tmp_path)

    def good(seen: dict[str, Any]) -> bool:
        return "macsec.auth_status == 1" in [name for name, _ in seen["labels"]]

    assert [good(seen) for seen in dissected(profile, wire)] == [True] * len(clear)
    octets = bytearray(wire.read_bytes())
    octets[-1] ^= 1
    wire.write_bytes(octets)
    assert [good(seen) for seen in dissected(profile, wire)] == [True] * (len(clear) - 1) + [False]


def test_wireshark_decrypts_nothing_with_another_key(tmp_path: Path) -> None:
    """So the tests above can fail."""
    other = LINK.replace(SAK, "0" * 31 + "1")
    profile = exported(tmp_path, "wireshark", other, "profile")
    (tmp_path / "link.yaml").write_text(LINK)
    frames = dissected(profile, protected(tmp_path))
    assert frames
    assert not any(name.startswith("Decrypted") for seen in frames for name in seen["sources"])


@pytest.mark.parametrize("broken", [False, True])
def test_wpa_supplicant_reads_the_export(tmp_path: Path, broken: bool) -> None:
    """Version 2.10 ends for lack of a driver, which comes after the file; a broken file ends it."""
    needs("wpa_supplicant")
    path = exported(tmp_path, "wpa_supplicant", AGREED, "wpa.conf")
    if broken:
        path.write_text(path.read_text().replace("mka_cak=", "mka_cake="))
    command = ["wpa_supplicant", "-D", "macsec_linux", "-i", "none0", "-c", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode
    assert ("Failed to read or parse configuration" in done.stdout) == broken
    assert ("Failed to initialize driver" in done.stdout) == (not broken)


NETWORKD = "/lib/systemd/systemd-networkd"
IN_A_NAMESPACE = """\
set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/network
"$PYTHON" -m macsec keys export --to systemd -q -c "$1" -o /run/systemd/network
chmod 755 /run/systemd/network
chgrp systemd-network /run/systemd/network/*.key && chmod 640 /run/systemd/network/*.key
[ -z "$2" ] || sed -i "s/$2/Odd&/" /run/systemd/network/macsec0.netdev
exec timeout 60 env SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=debug "$3"
"""


@pytest.mark.parametrize("broken", ["", "PacketNumber="])
def test_networkd_reads_the_export(tmp_path: Path, broken: str) -> None:
    """systemd-networkd loads the device and its keys without complaint; a broken file has one."""
    if not Path(NETWORKD).exists():
        pytest.skip("systemd-networkd is not installed")
    if os.geteuid():
        pytest.skip("needs root, for a mount namespace")
    needs("unshare")
    config = tmp_path / "link.yaml"
    config.write_text(LINK)
    config.chmod(0o600)
    shell = ["unshare", "-nm", "sh", "-c", IN_A_NAMESPACE, "sh", str(config), broken, NETWORKD]
    lines = []
    environment = {**os.environ, "PYTHON": sys.executable}
    with subprocess.Popen(
        shell, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "Enumeration completed" in line:
                break
        process.terminate()
    ours = [line for line in lines if "macsec" in line]
    assert any('macsec0: loaded "macsec"' in line for line in ours), lines
    complaints = [line for line in ours if 'loaded "macsec"' not in line]
    assert bool(complaints) == bool(broken), complaints


def test_ip_reads_the_export(tmp_path: Path) -> None:
    """`ip -batch` takes the line of the device; only a kernel may refuse it."""
    needs("ip", "unshare")
    if os.geteuid():
        pytest.skip("needs root, for a network namespace")
    script = exported(tmp_path, "ip-macsec", LINK, "macsec.sh")
    lines = [line.removeprefix("ip ") for line in script.read_text().splitlines()]
    link = next(line for line in lines if line.startswith("link add"))
    for line, complaint in ((link, False), (link.replace("encodingsa", "encodingsan"), True)):
        batch = f"link add eth0 type veth\n{line}\n"
        done = subprocess.run(
            ["unshare", "-n", "ip", "-batch", "-"],
            input=batch,
            capture_output=True,
            text=True,
            timeout=60,
        )
        # A kernel without MACsec says so; a line that ip cannot read never reaches the kernel.
        by_kernel = "Unknown device type" in done.stderr or "RTNETLINK" in done.stderr
        assert (done.returncode != 0 and not by_kernel) == complaint, done.stderr
