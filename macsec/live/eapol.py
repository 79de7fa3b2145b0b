"""The Uncontrolled Port of an interface: its EAPOL, by a packet socket beside that of the data.

Linux only. VLAN-tagged EAPOL is no port's own (802.1X 11.1.1), so it is not taken here.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Iterator
from typing import Self

from macsec.errors import EnvironmentLacks
from macsec.live.devices import (
    PACKET_ADD_MEMBERSHIP,
    SOL_PACKET,
    Interface,
    Packet,
    ignore_outgoing,
)
from macsec.terms import ETHERTYPE_EAPOL

PACKET_MR_MULTICAST = 0
SO_ATTACH_FILTER = 26
AT_ONCE = 64
"""Frames that are taken before anything else has its turn."""
LONGEST = 1 << 16

# Classic BPF: code, jump if true, jump if false, operand.
_INSTRUCTION = struct.Struct("=HBBI")
_LOAD_HALF, _LOAD_OCTET, _JUMP_EQUAL, _RETURN = 0x28, 0x30, 0x15, 0x06
_ETHERTYPE_AT, _PACKET_TYPE, _VLAN_PRESENT = 12, 0xFFFF_F000 + 4, 0xFFFF_F000 + 48
_WHOLE, _OTHER_HOST = 0xFFFF_FFFF, 3

_ALL_BUT_EAPOL = (
    (_LOAD_HALF, 0, 0, _ETHERTYPE_AT),
    (_JUMP_EQUAL, 0, 2, ETHERTYPE_EAPOL),
    (_LOAD_OCTET, 0, 0, _VLAN_PRESENT),
    (_JUMP_EQUAL, 1, 0, 0),
    (_RETURN, 0, 0, _WHOLE),
    (_RETURN, 0, 0, 0),
)
# The tag is gone by the time that a socket of one EtherType is given a frame; what had one is then
# for another host.
_OURS = (
    (_LOAD_OCTET, 0, 0, _PACKET_TYPE),
    (_JUMP_EQUAL, 0, 1, _OTHER_HOST),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, _WHOLE),
)


def leave_eapol_out(packet: Packet) -> None:
    """From now on a packet socket does not see untagged EAPOL: it is no data."""
    _attach(packet.fileno(), _ALL_BUT_EAPOL)


class Eapol:
    """The EAPOL of an interface: `frames()` are those that arrived, `send` sends one."""

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        self.unsent = 0
        """Frames that the interface did not take: it was down or full."""

    def fileno(self) -> int:
        """Its file descriptor."""
        return self._socket.fileno()

    def frames(self) -> Iterator[bytes]:
        """What is there, up to AT_ONCE frames. An interface that went down is only silent."""
        for _ in range(AT_ONCE):
            try:
                yield self._socket.recv(LONGEST)
            except OSError:  # none is left; or the interface went down, which is told once
                return

    def send(self, frame: bytes) -> bool:
        """Send a frame; whether the interface took it. One that was lost is sent anew in time."""
        try:
            self._socket.send(frame)
        except OSError:
            self.unsent += 1
            return False
        return True

    def close(self) -> None:
        """Let go of the interface."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_eapol(lower: Interface, group: bytes) -> Eapol:
    """The EAPOL of an interface; `group` is the address that it is sent to, which is joined."""
    try:
        # No protocol yet: frames of other interfaces would come in before it is bound.
        bound = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        raise EnvironmentLacks(f"sending on {lower.name} needs root (CAP_NET_RAW)") from None
    try:
        _attach(bound.fileno(), _OURS)
        ignore_outgoing(bound)
        bound.bind((lower.name, ETHERTYPE_EAPOL))
        membership = struct.pack("=IHH8s", lower.index, PACKET_MR_MULTICAST, len(group), group)
        bound.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return Eapol(bound)


def _attach(descriptor: int, program: tuple[tuple[int, int, int, int], ...]) -> None:
    """Give a socket its filter (linux/filter.h, struct sock_fprog)."""
    code = b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)
    octets = ctypes.create_string_buffer(code, len(code))
    given = struct.pack("@HP", len(program), ctypes.addressof(octets))
    with socket.socket(fileno=descriptor) as borrowed:
        try:
            borrowed.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, given)
        finally:
            borrowed.detach()
