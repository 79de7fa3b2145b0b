"""Streams through two `macsec tap` under any setting of offloads: no octet changes.

The SHA-256 of a stream is compared at both ends, and the counters of the SecYs count frames.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.real import hosts
from support.real.hosts import Host
from support.real.packets import ACK, IPV4, IPV6, PSH, TCP, UDP, Packet
from support.real.streams import BLOCK, Stream, datagrams

pytest.importorskip("macsec._native", reason="the native data plane is not built")

ADDRESSES, ADDRESSES6 = ("10.78.0.1", "10.78.0.2"), ("fd78::1", "fd78::2")
SERVER, SERVER6 = ADDRESSES[1], ADDRESSES6[1]
SCI = ("5254001301560001", "5254001301570001")
FEATURES = ("tx", "rx", "tso", "gso", "gro")
MIB = 1 << 20
SOL_PACKET, PACKET_VNET_HDR = 263, 15
SIZES = (1, 1448, 70_000, 13, 4096, 1_000_000, 2897)
"""Octets of writes."""


SIOCETHTOOL = 0x8946
SET_FEATURE = {"tx": 0x17, "rx": 0x15, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}
"""Commands of linux/ethtool.h, ETHTOOL_STXCSUM and so on."""


def set_features(device: str, features: dict[str, bool]) -> None:
    """Turn offloads on and off, as `ethtool -K` does; what the device lacks stays."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for name, on in features.items():
            value = ctypes.create_string_buffer(struct.pack("=II", SET_FEATURE[name], on))
            request = struct.pack("@16sP16x", device.encode(), ctypes.addressof(value))
            try:
                fcntl.ioctl(asked, SIOCETHTOOL, request)
            except OSError as error:
                if error.errno != errno.EOPNOTSUPP:
                    raise


class Taps:
    """A tap on each of two hosts, with addresses above."""

    def __init__(self, pair: list[Host], folder: Path) -> None:
        self.hosts = pair
        keys = [os.urandom(16).hex(), os.urandom(16).hex()]
        self.processes = [self._start(side, folder, keys) for side in (0, 1)]
        for side, host in enumerate(pair):
            host.sysctl("net/ipv6/conf/ms0/disable_ipv6", 0)
            host.ip("address", "add", f"{ADDRESSES[side]}/24", "dev", "ms0")
            host.ip("address", "add", f"{ADDRESSES6[side]}/64", "dev", "ms0", "nodad")

    def _start(self, side: int, folder: Path, keys: list[str]) -> Any:
        config = folder / f"side-{side}.yaml"
        config.touch(mode=0o600)
        own, other = ({"0": {"key": keys[at]}} for at in (side, 1 - side))
        tree = {"tx": {"sci": SCI[side], "sa": own}, "rx": [{"sci": SCI[1 - side], "sa": other}]}
        config.write_text(json.dumps(tree))
        command = ("tap", "-c", config, "--json")
        pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        process = self.hosts[side].start_macsec(
            *command, "--lower", "wire", "--upper", "ms0", **pipes
        )
        assert b"ms0 is up" in process.stderr.readline()
        return process

    @contextlib.contextmanager
    def stream(self, address: str = SERVER, nodelay: bool = False) -> Iterator[Stream]:
        """Open a TCP connection from the first to the second."""
        with contextlib.closing(Stream(*self.hosts, address, nodelay)) as stream:  # type: ignore[call-arg]
            yield stream

    def set(self, side: int, device: str, **features: bool) -> None:
        """Turn offloads of a device on and off."""
        if not features:
            return
        if set(features) <= set(SET_FEATURE):  # thousands of times: without a program
            with self.hosts[side].inside():
                set_features(device, features)
            return
        words = [word for name, on in features.items() for word in (name, "on" if on else "off")]
        self.hosts[side].run("ethtool", "-K", device, *words)

    def end(self) -> list[dict[str, Any]]:
        """End both, once nothing is on its way; return their reports."""
        for host in self.hosts:
            host.ip("link", "set", "ms0", "down")
        for host in self.hosts:
            hosts.until(lambda host=host: not any(_queued(host)), "an empty queue")
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        return [json.loads(process.communicate(timeout=60)[0]) for process in self.processes]


