"""Labs with EDEs of each kind, on both engines: octets, keys, filters, and the VLANs of services.

The octets are those of a model of its own: a bridge with VLANs behind a SecY that the test makes.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.planes import PLANES, Plane

from macsec import SecY
from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.config.topology.edes import EDES
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.records.captures import record
from macsec.lab.virtual.stations.edge_port import EdgePortCounts
from macsec.report.lab.outcome import LabRun, to_json

BOTH_PLANES = [PLANES[0], PLANES[-1]]
OUTSIDE = {"m": "", "cs": "88a8{:04x}", "cc": "8100{:04x}", "ss": "88a8{:04x}"}
"""The tag that each kind adds, with priority and VLAN."""
INSIDE = {"m": "8100", "cs": "8100", "cc": "8100", "ss": "88a8"}
VID = 7
VLANS = {"m": 12, "cs": 12, "cc": VID, "ss": VID}
"""The VLAN of frames on the red side that take the service."""


def topology(kind: str, keys: str = "mka", **more: Any) -> dict[str, Any]:
    """Return two sites whose edges are EDEs, and their link."""
    service: dict[str, Any] = {"vid": VID} | ({"vlans": ["10-19"]} if kind == "cs" else {})
    link = {"between": ["left", "right"], "delay": "1ms", "macsec": {"keys": keys}}
    return {
        "sites": {
            "left": {"hosts": ["l1"], "edge": {"ede": kind}},
            "right": {"hosts": ["r1"], "edge": {"ede": kind}},
        },
        "links": [link if kind == "m" else {**link, "service": service}],
        **more,
    }


def built(tree: Any, plane: Plane) -> Lab:
    """Return a lab, not run yet."""
    blueprint = Blueprint.of(load_topology(tree), seeded(1, "a test"))
    return Lab(blueprint, 1, plane.backend, plane.kernel)


def frame(lab: Lab, tag: str = "", to: str = "", user: bytes = b"\x08\x00" + bytes(60)) -> bytes:
    """Return a frame from the left host, to the right one unless `to` says otherwise."""
    source, destination = (lab.hosts[name].address.mac.to_bytes(6) for name in ("l1", "r1"))
    return (bytes.fromhex(to) or destination) + source + bytes.fromhex(tag) + user


def exchanged(lab: Lab, frames: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Send frames from the left host; return what was on the wire, and at the right host."""
    recorders = {recorder.name: recorder for recorder in record(lab)}
    arrived: list[bytes] = []
    lab.hosts["r1"].listener = arrived.append
    for each in frames:
        lab.hosts["l1"].send(each)
        lab.engine.run(lab.engine.now_ns + 5_000_000)
    return [bytes(each) for each in recorders["wire-left-right"].batch], arrived


# ---------------------------------------------------------------- octets


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
@pytest.mark.parametrize("kind", EDES)
def test_octets_are_those_of_a_bridge_with_vlans_behind_a_secy(kind: str, plane: Plane) -> None:
    """The SecTAG covers the frame of the red side; the tag is added outside, not authenticated."""
    with built(topology(kind, "static"), plane) as lab:
        configs = lab.blueprint.links[0].configs
        assert configs is not None
        tci = 0xA000 | VLANS[kind]
        frames = [
            frame(lab, f"{INSIDE[kind]}{tci:04x}"),
            frame(lab, f"{INSIDE[kind]}{VLANS[kind]:04x}"),
        ]
        wire, arrived = exchanged(lab, frames)
    assert arrived == frames
    with SecY.from_config(configs[0]) as model:
        for seen, sent in zip(wire, frames, strict=True):
            protected = model.protect_frame(sent)
            assert protected is not None
            priority = int.from_bytes(sent[14:16]) & 0xF000
            outside = bytes.fromhex(OUTSIDE[kind].format(priority | VID))
            assert seen == protected[:12] + outside + protected[12:]


