"""EDEs of labs against a Linux kernel with VLANs, MACsec and a bridge in the same place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from interop.kernel_peer.bench import OURS, THEIRS, Bench
from interop.kernel_peer.ede import CHAINS, VID, KernelEde, Tag
from support.planes import BOTH_PLANES, Plane
from support.real import hosts
from support.real.answers import answer
from support.real.taps import counts_of

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.stations.edge_port import EdgePort, EdgePortCounts
from macsec.wire.link import A2B, B2A

SIZES = (0, 56, 1400)
"""Octets of echoes: a frame with an SL, one of usual length, and a long one."""
FRAMES = 1 + len(SIZES)
"""An ARP request, and the echoes."""
TPIDS = {"802.1Q": "8100", "802.1ad": "88a8"}
FORMS = {"vlan device": "gcm-aes-128", "bridge": "gcm-aes-256"}
"""Place of the host on the kernel's red side, and the Cipher Suite."""


def topology(kind: str, cipher: str) -> dict[str, Any]:
    """Return two sites whose edges are EDEs; the kernel takes the place of the left one."""
    edge = {"ede": kind.split(",")[0]} | ({"priority_tag": "on"} if "," in kind else {})
    service: dict[str, Any] = {"vid": VID} | ({"vlans": ["10-19"]} if kind == "cs" else {})
    link = {"between": ["left", "right"], "macsec": {"keys": "static", "cipher": cipher}}
    return {
        "sites": {
            "left": {"hosts": ["l1"], "edge": edge},
            "right": {"hosts": ["r1"], "edge": edge},
        },
        "links": [link | ({} if edge["ede"] == "m" else {"service": service})],
    }


class Ends:
    """A lab of two EDEs: frames at its hosts, and on the wire in each direction."""

    def __init__(self, kind: str, cipher: str, plane: Plane) -> None:
        self.blueprint = Blueprint.of(load_topology(topology(kind, cipher)), seeded(1, "a test"))
        self.kind = kind
        self.lab = Lab(self.blueprint, 1, plane.backend, plane.kernel)
        (self.site_link,) = self.lab.links
        self.wire: tuple[list[bytes], list[bytes]] = ([], [])
        self.site_link.link.taps.append(self)
        self.arrived: list[bytes] = []
        self.answers: list[bytes] = []

    def __enter__(self) -> Ends:
        self.lab.hosts["r1"].listener = self._listen
        return self

    def __exit__(self, *_: object) -> None:
        self.lab.close()

    def on_frame(self, time_ns: int, direction: int, frame: bytes) -> None:
        """Note a frame at the end of the wire."""
        self.wire[direction].append(frame)

    def _listen(self, frame: bytes) -> None:
        self.arrived.append(frame)
        reply = answer(frame, self.mac("r1").to_bytes(6))
        if reply is not None:
            self.answers.append(reply)
            self.lab.hosts["r1"].send(reply)

    def mac(self, host: str) -> int:
        """Return the address of a host."""
        return int(self.lab.hosts[host].address.mac)

    def settle(self) -> None:
        """Let all frames on their way arrive."""
        self.lab.engine.run(self.lab.engine.now_ns + 10_000_000)

    @property
    def left(self) -> EdgePort:
        """The Provider Edge Port in whose place the kernel is."""
        assert self.site_link.edge_ports is not None
        return self.site_link.edge_ports[0]

    @property
    def right(self) -> EdgePort:
        """The Provider Edge Port that has the kernel as its peer."""
        assert self.site_link.edge_ports is not None
        return self.site_link.edge_ports[1]


def in_place_of_left(bench: Bench, ends: Ends, form: str) -> KernelEde:
    """Return the kernel as the left EDE of a lab, with the keys and addresses that this one has."""
    configs = ends.blueprint.links[0].configs
    assert configs is not None
    bench.wire.frames()
    return KernelEde(bench, ends.kind, form, configs, ends.mac("l1"), f"{THEIRS}/24")


def carried(bench: Bench, ends: Ends) -> Iterator[None]:
    """Carry frames between the cable to the kernel and the wire of a lab, at each step."""
    back, passed = ends.wire[B2A], 0
    while True:
        for frame in bench.wire.frames():
            ends.site_link.link.a.send(frame)
            ends.settle()
        for frame in back[passed:]:
            bench.wire.send(frame)
        passed = len(back)
        yield


