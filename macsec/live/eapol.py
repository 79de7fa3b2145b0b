"""The Uncontrolled Port of an interface: its EAPOL, by a packet socket beside that of the data.

Linux only. EAPOL with a VLAN tag belongs to no port (802.1X 11.1.1), so it is not taken here,
unless its VLAN is 0: a priority tag, which the kernel takes off.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Iterator

from macsec.errors import EnvironmentLacks
from macsec.live.devices import (
    PACKET_ADD_MEMBERSHIP,
    SOL_PACKET,
    EthernetInterface,
    Packet,
    ignore_outgoing,
)
from macsec.live.open_socket import OpenSocket
from macsec.terms import ETHERTYPE_EAPOL

PACKET_MR_MULTICAST = 0
SO_ATTACH_FILTER = 26
AT_ONCE = 512
"""Frames that one call of `frames` returns at most: more than wait in a socket's buffer."""
LONGEST = 1 << 16

# Classic BPF: code, jump if true, jump if false, operand.
_INSTRUCTION = struct.Struct("=HBBI")
_LOAD_HALF, _LOAD_OCTET, _JUMP_EQUAL, _AND, _RETURN = 0x28, 0x30, 0x15, 0x54, 0x06
_ETHERTYPE_AT, _PACKET_TYPE = 12, 0xFFFF_F000 + 4
_VLAN_TAG, _VLAN_PRESENT = 0xFFFF_F000 + 44, 0xFFFF_F000 + 48
_WHOLE, _OTHER_HOST = 0xFFFF_FFFF, 3

# A socket of one EtherType receives frames without their VLAN tag; a frame that had one is then
# marked as for another host.
_OURS = (
    (_LOAD_OCTET, 0, 0, _PACKET_TYPE),
    (_JUMP_EQUAL, 0, 1, _OTHER_HOST),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, _WHOLE),
)


def leave_eapol_out(packet: Packet, ethertype: int = ETHERTYPE_EAPOL) -> None:
    """Hide EAPOL of no VLAN, and that of another EtherType, from a socket: it is no data."""
    _attach(
        packet.fileno(),
        (
            (_LOAD_HALF, 0, 0, _ETHERTYPE_AT),
            (_JUMP_EQUAL, 1, 0, ETHERTYPE_EAPOL),
            (_JUMP_EQUAL, 0, 5, ethertype),
            (_LOAD_OCTET, 0, 0, _VLAN_PRESENT),
            (_JUMP_EQUAL, 4, 0, 0),
            (_LOAD_HALF, 0, 0, _VLAN_TAG),
            (_AND, 0, 0, 0xFFF),
            (_JUMP_EQUAL, 1, 0, 0),
            (_RETURN, 0, 0, _WHOLE),
            (_RETURN, 0, 0, 0),
        ),
    )


class Eapol(OpenSocket):
    """The EAPOL of an interface: `frames()` receives, `send` sends."""

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        self.unsent = 0
        """Frames that the interface refused: it was down or full."""

    def frames(self) -> Iterator[bytes]:
        """Yield the frames that wait, at most AT_ONCE; none from an interface that is down."""
        for _ in range(AT_ONCE):
            try:
                yield self._socket.recv(LONGEST)
            except OSError:  # no frame left; or the interface went down, reported once
                return

    def send(self, frame: bytes) -> bool:
        """Send a frame; return False if the interface refused it. MKA repeats what is lost."""
        try:
            self._socket.send(frame)
        except OSError:
            self.unsent += 1
            return False
        return True


def open_eapol(
    lower: EthernetInterface, destination: bytes, ethertype: int = ETHERTYPE_EAPOL
) -> Eapol:
    """Return the EAPOL socket of an interface; it joins the destination of MKPDUs, if a group."""
    try:
        # No protocol before it is bound, or it would receive frames of other interfaces.
        bound = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        raise EnvironmentLacks(f"sending on {lower.name} needs root (CAP_NET_RAW)") from None
    try:
        _attach(bound.fileno(), _OURS)
        ignore_outgoing(bound)
        bound.bind((lower.name, ethertype))
        if destination[0] & 1:
            joined = lower.index, PACKET_MR_MULTICAST, len(destination), destination
            membership = struct.pack("=IHH8s", *joined)
            bound.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return Eapol(bound)


def _attach(descriptor: int, program: tuple[tuple[int, int, int, int], ...]) -> None:
    """Attach a filter to a socket (linux/filter.h, struct sock_fprog)."""
    code = b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)
    octets = ctypes.create_string_buffer(code, len(code))
    filter_program = struct.pack("@HP", len(program), ctypes.addressof(octets))
    with socket.socket(fileno=descriptor) as borrowed:
        try:
            borrowed.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, filter_program)
        finally:
            borrowed.detach()
