"""Exports for NetworkManager and netplan, read by nmcli and by netplan's generator."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from macsec.config import KeyRing, load
from macsec.config.exchange import FORMATS

pytestmark = pytest.mark.programs

CAK = "0d" * 16
GENERATORS = ("/usr/libexec/netplan/generate", "/usr/lib/netplan/generate")


def exported(name: str) -> str:
    """Return an export of a port."""
    config = load({"secy": {"encrypt": "off"}, "mka": {"cak": CAK, "ckn": "11", "port": "3"}})
    with KeyRing(Path()) as ring:
        (file,) = FORMATS[name].export(config, ring, Path()).files
    return file.text


def settings(keyfile: str) -> set[str]:
    """Return the lines of a keyfile's section [macsec]."""
    section = keyfile.partition("[macsec]\n")[2].partition("\n[")[0]
    return {line for line in section.splitlines() if line and not line.startswith("#")}


def test_nmcli_takes_the_keyfile_and_writes_the_same_settings() -> None:
    """`nmcli --offline` parses the connection; what it leaves out is its default."""
    nmcli = shutil.which("nmcli")
    if nmcli is None:
        pytest.skip("nmcli is not installed")
    command = [nmcli, "--offline", "connection", "modify", "connection.autoconnect", "no"]
    given = exported("networkmanager")
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    written = settings(done.stdout)
    assert written <= settings(given)
    expected = {"encrypt=false", f"mka-cak={CAK}", "mka-ckn=11", "parent=eth0", "port=3"}
    assert expected <= written


def test_netplan_generates_the_keyfile(tmp_path: Path) -> None:
    """netplan's generator writes a connection with the settings of our keyfile."""
    generator = next((path for path in GENERATORS if Path(path).exists()), None)
    if generator is None:
        pytest.skip("netplan is not installed")
    folder = tmp_path / "etc" / "netplan"
    folder.mkdir(parents=True)
    (folder / "90-macsec.yaml").write_text(exported("netplan"))
    (folder / "90-macsec.yaml").chmod(0o600)
    command = [generator, "--root-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.glob("run/NetworkManager/system-connections/*.nmconnection")
    assert settings(made.read_text()) == settings(exported("networkmanager"))