@pytest.mark.parametrize("form, cipher", FORMS.items())
@pytest.mark.parametrize("kind", CHAINS)
def test_an_ede_is_the_peer_of_a_kernel_and_sends_its_octets(
    bench: Bench, kind: str, form: str, cipher: str
) -> None:
    """ARP and echoes both ways; then both planes, in the kernel's place, send the same octets."""
    with Ends(kind, cipher, BOTH_PLANES[-1]) as ends:
        with in_place_of_left(bench, ends, form) as peer:
            steps = carried(bench, ends)
            peer.ping(OURS, SIZES, lambda: next(steps))
            red = peer.frames(len(ends.arrived) + len(ends.answers))
            kernel, priority = bench.kernel.show(), peer.priority
        sent = [frame for frame in red if frame[6:12] == ends.mac("l1").to_bytes(6)]
        wire = ends.wire[A2B]
        assert ends.arrived == sent
        assert [frame for frame in red if frame not in sent] == ends.answers
        assert len(wire) == len(sent) == len(ends.answers) >= FRAMES
        assert ends.right.counts == EdgePortCounts()
        assert ends.right.station.secy.counters["InPktsOK"] == len(wire)
    check_counters(kernel, len(wire))
    assert {frame[14] >> 5 for frame in sent} == {0, priority}
    for seen, frame in zip(wire, sent, strict=True):
        assert seen[12:].startswith(head(CHAINS[kind].outside, frame))
    for plane in BOTH_PLANES:
        with Ends(kind, cipher, plane) as twin:
            for frame in sent:
                twin.lab.hosts["l1"].send(frame)
                twin.settle()
            assert twin.wire[A2B] == wire
            assert twin.arrived == sent


def check_counters(kernel: dict[str, Any], expected: int) -> None:
    """Check that the kernel validated all of our frames, and protected all of its own."""
    (channel,) = kernel["rx_sc"]
    counts = counts_of(kernel) | counts_of(channel)
    frames = {name: count for name, count in counts.items() if "Pkts" in name}
    assert frames == {"InPktsOK": expected, "OutPktsEncrypted": expected}


def head(outside: Tag | None, frame: bytes) -> bytes:
    """Return the octets up to the SecTAG: a tag with the priority of the frame inside."""
    if outside is None:
        return hosts.MACSEC
    tci = frame[14] >> 5 << 13 | outside.vid
    return bytes.fromhex(f"{TPIDS[outside.protocol]}{tci:04x}") + hosts.MACSEC


RESERVED = [bytes.fromhex(f"0180c20000{low:02x}") for low in range(0x11)]
"""The addresses that bridges filter, and the next one, which none does."""
RELAYED = {"cc": {0x10}, "ss": {0x0, 0xB, 0xC, 0xD, 0xF, 0x10}}


@pytest.mark.parametrize("kind", RELAYED)
def test_an_ede_filters_the_addresses_that_a_bridge_of_the_kernel_filters(
    bench: Bench, kind: str
) -> None:
    """802.1Q for CC, 802.1ad for SS.

    Without a spanning tree Linux relays address 00, as an EDE-CC does not: left out.
    """
    addresses = RESERVED[kind == "cc" :]
    with Ends(kind, "gcm-aes-128", BOTH_PLANES[-1]) as ends:
        with in_place_of_left(bench, ends, "bridge") as peer:
            peer.send_to(addresses)
            sent, wire = peer.frames(len(addresses)), up_to(bench, addresses[-1])
        for frame in sent:  # the switch of a site would filter them
            ends.lab.sites["left"].uplink.a.send(frame)
            ends.settle()
    assert [frame[:6] for frame in sent] == addresses
    assert {frame[5] for frame in wire} == RELAYED[kind]
    assert ends.wire[A2B] == wire


def up_to(bench: Bench, destination: bytes) -> list[bytes]:
    """Return the frames of the cable, up to one for an address."""
    frames: list[bytes] = []

    def there() -> bool:
        frames.extend(bench.wire.frames())
        return any(frame[:6] == destination for frame in frames)

    hosts.until(there, f"a frame for {destination.hex(':')}")
    return frames


@pytest.mark.parametrize("kind", ["cs", "cc", "ss"])
def test_a_kernel_validates_and_drops_frames_of_other_vlans_like_an_ede(
    bench: Bench, kind: str
) -> None:
    """Frames of a peer that sends a VLAN of another service inside."""
    protocol, vid = CHAINS[kind].inside
    with Ends(kind, "gcm-aes-128", BOTH_PLANES[-1]) as ends:
        addresses = ends.mac("l1").to_bytes(6) + ends.mac("r1").to_bytes(6)
        other, good = (
            addresses + bytes.fromhex(f"{TPIDS[protocol]}{each:04x}0800") + bytes(60)
            for each in (vid + 20, vid)
        )
        arrived: list[bytes] = []
        ends.lab.hosts["l1"].listener = arrived.append
        with in_place_of_left(bench, ends, "bridge") as peer:
            for frame in (other, good):
                ends.right.station.controlled.send(frame)
            ends.settle()
            for frame in ends.wire[B2A]:
                bench.wire.send(frame)
            hosts.until(lambda: received(bench.kernel.show()) == 2, "both frames in the kernel")
            assert peer.frames(1) == [good]
        assert arrived == [good]
        assert ends.left.counts == EdgePortCounts(hopped=1)


def received(kernel: dict[str, Any]) -> int:
    """Return the frames that the kernel validated."""
    (channel,) = kernel["rx_sc"]
    return int(channel["InPktsOK"])
