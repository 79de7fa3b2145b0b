"""Frames of a flow, octet for octet: headers, lengths, checksums, patterns, payloads."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether

from macsec.otg.model import read
from macsec.otg.model.flows import Payload
from macsec.otg.model.headers import Header
from macsec.otg.traffic.layers import Addresses, layers_of
from macsec.otg.traffic.packets import Packets
from macsec.otg.traffic.signature import LENGTH, Signature, signed

OWN = Addresses((0x0200_0000_0001, 0x0200_0000_0002), (0x0A000001, 0x0A000002), (1, 2))


def packets(
    *headers: dict[str, Any], payload: dict[str, Any] | None = None, flow: int | None = None
) -> Packets:
    """The frames of headers, each by its choice."""
    made = [read(Header, header) for header in headers]
    signature = None if flow is None else Signature(flow)
    return Packets(layers_of(made, OWN), read(Payload, payload or {}), signature)


def kinds(*names: str) -> list[dict[str, Any]]:
    """Headers with defaults alone."""
    return [{"choice": name} for name in names]


@pytest.mark.parametrize(
    "names",
    [
        ("ethernet", "ipv4", "udp"),
        ("ethernet", "ipv4", "tcp"),
        ("ethernet", "vlan", "ipv4", "udp"),
        ("ethernet", "vlan", "vlan", "ipv6", "tcp"),
        ("ethernet", "ipv6", "udp"),
        ("ethernet", "macsec", "ipv4", "udp"),
    ],
)
def test_lengths_types_and_checksums_are_those_of_scapy(names: tuple[str, ...]) -> None:
    """Scapy builds the same octets from the fields that it read, without lengths and sums."""
    for size in (100, 101):
        frame = packets(*kinds(*names), flow=3).frame(7, size, 1)
        assert len(frame) == size
        shown = Ether(frame)
        for layer, fields in (
            (IP, ("len", "chksum")),
            (UDP, ("len", "chksum")),
            (TCP, ("chksum",)),
        ):
            for field in fields:
                if layer in shown:
                    delattr(shown[layer], field)
        if IPv6 in shown:
            del shown[IPv6].plen
        assert bytes(shown) == frame


def test_addresses_are_those_of_the_devices_unless_given() -> None:
    """A value in a header takes precedence."""
    shown = Ether(packets(*kinds("ethernet", "ipv4", "udp")).frame(0, 60, 0))
    assert (shown.src, shown.dst) == ("02:00:00:00:00:01", "02:00:00:00:00:02")
    assert (shown[IP].src, shown[IP].dst) == ("10.0.0.1", "10.0.0.2")
    given = {"ethernet": {"dst": {"value": "02:00:00:00:00:09"}}}
    shown = Ether(packets(given).frame(0, 60, 0))
    assert (shown.src, shown.dst) == ("02:00:00:00:00:01", "02:00:00:00:00:09")


@pytest.mark.parametrize(
    ("pattern", "ports"),
    [
        ({"value": 7}, [7, 7, 7, 7]),
        ({"values": [5, 9]}, [5, 9, 5, 9]),
        ({"increment": {"start": 1, "step": 10, "count": 3}}, [1, 11, 21, 1]),
        ({"decrement": {"start": 1, "step": 1, "count": 3}}, [1, 0, 65535, 1]),
    ],
)
def test_patterns_repeat_over_the_frames(pattern: dict[str, Any], ports: list[int]) -> None:
    """Frame n has value n of the pattern."""
    made = packets(*kinds("ethernet", "ipv4"), {"udp": {"src_port": pattern}})
    assert [Ether(made.frame(n, 60, 0))[UDP].sport for n in range(4)] == ports


def test_random_patterns_follow_from_their_seed() -> None:
    """One seed, one row of values; all are in bounds."""

    def ports(seed: int) -> list[int]:
        random = {"min": 10, "max": 20, "seed": seed, "count": 50}
        made = packets(*kinds("ethernet", "ipv4"), {"udp": {"dst_port": {"random": random}}})
        return [Ether(made.frame(n, 60, 0))[UDP].dport for n in range(50)]

    assert ports(1) == ports(1) != ports(2)
    assert set(ports(1)) <= set(range(10, 21))
    assert len(set(ports(1))) > 3


def test_vlan_tags_have_the_tpid_of_the_next_tag() -> None:
    """An S-tag before a C-tag."""
    outer = {"vlan": {"id": {"value": 100}, "tpid": {"value": 0x88A8}}}
    inner = {"vlan": {"id": {"value": 5}, "priority": {"value": 6}}}
    frame = packets({"choice": "ethernet"}, outer, inner, {"choice": "ipv4"}).frame(0, 80, 0)
    assert frame[12:22].hex() == "88a800648100c0050800"
    assert Ether(frame)[Dot1Q].prio == 6


@pytest.mark.parametrize(
    ("payload", "octets"),
    [
        ({}, "000000000000"),
        ({"fixed": {"pattern": "0xabc"}}, "0abc0abc0abc"),
        ({"fixed": {"pattern": "abcd", "repeat": False}}, "abcd00000000"),
        ({"choice": "increment_byte"}, "000102030405"),
        ({"choice": "decrement_byte"}, "00fffefdfcfb"),
        ({"choice": "increment_word"}, "000000010002"),
    ],
)
def test_payload_follows_its_pattern(payload: dict[str, Any], octets: str) -> None:
    """Behind the headers, up to the signature."""
    assert packets(*kinds("ethernet"), payload=payload).frame(0, 20, 0)[14:].hex() == octets


@pytest.mark.parametrize(
    ("checksum", "wrong"),
    [({"generated": "good"}, False), ({"generated": "bad"}, True), ({"custom": 0x1234}, True)],
)
def test_checksums_may_be_wrong_on_purpose(checksum: dict[str, Any], wrong: bool) -> None:
    """Of UDP; that of IPv4 stays right."""
    made = packets(*kinds("ethernet", "ipv4"), {"udp": {"checksum": checksum}}).frame(0, 80, 0)
    right = packets(*kinds("ethernet", "ipv4", "udp")).frame(0, 80, 0)
    assert (made[40:42] != right[40:42]) is wrong
    assert made[:40] == right[:40]
    if "custom" in checksum:
        assert made[40:42].hex() == "1234"


def test_custom_header_is_sent_as_it_is() -> None:
    """Its octets are in the place of the header."""
    frame = packets({"choice": "ethernet"}, {"custom": {"bytes": "dead beef"}}).frame(0, 60, 0)
    assert frame[14:18].hex() == "deadbeef"


def test_signature_says_flow_number_and_time() -> None:
    """It is read from the end of a frame; other frames have none."""
    frame = packets(*kinds("ethernet"), flow=4).frame(9, 60, 123_456_789)
    assert signed(frame) == (4, 9, 123_456_789)
    assert signed(frame[:-1] + b"\0\0") is None
    assert signed(frame[: LENGTH - 1]) is None
