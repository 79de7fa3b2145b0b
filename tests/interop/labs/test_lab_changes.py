"""Changes of the ports of a lab that is up: `macsec mka set LINK:SITE`."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from support.outputs.schemas import checked
from support.real import preloaded
from support.real.hosts import lost, missed, until
from support.real.up_lab import (
    CAK,
    CKN,
    OTHER_CAK,
    OTHER_CKN,
    ROOT,
    UpLab,
    keyed,
    smallest,
    started,
)

pytest.importorskip("macsec._native", reason="the native data plane is not built")


def set_port(lab: UpLab, port: str, *words: str, code: int = 0) -> str:
    """Change a port of a lab; return what the verb printed."""
    command = ("mka", "set", port, "--state", lab.folder, *words)
    done = preloaded.run(command, text=True, cwd=ROOT)
    assert done.returncode == code, done.stderr
    if "--json" in words and code == 0:
        checked(done.stdout)
    return done.stdout + done.stderr


def status_of_link(lab: UpLab) -> Any:
    """Return the link of the smallest topology."""
    (link,) = json.loads(lab.macsec("status", "--json"))["links"]
    return link


def test_a_running_lab_takes_another_cak_without_a_lost_echo(tmp_path):
    """Set at both ends; the old one goes after a Life Time, and events record both changes."""
    caks, events = tmp_path / "new.yaml", tmp_path / "events"
    caks.touch(mode=0o600)
    caks.write_text(f"{OTHER_CKN}: {OTHER_CAK}\n")
    topology = keyed(tmp_path, f"{{cak: {CAK}, ckn: {CKN}}}")
    with started(tmp_path / "state", topology, "--events", str(events)) as lab:
        echoes = ("ping", "-c", "1800", "-i", "0.01", "-W", "5", "10.0.2.1")
        pinging = lab.start("l1", *echoes, stdout=subprocess.PIPE, text=True)
        for site in ("left", "right"):
            found = json.loads(set_port(lab, f"left-right:{site}", "--cak", str(caks), "--json"))
            assert found["changes"] == [f"CAK of CKN {OTHER_CKN}"]
        assert lost(pinging.communicate(timeout=60)[0]) == 0
        link = status_of_link(lab)
        assert (link["mka"]["status"], link["mka"]["ckn"]) == ("secured", OTHER_CKN)
        message = set_port(lab, "left-right:left", "--disable", CKN, code=2)
        assert "this port has no such CAK" in message
        log = (tmp_path / "log").read_text()
    text = events.read_text()
    changed = [each["port"] for each in map(json.loads, text.splitlines()) if "changes" in each]
    assert changed == ["left-right:left", "left-right:right"]
    assert OTHER_CAK not in text + log


def test_ports_of_a_running_lab_take_all_changes(tmp_path):
    """MACsec off and on, counters, a participant, a suspension, another profile."""
    profile = tmp_path / "profile.yaml"
    profile.touch(mode=0o600)
    secy = "secy: {cipher: gcm-aes-256}\n"
    profile.write_text(f"{secy}mka: {{cak: {OTHER_CAK * 2}, ckn: {OTHER_CKN}}}\n")
    left, right = "left-right:left", "left-right:right"

    with started(tmp_path / "state", smallest(tmp_path)) as up:

        def secured() -> bool:
            return bool(status_of_link(up)["mka"]["status"] == "secured")

        def echoes(count: int) -> int:
            words = ("ping", "-c", str(count), "-i", "0.05", "-W", "5", "10.0.2.1")
            return missed(up.on("l1", *words))

        for port in (left, right):
            assert "MACsec off" in set_port(up, port, "--macsec", "off", "--clear-counters")
        assert echoes(3) == 0
        link = status_of_link(up)
        assert (link["protected"], link["ends"][0]["counters"]["OutPktsEncrypted"]) == (False, 0)
        for port in (left, right):
            set_port(up, port, "--macsec", "on")
        until(secured, "the link", up.process)
        ckn = status_of_link(up)["mka"]["ckn"]
        set_port(up, left, "--disable", ckn)
        until(lambda: not secured(), "the end of the session", up.process)
        set_port(up, left, "--enable", ckn)
        until(secured, "the link", up.process)
        assert "suspension of 60 s" in set_port(up, right, "--suspend", "60")
        assert echoes(150) == 0
        set_port(up, right, "--suspend", "0")
        for port in (left, right):
            set_port(up, port, "--profile", str(profile))
        until(secured, "the link", up.process)
        assert echoes(3) == 0
        link = status_of_link(up)
        assert (link["protection"], link["mka"]["ckn"]) == ("gcm-aes-256", OTHER_CKN)
        assert "it has left-right:left" in set_port(up, "left-right:x", "--macsec", "off", code=2)
        up.macsec("down")
        assert "no lab is up" in set_port(up, left, "--macsec", "off", code=1)
        assert sorted(path.name for path in up.folder.iterdir()) == ["lock"]
