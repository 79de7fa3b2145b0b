"""Rules of `clear` and tags in clear on the links of a lab, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from support.planes import PLANES, Plane

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.frames import FrameBatch
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.records.captures import record
from macsec.secy.counters import ClearCounts

BOTH_PLANES = [PLANES[0], PLANES[-1]]
SECTAG = b"\x88\xe5"
ADDRESSES = bytes.fromhex("011b19000000020000000001")
BYPASSED, CLEAR_TAG, HIDDEN_TAG, PTP, LLDP = (
    ADDRESSES + bytes.fromhex(head) + bytes(46)
    for head in ("810000960800", "8100e12c0800", "8100000a0800", "88f7", "88cc")
)
RULES = {"vlan:100-199": "bypass", "ptp": "encrypt", "lldp": "strict"}


def topology(keys: str) -> dict[str, Any]:
    """Return two sites, and a capture from left to right."""
    macsec = {"keys": keys, "clear": RULES, "clear_tags": 1, "clear_tags_vlans": [300]}
    return {
        "sites": {"left": {"hosts": ["l1"]}, "right": {"hosts": ["r1"]}},
        "links": [{"between": ["left", "right"], "delay": "1ms", "macsec": macsec}],
        "traffic": [{"from": "l1", "to": "r1", "pcap": "x.pcap"}],
    }


def built(keys: str, plane: Plane) -> Lab:
    """Return a lab, not run yet."""
    blueprint = Blueprint.of(load_topology(topology(keys)), seeded(1, "a test"))
    return Lab(blueprint, 1, plane.backend, plane.kernel)


@pytest.mark.parametrize("keys", ["static", "mka"])
def test_rules_and_tags_in_clear_hold_on_a_link(keys: str) -> None:
    """All frames arrive; each crosses the wire as its rule and its VLAN say."""
    frames = [BYPASSED, CLEAR_TAG, HIDDEN_TAG, PTP, LLDP]
    digests = set()
    for plane in BOTH_PLANES:
        with built(keys, plane) as lab:
            recorders = {recorder.name: recorder for recorder in record(lab)}
            lab.run(read=lambda _: [FrameBatch.from_frames(frames)])
            (link,) = lab.links
            near, far = (end.secy for end in link.ends or ())
            wire = [bytes(each) for each in recorders["wire-left-right"].batch]
            digests.add(lab.digest)
            assert [tally.delivered for tally in lab.tallies] == [5]
            assert near.counters["OutPktsEncrypted"] == far.counters["InPktsOK"] == 4
            assert near.clear_counts["vlan:100-199"] == ClearCounts(0, 1, 0)
            assert far.clear_counts["vlan:100-199"] == ClearCounts(1, 0, 0)
        assert BYPASSED in wire
        assert sum(each.startswith(CLEAR_TAG[:16] + SECTAG) for each in wire) == 1
        assert sum(each.startswith(ADDRESSES + SECTAG) for each in wire) == 3
    assert len(digests) == 1


@pytest.mark.parametrize("plane", BOTH_PLANES, ids=str)
def test_a_closed_port_passes_what_goes_in_clear_in_that_direction(plane: Plane) -> None:
    """Sent only under bypass; received under bypass and encrypt."""
    with built("static", plane) as lab:
        arrived: list[bytes] = []
        lab.hosts["r1"].listener = arrived.append
        (link,) = lab.links
        for end in link.ends or ():
            end.port.enabled = False
            end._gated(False)
        for frame in (BYPASSED, PTP, LLDP, HIDDEN_TAG):
            lab.hosts["l1"].send(frame)
        lab.engine.run(5_000_000)
        assert arrived == [BYPASSED]
        assert [end.blocked for end in link.ends or ()] == [(3, 0), (0, 0)]
        for frame in (BYPASSED, PTP, LLDP, HIDDEN_TAG):
            link.link.a.send(frame)
        lab.engine.run(10_000_000)
        assert arrived == [BYPASSED, BYPASSED, PTP]
        assert link.refused(0) == 3 + 2
