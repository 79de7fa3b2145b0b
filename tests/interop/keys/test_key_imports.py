"""Imports beside their programs: `ip` and a Linux kernel, and wpa_supplicant, say the same."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from interop.kernel_peer.bench import Bench
from interop.kernel_peer.kpeer import KernelPeer

from macsec.config import Configuration
from macsec.config.exchange import FORMATS
from macsec.errors import ConfigError

K1, K256, SALT = "81" * 16, "83" * 32, "83" * 12
LINK = "ip link add link eth0 name macsec0 type macsec sci 5254001301560001"
TX = f"ip macsec add macsec0 tx sa 0 pn 1 on key 01 {K1}"
RX = "ip macsec add macsec0 rx sci 5254001301570001"
XPN = f"xpn 5 salt {SALT} ssci 12 on key 01 {K1}"
CLEAN = "ip link del macsec0 2>/dev/null; true"


@pytest.fixture
def kernel(bench: Bench) -> KernelPeer:
    """Return a running kernel with its programs."""
    return bench.kernel


def imported(name: str, folder: Path, text: str) -> Configuration:
    """The configuration of a file."""
    (folder / "f").write_text(text)
    return FORMATS[name].read(folder / "f").config


TAKEN = {
    "defaults": [LINK],
    "options": [f"{LINK} encrypt on replay on window 32 validate check encodingsa 2 protect off"],
    "legacy name": [f"{LINK} cipher default icvlen 12"],
    "256": [f"{LINK} cipher GCM-AES-256", TX.replace(K1, K256)],
    "xpn": [f"{LINK} cipher gcm-aes-xpn-128", f"ip macsec add macsec0 tx sa 1 {XPN}", RX,
            f"{RX} sa 3 {XPN}"],
    "scb without send_sci": [f"{LINK} scb on"],
    "address and port": ["ip link add link eth0 name macsec0 address 02:00:00:00:00:09 type macsec "
                         "port 0x10 send_sci off end_station on"],
    "receive": [LINK, RX, f"{RX} sa 1 pn 7 key 02 {K1}", f"{RX.replace('570001', '570002')} off"],
    "set": [LINK, TX, "ip macsec set macsec0 tx sa 0 pn 500",
            "ip link set macsec0 type macsec encrypt on replay on window 5"],
    "set off": [LINK, TX, RX, "ip macsec set macsec0 tx sa 0 off",
                "ip macsec set macsec0 rx sci 5254001301570001 off"],
    "delete": [LINK, TX, TX.replace("sa 0", "sa 1"), RX, "ip macsec set macsec0 tx sa 0 off",
               "ip macsec del macsec0 tx sa 0", "ip macsec del macsec0 rx sci 5254001301570001"],
    "batch": [f"ip -batch - <<E\n{LINK[3:]}\n{TX[3:]}\nE"],
}  # fmt: skip


def switch(value: bool) -> str:
    """`on` or `off`."""
    return "on" if value else "off"


def seen(kernel: KernelPeer) -> dict[str, Any]:
    """The device as the kernel has it, by our names."""
    link = json.loads(kernel.ok("ip -j -d link show macsec0"))[0]["linkinfo"]["info_data"]
    shown = json.loads(kernel.ok("ip -j macsec show macsec0"))[0]

    def sas(listed: list[dict[str, Any]]) -> dict[int, Any]:
        return {sa["an"]: (sa["pn"] & 0xFFFFFFFF, bool(sa["active"])) for sa in listed}

    scs = {int(sc["sci"], 16): sas(sc.get("sa_list", [])) for sc in shown.get("rx_sc", [])}
    active = {int(sc["sci"], 16): bool(sc["active"]) for sc in shown.get("rx_sc", [])}
    return {
        "sci": int(link["sci"], 16),
        "cipher": link["cipher_suite"].lower(),
        "icv_length": link["icv_len"],
        "encodingsa": link["encoding_sa"],
        "validate": link["validation"],
        "switches": [bool(link[name]) for name in ("protect", "encrypt", "inc_sci", "es", "scb")],
        "replay": bool(link["replay_protect"]),
        "window": link.get("window", 0) if link["replay_protect"] else 0,
        "tx": sas(shown.get("sa_list", [])),
        "rx": scs,
        "active": active,
    }


def ours(config: Configuration) -> dict[str, Any]:
    """The same of an import."""
    secy, tx = config.secy, config.tx
    assert tx is not None

    def sas(given: Any) -> dict[int, Any]:
        return {an: (sa.pn & 0xFFFFFFFF, sa.enabled) for an, sa in given.items()}

    return {
        "sci": tx.sci,
        "cipher": secy.cipher,
        "icv_length": secy.icv_length,
        "encodingsa": secy.encodingsa,
        "validate": secy.validate_frames,
        "switches": [secy.protect, secy.encrypt, secy.send_sci, secy.end_station, secy.scb],
        "replay": secy.replay,
        "window": secy.window if secy.replay else 0,
        "tx": sas(tx.sa),
        "rx": {channel.sci: sas(channel.sa) for channel in config.rx},
        "active": {channel.sci: channel.enabled for channel in config.rx},
    }


@pytest.mark.parametrize("name", TAKEN)
def test_import_is_the_device_that_the_kernel_has(
    name: str, kernel: KernelPeer, tmp_path: Path
) -> None:
    """Every option, SC and SA, with its defaults."""
    text = "\n".join(TAKEN[name]) + "\n"
    kernel.sh(CLEAN)
    kernel.ok(f"set -e\n{text}")
    assert ours(imported("ip-macsec", tmp_path, text)) == seen(kernel)


REFUSED = [
    [f"{LINK} replay on"],
    [f"{LINK} window 5"],
    [f"{LINK} end_station on scb on"],
    [f"{LINK} send_sci on scb on"],
    [f"{LINK} send_sci off"],
    [f"{LINK} icvlen 7"],
    [f"{LINK} cipher Gcm-Aes-128"],
    [f"{LINK} cipher gcm-aes-xpn-128 replay on window 0x40000000"],
    [LINK, LINK],
    [LINK, LINK.replace("macsec0", "macsec1")],
    [LINK, "ip link set macsec0 type macsec cipher gcm-aes-256"],
    [LINK, TX, TX],
    [LINK, TX, "ip macsec del macsec0 tx sa 0"],
    [LINK, TX.replace("pn 1", "pn 0")],
    [LINK, TX.replace("pn 1 ", "")],
    [LINK, TX.replace(K1, K256)],
    [LINK, TX.replace("pn 1", "xpn 1")],
    [f"{LINK} cipher gcm-aes-xpn-128", TX],
    [LINK, f"{RX} sa 0 pn 1 key 01 {K1}"],
    [LINK, RX, RX],
    [LINK, "ip macsec set macsec0 tx sa 1 on"],
]


@pytest.mark.parametrize("lines", REFUSED, ids=lambda lines: lines[-1][:60])
def test_import_refuses_the_line_that_the_kernel_refuses(
    lines: list[str], kernel: KernelPeer, tmp_path: Path
) -> None:
    """The last line of each script; those before it are taken by both."""
    kernel.sh(CLEAN)
    for line in lines[:-1]:
        kernel.ok(line)
    status, _ = kernel.sh(lines[-1])
    assert status
    with pytest.raises(ConfigError, match=f"f:{len(lines)}: "):
        imported("ip-macsec", tmp_path, "\n".join(lines) + "\n")


CAK = "0011223344556677889900aabbccddee"
BLOCK = f"network={{\n key_mgmt=NONE\n macsec_policy=1\n mka_cak={CAK}\n mka_ckn=1122\n%s}}\n"
FILES = {
    "plain": (BLOCK % "", True),
    "comment behind a value": (BLOCK % " mka_priority=5 # x\n", True),
    "hex number": (BLOCK % " macsec_replay_window=0x40\n", True),
    "crlf": ((BLOCK % "").replace("\n", "\r\n"), True),
    "port 0": (BLOCK % " macsec_port=0\n", True),
    "globals": ("eapol_version=3\nap_scan=0\n" + BLOCK % "", True),
    "odd cak": ((BLOCK % "").replace(CAK, CAK[1:]), False),
    "quoted cak": ((BLOCK % "").replace(CAK, f'"{CAK}"'), False),
    "odd ckn": ((BLOCK % "").replace("1122", "112"), False),
    "word for a number": (BLOCK % " macsec_replay_protect=on\n", False),
    "priority 256": (BLOCK % " mka_priority=256\n", False),
    "policy 2": ((BLOCK % "").replace("policy=1", "policy=2"), False),
    "unknown field": (BLOCK % " mka_priorty=1\n", False),
    "no equals sign": (BLOCK % " mka_priority\n", False),
    "open block": ((BLOCK % "").replace("}", ""), False),
    "space before the brace": ((BLOCK % "").replace("={", " = {"), False),
    "field outside": ("mka_priority=1\n" + BLOCK % "", False),
    "a password file": ("root:x:0:0:root:/root:/bin/sh\n", False),
}


@pytest.mark.parametrize("name", FILES)
def test_import_reads_the_files_that_wpa_supplicant_reads(
    name: str, kernel: KernelPeer, tmp_path: Path
) -> None:
    """It ends for lack of the interface, which comes after the file."""
    text, taken = FILES[name]
    here = f"cat > /tmp/w.conf <<'END'\n{text}END\n"
    _, output = kernel.sh(f"{here}wpa_supplicant -D macsec_linux -i none0 -c /tmp/w.conf 2>&1")
    assert ("Failed to read or parse configuration" not in output) == taken, output
    result: Configuration | None = None
    with contextlib.suppress(ConfigError):
        result = imported("wpa_supplicant", tmp_path, text)
    assert (result is not None) == taken


USED = {
    "first": (BLOCK % "", 0x1122),
    "disabled first": (BLOCK % " disabled=1\n" + (BLOCK % "").replace("1122", "3344"), 0x3344),
    "no key_mgmt first": (
        (BLOCK % "").replace(" key_mgmt=NONE\n", "") + (BLOCK % "").replace("1122", "3344"), 0x3344,
    ),
    "two": (BLOCK % "" + (BLOCK % "").replace("1122", "3344"), 0x1122),
}  # fmt: skip


@pytest.mark.parametrize("name", USED)
def test_import_takes_the_block_that_wpa_supplicant_uses(
    name: str, kernel: KernelPeer, tmp_path: Path
) -> None:
    """Its debug output names the CKN of the participant that it makes."""
    text, ckn = USED[name]
    full = f"ap_scan=0\n{text}"
    here = f"cat > /tmp/w.conf <<'END'\n{full}END\n"
    program = "wpa_supplicant -dd -K -D macsec_linux -i eth0 -c /tmp/w.conf"
    _, output = kernel.sh(f"{here}ip link set eth0 up; timeout 4 {program} 2>&1")
    made = [line for line in output.splitlines() if "KaY" in line and "CKN" in line.upper()]
    assert any(f"{ckn:04x}" in line.replace(" ", "") for line in made), output[-3000:]
    config = imported("wpa_supplicant", tmp_path, full)
    assert config.mka is not None
    assert config.mka.ckn == ckn.to_bytes(2)


NETWORKD = "/lib/systemd/systemd-networkd"
IN_A_NAMESPACE = """\
set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/network
cp "$1"/*.netdev /run/systemd/network
chmod 755 /run/systemd/network
chmod 644 /run/systemd/network/*
exec timeout 60 env SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=debug "$2"
"""
SA = f"[MACsecTransmitAssociation]\nPacketNumber=1\nKeyId=00\nKey={K1}\n"
PEER = "Port=7\nMACAddress=02:00:00:00:00:02\n"
RXSA = f"[MACsecReceiveAssociation]\n{PEER}KeyId=00\nKey={K1}\n"
NETDEVS = {
    "plain": (f"[MACsec]\nPort=7\nEncrypt=yes\n{SA}Activate=yes\nUseForEncoding=1\n{RXSA}", True),
    "continued": ("[MACsec]\nEncrypt=\\\n# inside\n  t\n", True),
    "unset": ("[MACsec]\nEncrypt=\n" + SA + "Activate=\nUseForEncoding=\n", True),
    "spacedkey": (SA.replace(K1, K1[:8] + " " + K1[8:]), True),
    "hexport": ("[MACsec]\nPort=0x10\n", True),
    "channel": (f"[MACsecReceiveChannel]\n{PEER}{RXSA}{RXSA}", True),
    "maybe": ("[MACsec]\nEncrypt=maybe\n", False),
    "port0": ("[MACsec]\nPort=0\n", False),
    "nopn": (SA.replace("PacketNumber=1\n", ""), False),
    "pn0": (SA.replace("Number=1", "Number=0"), False),
    "nokey": (SA.replace(f"Key={K1}\n", ""), False),
    "longkey": (SA.replace(K1, K256), False),
    "relative": (SA.replace(f"Key={K1}", "KeyFile=k"), False),
    "fivetx": (5 * SA, False),
    "fiverx": (5 * RXSA, False),
    "twochannels": (2 * f"[MACsecReceiveChannel]\n{PEER}", False),
    "noaddress": ("[MACsecReceiveChannel]\nPort=1\n", False),
    "nonsense": ("[MACsec]\nnonsense\n", False),
}


def test_import_refuses_what_networkd_complains_of(tmp_path: Path) -> None:
    """systemd-networkd reads all files; a complaint about one is an error of its import."""
    if not Path(NETWORKD).exists() or os.geteuid():
        pytest.skip("needs root and systemd-networkd")
    for name, (text, _) in NETDEVS.items():
        head = f"[NetDev]\nName={name}\nKind=macsec\nMACAddress=02:00:00:00:00:01\n"
        (tmp_path / f"{name}.netdev").write_text(head + text)
    lines = []
    shell = ["unshare", "-nm", "sh", "-c", IN_A_NAMESPACE, "sh", str(tmp_path), NETWORKD]
    with subprocess.Popen(
        shell, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "Enumeration completed" in line:
                break
        process.terminate()
    for name, (_, taken) in NETDEVS.items():
        about = [line for line in lines if f"{name}.netdev" in line or f"{name}: " in line]
        complaints = [line for line in about if "gnoring" in line or "nvalid" in line]
        assert bool(complaints) == (not taken), (name, about)
        result: Configuration | None = None
        with contextlib.suppress(ConfigError):
            result = FORMATS["systemd"].read(tmp_path / f"{name}.netdev").config
        assert (result is not None) == taken, name
