"""`macsec export yang` of a lab that is up: its ports answer with their state."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from support.real.up_lab import CAK, CKN, ROOT, UpLab, keyed, started

pytest.importorskip("macsec._native", reason="the native data plane is not built")


def export(lab: UpLab, *words: str) -> Any:
    """Return the tree of the ports of a lab."""
    command = [sys.executable, "-m", "macsec", "export", "yang", "--lab", "--state"]
    done = subprocess.run(
        [*command, str(lab.folder), *words], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert CAK not in done.stdout
    return json.loads(done.stdout)


def test_ports_of_a_running_lab_answer_with_their_state(tmp_path):
    """Both ends are secured; frames of a host count in the SecYs' trees."""
    with started(tmp_path / "state", keyed(tmp_path, f"{{cak: {CAK}, ckn: {CKN}}}")) as lab:
        lab.on("l1", "ping", "-n", "-q", "-c", "3", "-i", "0.1", "r1")
        interfaces = export(lab)["ietf-interfaces:interfaces"]["interface"]
        ports = [each for each in interfaces if "ieee802-dot1x:pae" in each]
        assert [port["name"] for port in ports] == ["left-right:left", "left-right:right"]
        for port in ports:
            pae = port["ieee802-dot1x:pae"]
            assert pae["kay"]["secured"] is True
            secy = pae["ieee802-dot1ae-secy:secy"]
            (received,) = secy["verification"]["receive-sc"]
            assert int(received["in-pkts-ok"]) >= 3
            assert secy["controlled-port"]["mac-operational"] is True
        tree = export(lab, "--model", "openconfig")["openconfig-macsec:macsec"]
        assert len(tree["interfaces"]["interface"]) == 2
