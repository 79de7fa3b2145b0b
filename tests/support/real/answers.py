"""Answers of an IPv4 host to ARP requests and echo requests."""

from __future__ import annotations

from macsec.frames.dissect import vlan_tags_end

ARP, IPV4 = b"\x08\x06", b"\x08\x00"
REQUEST = b"\x00\x01"
ICMP, ECHO = 1, 8


def answer(frame: bytes, mac: bytes) -> bytes | None:
    """Return the answer of the host `mac` to a frame behind VLAN tags or none; None: no request."""
    at = vlan_tags_end(frame, 2)
    kind, body = frame[at : at + 2], frame[at + 2 :]
    head = frame[6:12] + mac + frame[12 : at + 2]
    if kind == ARP and body[6:8] == REQUEST:
        return head + body[:6] + b"\x00\x02" + mac + body[24:28] + body[8:18] + body[28:]
    if kind == IPV4 and body[9] == ICMP and body[20] == ECHO:
        checksum = int.from_bytes(body[22:24]) + (ECHO << 8)
        checksum = (checksum & 0xFFFF) + (checksum >> 16)
        icmp = b"\x00\x00" + checksum.to_bytes(2) + body[24:]
        return head + body[:12] + body[16:20] + body[12:16] + icmp
    return None
