"""Labs in virtual time: the digests of the shipped scenarios, and the views of each party."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from support.planes import PLANES, Plane

from macsec.config import load_topology, shipped
from macsec.config.static_keys import seeded
from macsec.errors import ConfigError
from macsec.frames import FrameBatch
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.records.captures import record

MACSEC, EAPOL = b"\x88\xe5", b"\x88\x8e"
DIGESTS = {
    "two-regions": "6ca15b6bb75ee514e00b4b064fe95ef10251c1bc4e044066f19b63ff728932d3",
    "ring": "dcc2ffd1c43814003a8a2fcdd04db8a52803b4ddc406e83db4933f81b4f2ef40",
    "hub": "614ecf2dd11d280dc758b7ae89a7e7fbcf51e9062c1c4ca3c9b689428b4d803d",
}
"""Digests with seed 1: equal on any machine and data plane."""
CANARY = "canary-of-the-test-"
TWO_SITES: dict[str, Any] = {
    "sites": {"left": {"hosts": ["l1", "l2"]}, "right": {"hosts": ["r1"]}},
    "links": [{"between": ["left", "right"], "delay": "1ms"}],
    "traffic": [
        {"from": "l1", "to": "r1", "pps": 1000, "count": 20, "size": 300, "payload": CANARY},
        {"from": "r1", "to": "l2", "pps": 1000, "count": 10, "payload": CANARY},
    ],
}


def built(topology: Any, plane: Plane = PLANES[-1], seed: int = 1) -> Lab:
    """Return a lab, not run yet, with keys of the seed."""
    blueprint = Blueprint.of(load_topology(topology), seeded(seed, "macsec lab"))
    return Lab(blueprint, seed, plane.backend, plane.kernel)


def secure(lab: Lab) -> None:
    """Let all links agree on keys."""
    lab.start()
    lab.engine.run(10**9)
    assert all(end.kay.secured for link in lab.links for end in link.agreed)


def test_every_shipped_scenario_has_a_digest():
    """A new scenario needs one, or a question, whose answer `test_scenarios.py` checks."""
    questions = {name for name in shipped() if load_topology(name).question}
    assert {*shipped()} - questions == {*DIGESTS}


@pytest.mark.parametrize("name", DIGESTS)
@pytest.mark.parametrize("plane", PLANES[:2], ids=str)
def test_shipped_scenarios_have_their_digests(name, plane):
    """On both data planes; every frame arrives as it was sent, and once."""
    with built(name, plane) as lab:
        lab.run()
        assert lab.digest == DIGESTS[name]
        lost = sum(link.sent(way) - link.delivered(way) for link in lab.links for way in (0, 1))
        assert sum(tally.sent - tally.delivered for tally in lab.tallies) == lost
        assert all(not host.stats.strange for host in lab.hosts.values())


def test_a_seed_decides_the_run():
    """Another seed gives another digest, the same seed the same."""
    digests = []
    for seed in (1, 2, 1):
        with built("two-regions", seed=seed) as lab:
            lab.run(10_000_000)
            digests.append(lab.digest)
    assert digests[0] == digests[2] != digests[1]


@pytest.mark.parametrize("plane", PLANES[:2], ids=str)
def test_a_wiretap_sees_no_payload(plane):
    """The link carries MACsec and EAPOL only; the hosts have plain Ethernet."""
    with built(TWO_SITES, plane) as lab:
        recorders = {recorder.name: recorder for recorder in record(lab)}
        lab.run()
    wire = recorders["wire-left-right"].batch.frames()
    assert {frame[12:14] for frame in wire} == {MACSEC, EAPOL}
    assert not any(CANARY.encode() in frame for frame in wire)
    assert sum(frame[12:14] == MACSEC for frame in wire) == 30
    host = [frame for frame in recorders["host-r1"].batch.frames() if frame[6:12] != frame[:6]]
    assert sum(CANARY.encode() in frame for frame in host) == 30


@pytest.mark.parametrize("named, in_clear", [("ptp", 4), ("lldp", 0)])
@pytest.mark.parametrize("macsec", [{}, {"keys": "static"}], ids=["agreed", "static"])
def test_protocols_of_clear_cross_a_link_without_a_sectag(named, in_clear, macsec):
    """They arrive as all others do, and move no counter of the SecYs."""
    ptp, ipv4 = (
        bytes.fromhex("011b19000000" + "020000000001" + ethertype) + bytes(46)
        for ethertype in ("88f7", "0800")
    )
    topology = {
        **TWO_SITES,
        "macsec": {"clear": [named], **macsec},
        "traffic": [{"from": "l1", "to": "r1", "pcap": "x.pcap"}],
    }
    with built(topology) as lab:
        recorders = {recorder.name: recorder for recorder in record(lab)}
        lab.run(read=lambda _: [FrameBatch.from_frames([ptp, ipv4] * 4)])
        assert [tally.delivered for tally in lab.tallies] == [8]
        sender, receiver = (end.secy for end in lab.links[0].ends)
        assert sender.counters["OutPktsEncrypted"] == 8 - in_clear
        assert (sender.excepted.sent, receiver.excepted.received) == (in_clear, in_clear)
    wire = recorders["wire-left-right"].batch.frames()
    assert wire.count(ptp) == in_clear
    assert sum(frame[12:14] == MACSEC for frame in wire) == 8 - in_clear


def test_an_unprotected_link_shows_the_payload():
    """`macsec: off`: the same traffic arrives."""
    with built({**TWO_SITES, "macsec": "off"}) as lab:
        recorders = {recorder.name: recorder for recorder in record(lab)}
        lab.run()
        assert [tally.delivered for tally in lab.tallies] == [20, 10]
        assert lab.blueprint.unprotected == ["left-right"]
    assert all(CANARY.encode() in frame for frame in recorders["wire-left-right"].batch.frames())


@pytest.mark.parametrize("macsec", ["on", "static"])
def test_a_clear_frame_from_the_wire_reaches_no_host(macsec):
    """The edge refuses it: InPktsNoTag."""
    with built({**TWO_SITES, "macsec": macsec}) as lab:
        (link,) = lab.links
        secure(lab)
        target = lab.hosts["r1"].address.mac.to_bytes(6)
        link.link.inject(0, target + bytes(6) + b"\x08\x00" + bytes(46))
        lab.engine.run(lab.engine.now_ns + 10**7)
        assert lab.hosts["r1"].stats.received == 0
        assert link.ends[1].secy.counters["InPktsNoTag"] == 1


@pytest.mark.parametrize("links", [50, pytest.param(1000, marks=pytest.mark.exhaustive)])
def test_a_frame_crosses_a_long_chain_of_links(links):
    """All links are secured, and the frame passes every site."""
    names = [f"s{number}" for number in range(links + 1)]
    topology = {
        "sites": {name: {"hosts": [f"{name}-h"]} for name in names},
        "links": [{"between": pair} for pair in map(list, pairwise(names))],
        "traffic": [{"from": "s0-h", "to": f"s{links}-h", "pps": 1000, "count": 1}],
    }
    with built(topology) as lab:
        lab.run()
        assert len(lab.links) == links
        assert lab.tallies[0].delivered == 1


def test_a_broadcast_in_a_ring_reaches_every_host_once():
    """One link of the ring is standby."""
    with built("ring") as lab:
        assert sum(link.plan.standby for link in lab.links) == 1
        secure(lab)
        sender, *others = lab.hosts.values()
        mac = sender.address.mac.to_bytes(6)
        sender.send(b"\xff" * 6 + mac + b"\x08\x06" + bytes(46))
        lab.engine.run(2 * 10**9)
        assert [host.stats.received for host in others] == [1] * len(others)


@pytest.mark.parametrize(
    "change, line",
    [
        ({"links": [{"between": ["left", "nowhere"]}]}, "no site is called nowhere"),
        ({"links": [{"between": ["left", "left"]}]}, "a link is between two sites"),
        ({"links": [{"between": ["left", "right"], "delay": "soon"}]}, "delay"),
        ({"links": [{"between": ["left", "right"], "macsec": {"cak": "00"}}]}, "needs its ckn"),
        ({"mtu": 65536}, "mtu: 65536 is not valid: 0 to 65535 octets"),
        ({"macsec": {"ans": 7}}, "macsec.ans: 7 ANs: expected 2, 3 or 4"),
        ({"macsec": {"suites": ["gcm-aes-256"]}}, "macsec.suites: gcm-aes-128 is not among"),
        ({"traffic": [{"from": "l1", "to": "r9", "pps": 1, "count": 1}]}, "no host is called r9"),
    ],
)
def test_a_wrong_entry_is_named(change, line):
    """The error is one line."""
    with pytest.raises(ConfigError, match=line):
        built({**TWO_SITES, **change})
