"""Items of Annex D: Ethernet Data Encryption devices."""

from __future__ import annotations

from functools import partial
from typing import Any

from macsec.conformance.scenes.labs import build_lab
from macsec.conformance.suites.case import CaseRun
from macsec.lab import Lab
from macsec.lab.virtual.records.captures import record

from .item import Pics

PICS = Pics("ede", "802.1AE-2018 Annex D: EDE", "Annex D")

VID, COUNT = 7, 20
RED = {"m": "8100a00c", "cs": "8100a00c", "cc": "8100a007", "ss": "88a8a007"}
"""The tag of users of each kind, on the red side."""
OUTSIDE = {"m": "88e5", "cs": "88a8", "cc": "8100", "ss": "88a8"}
"""The EtherType behind the addresses on the black side: of the SecTAG, or of the tag outside."""
GROUP = {
    "m": "0180c2000000",
    "cs": "0180c2000000",
    "cc": "0180c200001f",
    "ss": "0180c200000b",
}
"""The destination of MKPDUs of each kind."""
SECURED_NS, MS_NS = 8_000_000_000, 1_000_000


def _topology(kind: str) -> dict[str, Any]:
    service = {"vid": VID, **({"vlans": ["10-19"]} if kind == "cs" else {})}
    link: dict[str, Any] = {"name": "black", "between": ["left", "right"], "delay": "1ms"}
    return {
        "sites": {
            "left": {"hosts": ["l1"], "edge": {"ede": kind}},
            "right": {"hosts": ["r1"], "edge": {"ede": kind}},
        },
        "links": [link if kind == "m" else {**link, "service": service}],
    }


def _exchange(lab: Lab, frame: bytes) -> tuple[list[bytes], list[bytes]]:
    """Send a frame of users COUNT times; return the frames of the black side, and those arrived."""
    recorders = {recorder.name: recorder for recorder in record(lab)}
    arrived: list[bytes] = []
    lab.hosts["r1"].listener = arrived.append
    lab.start()
    lab.engine.run(SECURED_NS)
    for _ in range(COUNT):
        lab.hosts["l1"].send(frame)
        lab.engine.run(lab.engine.now_ns + 5 * MS_NS)
    return [bytes(each) for each in recorders["wire-black"].batch], arrived


def _ede(kind: str, run: CaseRun) -> None:
    """Send frames of users through two EDEs; look at the black side."""
    with build_lab(run.target, _topology(kind)) as lab:
        to, source = (lab.hosts[name].address.mac.to_bytes(6) for name in ("r1", "l1"))
        frame = to + source + bytes.fromhex(RED[kind]) + b"\x88\xb5" + bytes(60)
        wire, arrived = _exchange(lab, frame)
    run.expect("frames that arrive as they were", COUNT, arrived.count(frame))
    users = [each for each in wire if b"\x88\xe5" in each[12:18]]
    run.expect("protected frames on the black side", COUNT, len(users))
    run.expect("behind the addresses", {OUTSIDE[kind]}, {each[12:14].hex() for each in users})
    mkpdus = {each[:6].hex() for each in wire if each not in users}
    run.expect("destination of MKPDUs", {GROUP[kind]}, mkpdus)


for _kind, _item, _asks in (
    ("m", "EDEM", "EDE-M: a two-port bridge with one SecY"),
    ("cs", "EDECS", "EDE-CS: C-VLANs in, an S-tag outside"),
    ("cc", "EDECC", "EDE-CC: C-VLANs in, a C-tag outside"),
    ("ss", "EDESS", "EDE-SS: S-VLANs in, an S-tag outside"),
):
    PICS.item(_item, "O.1", "15", _asks)(partial(_ede, _kind))
PICS.unsupported(
    "TWOP, SECY, SECB, SECP, MC, MB, MM, CS, CC, SS",
    "O",
    "15",
    "each rule of clause 15, one by one",
    "the text of clause 15 is not at hand: its rules are not stated one by one",
)
