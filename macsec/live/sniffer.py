"""Packet socket that sees all frames of an interface, received and sent, with times and VLAN tags.

Linux only. The kernel takes the first VLAN tag off a frame that it hands to such a socket; here it
is put back.
"""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

from macsec.errors import EnvironmentLacks
from macsec.live.devices import (
    ALL_FRAMES,
    PACKET_ADD_MEMBERSHIP,
    PACKET_AUXDATA,
    PACKET_MR_PROMISC,
    PACKET_STATISTICS,
    SOL_PACKET,
    interface,
)
from macsec.live.open_socket import OpenSocket
from macsec.time_units import NS_PER_S

SO_TIMESTAMPNS = 35
LONGEST = 1 << 18
ANCILLARY = 256
ADDRESSES = 12
OUTGOING = 4
"""PACKET_OUTGOING, the type of a frame that leaves."""
TAG_VALID, TAG_TPID_VALID = 1 << 4, 1 << 6
_AUXILIARY = struct.Struct("=IIIHHHH")
_TIME = struct.Struct("@qq")


class Sniffed(NamedTuple):
    """A frame: time in ns since 1970, True if it left the interface, its octets without FCS."""

    time_ns: int
    outgoing: bool
    octets: bytes


class Sniffer(OpenSocket):
    """All frames of an interface while it is open; the interface is promiscuous meanwhile."""

    def __init__(self, name: str) -> None:
        lower = interface(name)
        try:
            # No protocol before it is bound, or it would receive frames of other interfaces.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError:
            raise EnvironmentLacks(f"capturing on {name} needs root (CAP_NET_RAW)") from None
        self._lost = 0
        try:
            self._socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self._socket.bind((name, ALL_FRAMES))
            membership = struct.pack("=IHH8x", lower.index, PACKET_MR_PROMISC, 0)
            self._socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
            self._socket.setblocking(False)
        except BaseException:
            self._socket.close()
            raise

    @property
    def lost(self) -> int:
        """Frames that arrived while its queue was full."""
        counts = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self._lost += struct.unpack("=II", counts)[1]  # reading the counts sets them to zero
        return self._lost

    def frames(self, most: int) -> list[Sniffed]:
        """Return the frames that wait, at most `most`; none from an interface that is down."""
        found = []
        for _ in range(most):
            try:
                octets, ancillary, _, sender = self._socket.recvmsg(LONGEST, ANCILLARY)
            except OSError:  # no frame left; or the interface went down
                break
            time_ns, tag = _read(ancillary)
            if tag:
                octets = octets[:ADDRESSES] + tag + octets[ADDRESSES:]
            found.append(Sniffed(time_ns, sender[2] == OUTGOING, octets))
        return found


def _read(ancillary: list[tuple[int, int, bytes]]) -> tuple[int, bytes]:
    """Return the time of a frame in ns, and the VLAN tag that the kernel took off it."""
    time_ns, tag = 0, b""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, ns = _TIME.unpack(data[: _TIME.size])
            time_ns = seconds * NS_PER_S + ns
        elif (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, *_, tci, tpid = _AUXILIARY.unpack(data[: _AUXILIARY.size])
            if status & TAG_VALID:
                tag = struct.pack(">HH", tpid if status & TAG_TPID_VALID else 0x8100, tci)
    return time_ns, tag