def _queued(host: Host) -> list[int]:
    """Return the octets that wait in each packet socket of a host."""
    _, *lines = host.run("cat", "/proc/net/packet").splitlines()
    return [int(line.split()[6]) for line in lines]


@pytest.fixture
def taps(tmp_path) -> Iterator[Taps]:
    """Return a running pair."""
    hosts.need("ethtool")
    with hosts.hosts(tmp_path) as pair:
        hosts.cable(*pair)
        yield Taps(pair, tmp_path)


def settings() -> list[dict[str, bool]]:
    """Return every combination of offloads."""
    return [
        dict(zip(FEATURES, on, strict=True))
        for on in itertools.product((True, False), repeat=len(FEATURES))
    ]


def check(reports: list[dict[str, Any]], whole: bool = True) -> None:
    """Check that the SecYs counted each frame once; `whole`: the cable lost none of them."""
    for one, other in (reports, reports[::-1]):
        sent, got = one["to_wire"], other["from_wire"]
        assert one["counters"]["OutPktsEncrypted"] == sent["frames_out"] == sent["frames_in"]
        refused = got["dropped"] + got["too_long"]  # ms0 was down already
        assert other["counters"]["InPktsOK"] == got["frames_in"] == got["frames_out"] + refused
        if whole:
            assert got["lost"] == 0
            assert sent["frames_out"] == got["frames_in"]
            assert sent["octets_out"] == got["octets_in"]


def test_every_pair_of_settings_carries_streams(taps):
    """32 settings of one tap beside 32 of the other, of the same connections."""
    with taps.stream() as stream, taps.stream(SERVER6) as other:
        for one in settings():
            taps.set(0, "ms0", **one)
            for two in settings():
                taps.set(1, "ms0", **two)
                stream.carry(100_000, SIZES, both=True)
            other.carry(MIB, SIZES, both=True)
    check(taps.end())


def test_every_setting_of_the_cable_carries_streams(taps):
    """MACsec frames are no large segments: the offloads of the lower interface do not matter."""
    with taps.stream() as stream:
        for features in settings():
            for side in (0, 1):
                taps.set(side, "wire", **features)
            stream.carry(2 * MIB, SIZES, both=True)
    check(taps.end(), whole=False)  # a veth whose GRO changes drops its frames


@pytest.mark.parametrize("address", [SERVER, SERVER6])
def test_large_segments_share_system_calls(taps, address):
    """Frames of one read have consecutive PNs: a stream has far fewer segments than frames."""
    with taps.stream(address) as stream:
        stream.carry(64 * MIB)
        seen = taps.hosts[1].run("cat", "/sys/class/net/ms0/statistics/tx_packets")
        arrived = taps.hosts[1].run("cat", "/sys/class/net/ms0/statistics/rx_packets")
    reports = taps.end()
    check(reports)
    assert int(seen) < reports[1]["to_wire"]["frames_in"] * 2
    assert int(arrived) < 0.8 * reports[0]["to_wire"]["frames_out"]


def test_small_writes_keep_their_order(taps):
    """Each in a segment of its own, with PSH."""
    with taps.stream(nodelay=True) as stream:
        stream.carry(200_000, (1, 2, 3, 500), both=True)
    check(taps.end())


