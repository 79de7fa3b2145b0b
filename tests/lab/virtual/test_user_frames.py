"""Frames of users on a link add up, MKPDUs apart, on wires that lose, copy, damage and reorder."""

from __future__ import annotations

import pytest
from support.planes import PLANES

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.lab import Blueprint, Lab
from macsec.time_units import NS_PER_S

BACKENDS = sorted({plane.backend for plane in PLANES})
WIRES = {
    "clean": {},
    "losses and copies": {"loss": "20%", "duplicate": "20%", "delay": "1ms"},
    "damage that the ICV finds": {"corrupt": "10%", "fcs": "fix"},
    "reordering": {"reorder": "20%", "delay": "1ms", "gap": "3"},
    "a short queue": {"rate": "1mbit", "limit": "3"},
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("keys", ["mka", "static", "off"])
@pytest.mark.parametrize("wire", WIRES)
def test_sent_and_copies_are_delivered_refused_or_lost(backend, keys, wire):
    """The row of each direction adds up, and has what SecY and hosts count for themselves."""
    topology = {
        "macsec": keys if keys != "mka" else {"window": 0},
        "sites": {"a": {"hosts": ["x"]}, "b": {"hosts": ["y"]}},
        "links": [{"between": ["a", "b"], **WIRES[wire]}],
        "traffic": [{"from": "x", "to": "y", "pps": "20000", "size": "100", "count": "200"}],
        "begin": "40ms",
    }
    plan = Blueprint.of(load_topology(topology), seeded(5))
    with Lab(plan, 5, backend) as lab:
        lab.run()
        (link,) = lab.links
        users = [link.users(direction) for direction in (0, 1)]
        dropped = [
            stats.lost + stats.queue_drops + stats.fcs_errors + stats.too_long + stats.down_drops
            for stats in link.stats
        ]
        counters = [dict(end.secy.counters) for end in link.ends or ()]
        received = lab.hosts["y"].stats.received
    for direction, row in enumerate(users):
        assert row.sent + row.duplicated == row.delivered + row.refused + row.lost
        assert min(row) >= 0
        assert row.lost <= dropped[direction] + len(plan.flows)
    assert users[0].sent + (lab.links[0].refused(0) if keys == "mka" else 0) == 200
    assert users[0].delivered >= received
    if counters:
        good = ("InPktsOK", "InPktsUnchecked", "InPktsDelayed", "InPktsInvalid", "InPktsUnusedSA")
        known = sum(
            count
            for name, count in counters[1].items()
            if name.startswith("InPkts") and name not in (*good, "InPktsNoSA", "InPktsNoSAError")
        )
        assert users[0].refused == known
    if wire == "clean":
        assert users[0] == (200, 0, 200, 0, 0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_equal_mkpdus_of_one_sender_are_no_copies_of_the_wire(backend):
    """KaYs without entropy take the same MI again and again, and send the same MKPDU."""
    topology = {
        "sites": {"a": {"hosts": ["x"]}, "b": {"hosts": ["y"]}},
        "links": [{"between": ["a", "b"], "macsec": {}}],
    }
    with Lab(
        Blueprint.of(load_topology(topology), lambda _, octets: bytes(octets)), 5, backend
    ) as lab:
        lab.start()
        lab.engine.run(20 * NS_PER_S)
        (link,) = lab.links
        assert all(end.mkpdus_repeated for end in link.ends)
        assert [link.users(direction) for direction in (0, 1)] == [(0, 0, 0, 0, 0)] * 2
