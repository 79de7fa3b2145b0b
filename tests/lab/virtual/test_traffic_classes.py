"""Links whose SecYs have a transmit SC for each traffic class, in both engines."""

from __future__ import annotations

from typing import Any

import pytest
from support.planes import PLANES, Plane

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.frames import FrameBatch
from macsec.lab import Blueprint, Lab

FRAMES = 48
PRIORITIES = range(8)


def built(tree: dict[str, Any], plane: Plane) -> Lab:
    """Return a lab, not run yet."""
    blueprint = Blueprint.of(load_topology(tree), seeded(1, "macsec lab"))
    return Lab(blueprint, 1, plane.backend, plane.kernel)


def of_priority(priority: int) -> bytes:
    """Return a frame to a group, with a VLAN tag of a priority."""
    return (
        bytes.fromhex("011b19000000" + "020000000001" + "8100")
        + (priority << 13 | 1).to_bytes(2)
        + bytes.fromhex("0800")
        + bytes(46)
    )


def topology(cipher: str, classes: list[int], **macsec: Any) -> dict[str, Any]:
    """Return two sites and a link with this Traffic Class Table."""
    return {
        "macsec": {"cipher": cipher, "traffic_classes": classes, "window": 0, **macsec},
        "sites": {"left": {"hosts": ["l1"]}, "right": {"hosts": ["r1"]}},
        "links": [{"between": ["left", "right"], "delay": "1ms", "rate": "1gbit"}],
        "traffic": [{"from": "l1", "to": "r1", "pcap": "x.pcap"}],
    }


@pytest.mark.parametrize("cipher", ["gcm-aes-128", "gcm-aes-xpn-128"])
@pytest.mark.parametrize("macsec", [{}, {"keys": "static"}], ids=["agreed", "static"])
@pytest.mark.parametrize("classes", [[*PRIORITIES], [0, 0, 0, 0, 3, 3, 3, 3]], ids=["eight", "two"])
def test_each_class_of_a_link_has_an_sc(
    cipher: str, macsec: dict[str, Any], classes: list[int]
) -> None:
    """All frames arrive, each over the SC of its class; both engines have one digest."""
    digests = set()
    for plane in PLANES[:2]:
        with built(topology(cipher, classes, **macsec), plane) as lab:
            lab.run(read=lambda _: [FrameBatch.from_frames(list(map(of_priority, PRIORITIES)) * 6)])
            assert [tally.delivered for tally in lab.tallies] == [FRAMES]
            sender, receiver = (end.secy for end in lab.links[0].ends)
            sent = {tc: sc.counters["OutPktsEncrypted"] for tc, sc in sender.tx_classes.items()}
            assert sent == {tc: 6 * classes.count(tc) for tc in set(classes)}
            for sc in sender.tx_classes.values():
                received = receiver.rx[str(sc.sci)].counters
                assert received["InPktsOK"] == sc.counters["OutPktsEncrypted"]
            assert receiver.counters["InPktsLate"] == 0
            digests.add(lab.digest)
    assert len(digests) == 1


def test_link_without_the_table_has_one_sc() -> None:
    """Priorities then mean nothing."""
    tree = topology("gcm-aes-128", [])
    del tree["macsec"]["traffic_classes"]
    plane: Plane = PLANES[-1]
    with built(tree, plane) as lab:
        lab.run(read=lambda _: [FrameBatch.from_frames(list(map(of_priority, PRIORITIES)))])
        assert [len(end.secy.tx_classes) for end in lab.links[0].ends] == [1, 1]
        assert [len(end.secy.rx) for end in lab.links[0].ends] == [1, 1]
