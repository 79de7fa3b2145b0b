"""Frames as a router hands them to a port: IPv4, IPv6, MPLS over GRE and over UDP, IMIX."""

from __future__ import annotations

from macsec.terms import ADDRESSES_LENGTH

ADDRESSES = bytes.fromhex("025200000062 025200000061")
"""From station a to station b of a segment."""
UDP_MPLS = 6635
LABEL = 100
_GRE, _UDP = 47, 17
_TTL = 64


def ethernet(ethertype: int, data: bytes, addresses: bytes = ADDRESSES) -> bytes:
    """Return an Ethernet frame without FCS."""
    return addresses + ethertype.to_bytes(2) + data


def filled(size: int, number: int = 0) -> bytes:
    """Return an IPv4 frame of `size` octets without FCS."""
    head = ethernet(0x0800, _ipv4(_UDP, size - ADDRESSES_LENGTH - 2 - 20))
    return (head + number.to_bytes(4)).ljust(size, b"\x5a")[:size]


def ipv4_packet(size: int) -> bytes:
    """Return an IPv4 packet of `size` octets in all."""
    return _ipv4(_UDP, size - 20).ljust(size, b"\xa5")


def ipv6_packet(size: int) -> bytes:
    """Return an IPv6 packet of `size` octets in all."""
    return _ipv6(_UDP, size - 40).ljust(size, b"\xa5")


def label(packet: bytes) -> bytes:
    """Return a packet below one MPLS label, the bottom of its stack."""
    return (LABEL << 12 | 1 << 8 | _TTL).to_bytes(4) + packet


def in_gre(mpls: bytes) -> bytes:
    """Return MPLS over GRE over IPv4 (RFC 4023)."""
    return _ipv4(_GRE, 4 + len(mpls)) + b"\0\0\x88\x47" + mpls


def in_udp(mpls: bytes) -> bytes:
    """Return MPLS over UDP over IPv4 (RFC 7510)."""
    return _ipv4(_UDP, 8 + len(mpls)) + _udp(len(mpls)) + mpls


def in_udp_ipv6(packet: bytes) -> bytes:
    """Return a packet over UDP over IPv6."""
    return _ipv6(_UDP, 8 + len(packet)) + _udp(len(packet)) + packet


def mpls_gre_frames(sizes: tuple[int, ...]) -> list[bytes]:
    """Return MPLSoGRE frames around IPv4 packets; `sizes` are those of unlabelled frames."""
    return [ethernet(0x0800, in_gre(label(ipv4_packet(size - 14)))) for size in sizes]


def mpls_udp_frames(sizes: tuple[int, ...]) -> list[bytes]:
    """Return MPLSoUDP frames around IPv4 packets; `sizes` are those of unlabelled frames."""
    return [ethernet(0x0800, in_udp(label(ipv4_packet(size - 14)))) for size in sizes]


def mpls_gre_udp_ipv6_frames(sizes: tuple[int, ...]) -> list[bytes]:
    """Return MPLS over GRE over UDP over IPv6 around IPv6 packets."""
    return [
        ethernet(0x86DD, in_udp_ipv6(b"\0\0\x88\x47" + label(ipv6_packet(max(size - 14, 60)))))
        for size in sizes
    ]


def plain_frames(sizes: tuple[int, ...]) -> list[bytes]:
    """Return IPv4 frames, each of another content."""
    return [filled(size, number) for number, size in enumerate(sizes)]


def _udp(payload: int) -> bytes:
    return (49152).to_bytes(2) + UDP_MPLS.to_bytes(2) + (8 + payload).to_bytes(2) + bytes(2)


def _ipv4(protocol: int, payload: int) -> bytes:
    head = (
        b"\x45\0"
        + (20 + payload).to_bytes(2)
        + bytes(4)
        + bytes((_TTL, protocol, 0, 0))
        + bytes((192, 0, 2, 1, 192, 0, 2, 2))
    )
    total = sum(int.from_bytes(head[i : i + 2]) for i in range(0, 20, 2))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + (~total & 0xFFFF).to_bytes(2) + head[12:]


def _ipv6(following: int, payload: int) -> bytes:
    addresses = bytes.fromhex("20010db8") + bytes(11) + b"\x01" + bytes.fromhex("20010db8")
    return (
        b"\x60\0\0\0" + payload.to_bytes(2) + bytes((following, _TTL)) + addresses + bytes(11)
    ) + b"\x02"
