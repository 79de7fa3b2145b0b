"""`macsec lab run` with key agreement: its reports, and captures decrypted by the CAK."""

from __future__ import annotations

import json

import pytest
from cli.conftest import CANARY, Desk

from macsec import captures

CKN = "00112233"
OTHER_KEY = "f" * 32
TOPOLOGY = """
sites: {left: {hosts: [l1]}, right: {hosts: [r1]}}
links: [{between: [left, right], delay: 1ms, macsec: {KEYS}}]
traffic: [{from: l1, to: r1, pps: 1000, count: 30, payload: "what is said "}]
"""


def topology(desk: Desk, keys: str = f"cak: {CANARY}, ckn: {CKN}") -> str:
    """Write a topology that only its owner can read."""
    path = desk.folder / "lab.yaml"
    path.touch(mode=0o600)
    path.write_text(TOPOLOGY.replace("KEYS", keys))
    return str(path)


def test_the_text_shows_the_key_agreement_of_a_link(desk: Desk, backend: str) -> None:
    """CKN, Key Server and the time to secured, without a warning."""
    text = desk.run("lab", "run", topology(desk), "--backend", backend).stdout
    row = next(line.split() for line in text.splitlines() if CKN in line)
    assert row[:4] == ["left-right", "secured", CKN, "left"]
    assert row[5:] == ["0", "3.000", "ms", "0", "7", "0"]
    assert "3.000 ms, once all links were secured" in text
    assert "UNPROTECTED" not in text


def test_the_json_has_the_key_agreement_of_a_link(desk: Desk, backend: str) -> None:
    """Beside the fields of every link."""
    run = json.loads(desk.run("lab", "run", topology(desk), "--json", "--backend", backend).stdout)
    (link,) = run["links"]
    names = ("name", "protected", "sent", "delivered")
    assert [link[name] for name in names] == ["left-right", True, 30, 30]
    assert (link["mka"]["status"], link["mka"]["ckn"]) == ("secured", CKN)
    assert run["traffic_began_ns"] == link["mka"]["secured_ns"] == 3_000_000


def test_the_cak_decrypts_the_captures(desk: Desk) -> None:
    """`validate --cak` gives the frames of the host, octet for octet."""
    page = ("--report", desk.path("page.html"))
    desk.run("lab", "run", topology(desk), "--captures", desk.path("seen"), *page)
    caks = desk.folder / "caks.yaml"
    caks.touch(mode=0o600)
    caks.write_text(f"{CKN}: {CANARY}\n")
    wire, clear = desk.path("seen/wire-left-right.pcapng"), desk.path("clear.pcap")
    desk.run("validate", "--cak", str(caks), wire, clear)
    sent = [f for batch in captures.read(desk.path("seen/host-l1.pcapng")) for f in batch.frames()]
    assert [f for batch in captures.read(clear) for f in batch.frames()] == sent
    assert len(sent) == 30
    text = desk.run("mka", "explain", wire, "--cak", str(caks)).stdout
    assert "7 EAPOL: 7 authentic" in text


@pytest.mark.parametrize(
    "keys, why",
    [
        (f"ends: {{right: {{cak: {OTHER_KEY}}}}}", "no live peer; 7 MKPDUs failed their ICV"),
        ("key_server: off", "no participant offers to be Key Server"),
    ],
)
def test_a_link_that_is_not_secured_is_reported(desk: Desk, keys: str, why: str) -> None:
    """It comes first, with the reason; the run itself has not failed."""
    text = desk.run("lab", "run", topology(desk, keys)).stdout
    assert f"left-right is not secured: at both ends {why}" in text
    assert "left-right refused 30 frames while it was not secured" in text
    assert "12,000.000 ms, after waiting for links" in text


@pytest.mark.parametrize(
    "keys, line",
    [
        ("cak: 00", "lab.yaml:3: links.0.macsec: a CAK needs its ckn"),
        (f"ckn: 11, cak: {CANARY}00", "lab.yaml:3: links.0.macsec: a CAK has 16 or 32 octets"),
        (
            "sak_rekey_interval: 10",
            "lab.yaml:3: links.0.macsec.sak_rekey_interval: SAK rekey interval 10",
        ),
        ("ckn: 11, cak: env:NOT_SET", "lab.yaml:3: links.0.macsec: key env:NOT_SET: not set"),
        (
            "policy: never",
            "lab.yaml:3: links.0.macsec.policy: expected must-secure or should-secure",
        ),
    ],
)
def test_wrong_keys_are_refused(desk: Desk, keys: str, line: str) -> None:
    """The error has file, line and entry, and no key; exit 2."""
    assert line in desk.run("lab", "run", topology(desk, keys), code=2).stderr