def test_an_mtu_may_change_under_a_stream(taps):
    """Of the lower interfaces; frames of the old length are counted as too long, and sent again."""
    with taps.stream() as stream:
        for mtu in (1500, 1300, 9000, 700, 1500, 65_535):
            for host in taps.hosts:
                host.ip("link", "set", "wire", "mtu", str(mtu))
            for host in taps.hosts:
                hosts.until(
                    lambda host=host, mtu=mtu: f"mtu {mtu - 32} " in host.ip("link", "show", "ms0"),
                    "the MTU above",
                )
            stream.carry(4 * MIB, SIZES, both=True)
    for one, other in itertools.permutations(taps.end()):
        counters, sent = one["counters"], one["to_wire"]
        refused = counters.get("OutPktsTooLong", 0)
        assert counters["OutPktsEncrypted"] == sent["frames_out"] + sent["too_long"]
        assert sent["frames_in"] == counters["OutPktsEncrypted"] + refused
        assert other["counters"]["InPktsOK"] == other["from_wire"]["frames_in"]


@pytest.mark.parametrize("kind", ["802.1Q", "802.1ad"])
def test_a_vlan_above_the_interface_carries_streams(taps, kind):
    """Its tag is inside: large segments have it too."""
    vlan = f"ip link add link ms0 name v5 mtu 1464 type vlan proto {kind} id 5"
    for side, host in enumerate(taps.hosts):
        if "Unknown device type" in host.run("sh", "-c", f"{vlan} || true"):
            pytest.skip("this kernel has no VLAN devices")
        host.ip("link", "set", "v5", "up")
        host.ip("address", "add", f"10.79.0.{side + 1}/24", "dev", "v5")
    with taps.stream("10.79.0.2") as stream:
        for features in ({"tso": True}, {"tso": False}, {"tx": False}):
            taps.set(0, "ms0", **features)
            stream.carry(8 * MIB, SIZES, both=True)
    check(taps.end())


@pytest.mark.parametrize("tags", ["", "81000005", "88a8000781000005"])
@pytest.mark.parametrize("version", [IPV4, IPV6])
@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_a_large_segment_is_a_frame_for_each_1000_octets(taps, version, protocol, tags):
    """With VLAN tags or without; its payload arrives whole."""
    packet = Packet(
        BLOCK[:39_500],
        version=version,
        protocol=protocol,
        tags=bytes.fromhex(tags),
        flags=ACK | PSH,
    )
    above, cable = taps.hosts[1].listen("ms0"), taps.hosts[1].listen("wire")
    with taps.hosts[0].inside(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        sender.bind(("ms0", 0))
        sender.send(struct.pack("=BBHHHH", *packet.offload(1000).values()) + packet.large)
    arrived = b""
    while len(arrived) < len(packet.payload):  # in one, or in as many as there were reads
        found = above.next(lambda frame: frame[:12] == packet.macs)
        assert found[12 : packet.network + 2] == packet.large[12 : packet.network + 2]
        arrived += found[packet.head :]
    assert arrived == packet.payload
    assert len([frame for frame in cable.frames() if frame[:12] == packet.macs]) == 40


@pytest.mark.parametrize("address", [SERVER, SERVER6])
@pytest.mark.parametrize("tx", [True, False])
def test_datagrams_of_64_kilobytes_arrive_in_fragments(taps, address, tx):
    """A datagram larger than the MTU is cut by IP, not by UDP."""
    taps.set(0, "ms0", tx=tx)
    payloads = [BLOCK[:size] for size in (65_507, 1441, 60_000, 3000)]
    assert datagrams(taps.hosts, address, payloads) == payloads
    check(taps.end())


@pytest.mark.parametrize("address", [SERVER, SERVER6])
@pytest.mark.parametrize("features", [{}, {"tx": False}, {"tx-udp-segmentation": False}])
def test_segmented_datagrams_arrive_one_by_one(taps, address, features):
    """A program sends many datagrams by one call (UDP_SEGMENT)."""
    taps.set(0, "ms0", **features)
    for segment in (1, 100, 1000, 1400):
        payloads = [BLOCK[: 40 * segment - segment // 2] for _ in range(20)]
        want = [
            payload[at : at + segment]
            for payload in payloads
            for at in range(0, len(payload), segment)
        ]
        assert datagrams(taps.hosts, address, payloads, segment) == want
    check(taps.end())
