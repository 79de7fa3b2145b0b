"""Protocols of daemons on a port: their frames at their intervals, and their hold timers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from macsec.conformance.outcome import require

from .segment import MkaSegment, SegmentMember
from .traffic import bypass

SKEW = 0.4
"""Seconds between the change at one end of a link and at the other."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol of two neighbours: a frame of it, its interval and its hold time in seconds."""

    name: str
    frame: bytes
    interval: float
    hold: float


def _tcp(port: int, payload: bytes) -> bytes:
    """Return IPv4 and TCP around a message."""
    total = 40 + len(payload)
    ip = b"\x45\xc0" + total.to_bytes(2) + bytes(4) + b"\x01\x06\0\0" + bytes(8)
    tcp = port.to_bytes(2) + (179).to_bytes(2) + bytes(8) + b"\x50\x18\x20\0" + bytes(4)
    return ip + tcp + payload


def _frame(destination: str, ethertype: int, data: bytes) -> bytes:
    return bytes.fromhex(destination) + bytes(6) + ethertype.to_bytes(2) + data.ljust(46, b"\0")


def _llc(destination: str, pdu: bytes) -> bytes:
    """Return an 802.3 frame: a length in place of an EtherType, then LLC of ISO."""
    data = b"\xfe\xfe\x03" + pdu
    return bytes.fromhex(destination) + bytes(6) + len(data).to_bytes(2) + data.ljust(46, b"\0")


_LACPDU = b"\x01\x01\x01\x14" + bytes(106)
_LLDPDU = bytes.fromhex("020704025200000061 040303 7031 0602 0078 0000".replace(" ", ""))
_KEEPALIVE = b"\xff" * 16 + b"\0\x13\x04"
_IIH = bytes.fromhex("831b0100110100000105025200000061001e05d9") + bytes(1400)

LACP_FAST = Protocol("LACP, fast", _frame("0180c2000002", 0x8809, _LACPDU), 1, 3)
LACP = Protocol("LACP", _frame("0180c2000002", 0x8809, _LACPDU), 30, 90)
LLDP = Protocol("LLDP", _frame("0180c200000e", 0x88CC, _LLDPDU), 30, 120)
BGP = Protocol("BGP", _frame("025200000061", 0x0800, _tcp(49152, _KEEPALIVE)), 3, 10)
ISIS = Protocol("IS-IS", _llc("09002b000005", _IIH), 3, 9)


@dataclass(slots=True)
class Neighbour:
    """A protocol at one station: the times at which it heard its neighbour."""

    member: SegmentMember
    protocol: Protocol
    heard: list[float] = field(default_factory=list)
    sent: int = 0

    def listen(self, segment: MkaSegment) -> None:
        """Take the frames of this protocol from now on."""

        def hear(frame: bytes) -> None:
            if frame == self.protocol.frame:
                self.heard.append(segment.now)

        self.heard.append(segment.now)
        self.member.station.controlled.receiver = hear

    def send(self) -> None:
        """Send a frame of this protocol."""
        self.sent += 1
        self.member.station.request(self.protocol.frame)

    @property
    def longest(self) -> float:
        """The longest time without a frame."""
        pairs = zip(self.heard, self.heard[1:], strict=False)
        return max((later - before for before, later in pairs), default=float("inf"))


def run_protocol(
    segment: MkaSegment,
    a: SegmentMember,
    b: SegmentMember,
    protocol: Protocol,
    changes: list[tuple[float, bool]],
    end: float,
) -> tuple[Neighbour, Neighbour]:
    """Run a protocol to `end`; `changes`: at a time, whether MACsec is on from then."""
    sides = Neighbour(a, protocol), Neighbour(b, protocol)
    for side in sides:
        side.listen(segment)
        segment.every(protocol.interval, side.send, segment.now, end)
    for at, on in changes:
        segment.at(at, partial(bypass, segment, not on, a))
        segment.at(at + SKEW, partial(bypass, segment, not on, b))
    segment.run(end)
    for side in sides:
        require(len(side.heard) > 1, protocol.name, f"{side.member.name} heard nothing")
        side.heard.append(end)
    return sides