@pytest.mark.parametrize("kind", EDES)
def test_ports_of_edes_agree_on_keys_with_the_same_digest_on_both_engines(kind: str) -> None:
    """MKPDUs have the group and the tag of the kind; traffic waits for keys, and arrives."""
    vlan = {} if kind == "ss" else {"vlan": VLANS[kind]}  # generators have no S-tags
    flow = {"from": "l1", "to": "r1", "pps": 1000, "count": 20, "size": 200, **vlan}
    digests = set()
    for plane in BOTH_PLANES:
        with built(topology(kind, traffic=[flow]), plane) as lab:
            recorders = {recorder.name: recorder for recorder in record(lab)}
            lab.run()
            (link,) = to_json(lab, LabRun("test", 1))["links"]
            wire = [bytes(each) for each in recorders["wire-left-right"].batch]
            digests.add(lab.digest)
        assert link["mka"] is not None
        assert link["mka"]["status"] == "secured"
        delivered = 0 if kind == "ss" else 20
        assert (link["sent"], link["delivered"]) == (delivered, delivered)
        assert link["ede"]["kind"] == EDES[kind].title
        assert link["ede"]["stopped"]["left"]["other_vlan"] == 20 - delivered
        outside = bytes.fromhex(OUTSIDE[kind].format(VID))
        heads = {each[12 + len(outside) :][:2] for each in wire}
        mkpdus = [each for each in wire if each[:6] == EDES[kind].destination]
        assert heads == {b"\x88\x8e"} | ({b"\x88\xe5"} if delivered else set())
        assert all(each[12:].startswith(outside + b"\x88\x8e") for each in mkpdus)
        assert len(mkpdus) + delivered == len(wire)
    assert len(digests) == 1


# ---------------------------------------------------------------- filters

TPMR = {0x1, 0x2, 0x4, 0xE}
S_VLAN = {*range(0x1, 0xB), 0xE}
FILTERED = {"m": S_VLAN, "cs": S_VLAN, "cc": set(range(16)), "ss": S_VLAN}


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
@pytest.mark.parametrize("kind", EDES)
def test_reserved_addresses_end_at_the_red_side(kind: str, plane: Plane) -> None:
    """The switch of a site would filter all of them, so the frames come from its cable."""
    with built(topology(kind, "static"), plane) as lab:
        arrived: list[bytes] = []
        uplink = lab.sites["right"].uplink
        lab.sites["right"].switch.ports[0].receiver = arrived.append
        tag = f"{INSIDE[kind]}{VLANS[kind]:04x}"
        sent = [frame(lab, tag, f"0180c20000{low:02x}") for low in range(0x12)]
        sent.append(frame(lab, to="0180c2000001", user=b"\x88\x08\x00\x01" + bytes(44)))
        for each in sent:
            lab.sites["left"].uplink.a.send(each)
        lab.engine.run(10_000_000)
        assert uplink.name == "right uplink"
        assert {each[5] for each in arrived} == set(range(0x12)) - FILTERED[kind]
        assert lab.sites["left"].edge.counts.link_local == len(FILTERED[kind]) + 1


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_a_port_passes_the_vlans_of_its_service_alone(plane: Plane) -> None:
    """From the red side, by the tag outside, and by the tag inside of a frame of its peer."""
    with built(topology("cs", "static"), plane) as lab:
        (link,) = lab.links
        assert link.edge_ports is not None
        left, right = link.edge_ports
        good, other = frame(lab, "8100000a"), frame(lab, "81000014")
        wire, arrived = exchanged(lab, [good, other])
        assert (len(wire), arrived) == (1, [good])
        assert left.counts == EdgePortCounts(other_vlan=1)
        left.station.controlled.send(other)  # as an EDE would with more VLANs
        lab.engine.run(lab.engine.now_ns + 5_000_000)
        assert right.counts == EdgePortCounts(hopped=1)
        assert right.station.secy.counters["InPktsOK"] == 2
        for outside in ("88a80008", "81000007", ""):
            link.link.a.send(wire[0][:12] + bytes.fromhex(outside) + wire[0][16:])
        lab.engine.run(lab.engine.now_ns + 5_000_000)
        assert right.counts == EdgePortCounts(hopped=1, other_tag=3)
        assert sum(right.station.secy.counters.values()) == sum(
            right.station.secy.counters[name] for name in ("InPktsOK", "InOctetsDecrypted")
        )
        assert arrived == [good]


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_the_tag_outside_may_be_changed_on_the_way(plane: Plane) -> None:
    """Its priority is of the provider: not authenticated, and of no effect inside."""
    with built(topology("cs", "static"), plane) as lab:
        (link,) = lab.links
        tap = Remarking()
        link.link.taps.append(tap)
        sent = frame(lab, "8100200a")
        _, arrived = exchanged(lab, [sent])
        assert tap.seen == [0x2007]
        assert arrived == [sent]


class Remarking:
    """A tap that gives frames another priority in their first tag."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def on_frame(self, time_ns: int, direction: int, octets: bytes) -> bytes:
        """Return the frame with the other priority."""
        self.seen.append(int.from_bytes(octets[14:16]))
        return octets[:14] + bytes([octets[14] & 0x0F | 0xE0]) + octets[15:]
