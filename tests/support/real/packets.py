"""TCP segments and UDP datagrams in frames, and large segments with their offload header.

`cut` is the rule of RFC 9293 and of the kernel's segmentation written once more, in Python: the
tests compare the C with it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import Any

MACS = bytes.fromhex("020000000001020000000002")
IPV4, IPV6 = 4, 6
TCP, UDP = 6, 17
FIN, PSH, ACK, ECE, CWR = 0x01, 0x08, 0x10, 0x40, 0x80
NEEDS_CHECKSUM = 1
TYPES = {(TCP, IPV4): 1, (TCP, IPV6): 4, (UDP, IPV4): 5, (UDP, IPV6): 5}
"""Types of the offload header, by protocol and IP version."""
TIMESTAMPS = bytes.fromhex("0101080a0000000700000009")


def ones_sum(octets: bytes) -> int:
    """Return the sum of RFC 1071, folded."""
    total = sum(struct.unpack(f">{(len(octets) + 1) // 2}H", octets + bytes(len(octets) % 2)))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return total


@dataclass(frozen=True)
class Packet:
    """A packet; `frame` gives its octets, with `patch` put over them last: offset to octets."""

    payload: bytes
    version: int = IPV4
    protocol: int = TCP
    seq: int = 1000
    ack: int = 77
    flags: int = ACK
    window: int = 512
    urgent: int = 0
    options: bytes = TIMESTAMPS
    ports: tuple[int, int] = (5201, 40000)
    ident: int = 1
    tos: int = 0
    ttl: int = 64
    dont_fragment: bool = True
    fragment: int = 0
    ip_options: bytes = b""
    extension: bytes = b""
    tags: bytes = b""
    macs: bytes = MACS
    padding: bytes = b""
    checksum: int | None = None
    patch: dict[int, bytes] = field(default_factory=dict)

    @property
    def network(self) -> int:
        """The offset of the IP header."""
        return 14 + len(self.tags)

    @property
    def transport(self) -> int:
        """The offset of the header of TCP or UDP."""
        ip = 20 + len(self.ip_options) if self.version == IPV4 else 40 + len(self.extension)
        return self.network + ip

    @property
    def head(self) -> int:
        """The octets of all headers."""
        return self.transport + (20 + len(self.options) if self.protocol == TCP else 8)

    def with_(self, **changes: Any) -> Packet:
        """Return a packet with some fields changed."""
        return replace(self, **changes)

    def _upper(self, checksum: int) -> bytes:
        if self.protocol == UDP:
            header = struct.pack(">HHHH", *self.ports, 8 + len(self.payload), checksum)
            return header + self.payload
        offset = (20 + len(self.options)) // 4 << 4
        header = struct.pack(">HHII", *self.ports, self.seq % (1 << 32), self.ack)
        header += struct.pack(">BBHHH", offset, self.flags, self.window, checksum, self.urgent)
        return header + self.options + self.payload

    @property
    def pseudo(self) -> bytes:
        """The pseudo-header."""
        length = len(self._upper(0))
        if self.version == IPV4:
            return bytes([10, 9, 0, 1, 10, 9, 0, 2, 0, self.protocol]) + struct.pack(">H", length)
        return bytes(range(32)) + struct.pack(">II", length, self.protocol)

    def _ip(self, length: int) -> bytes:
        if self.version == IPV6:
            first = 0x60000000 | self.tos << 20
            after = 60 if self.extension else self.protocol
            header = struct.pack(">IHBB", first, length + len(self.extension), after, self.ttl)
            return header + bytes(range(32)) + self.extension
        octets = 20 + len(self.ip_options)
        bits = (0x4000 if self.dont_fragment else 0) | self.fragment
        lengths = (octets + length, self.ident % (1 << 16), bits)
        first = 0x40 | octets // 4
        header = struct.pack(">BBHHHBBH", first, self.tos, *lengths, self.ttl, self.protocol, 0)
        header += bytes([10, 9, 0, 1, 10, 9, 0, 2]) + self.ip_options
        return header[:10] + struct.pack(">H", 0xFFFF ^ ones_sum(header)) + header[12:]

    @property
    def frame(self) -> bytes:
        """Its octets, with right checksums unless `checksum` says otherwise."""
        checksum = self.checksum
        if checksum is None:
            checksum = 0xFFFF ^ ones_sum(self.pseudo + self._upper(0))
            if checksum == 0 and self.protocol == UDP:
                checksum = 0xFFFF
        upper = self._upper(checksum)
        kind = b"\x08\x00" if self.version == IPV4 else b"\x86\xdd"
        octets = self.macs + self.tags + kind + self._ip(len(upper)) + upper + self.padding
        for at, new in self.patch.items():
            octets = octets[:at] + new + octets[at + len(new) :]
        return octets

    def offload(self, size: int, **changes: int) -> dict[str, int]:
        """Return the offload header of this packet as a large segment of `size` octets each."""
        at = 16 if self.protocol == TCP else 6
        given = {
            "flags": NEEDS_CHECKSUM,
            "type": TYPES[self.protocol, self.version],
            "header_octets": self.head,
            "segment_octets": size,
            "checksum_start": self.transport,
            "checksum_at": at,
        }
        return given | changes

    @property
    def large(self) -> bytes:
        """Its octets with the sum of the pseudo-header for a checksum, as the kernel gives it."""
        return self.with_(checksum=ones_sum(self.pseudo)).frame


def cut(packet: Packet, size: int) -> list[bytes]:
    """Return the frames of a large segment."""
    pieces = [packet.payload[at : at + size] for at in range(0, len(packet.payload), size)]
    frames = []
    for number, piece in enumerate(pieces):
        flags = packet.flags
        if number != len(pieces) - 1:
            flags &= ~(FIN | PSH)
        if number:
            flags &= ~CWR
        one = packet.with_(
            payload=piece, seq=packet.seq + number * size, flags=flags, ident=packet.ident + number
        )
        frames.append(one.frame)
    return frames
