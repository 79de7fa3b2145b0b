"""The ends of a link in real time: a TAP device of our own, and the packet socket of an interface.

Linux only; both need CAP_NET_ADMIN and CAP_NET_RAW. Raises ConfigError for a name that cannot be
used, EnvironmentLacks for a service that the machine lacks.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
import struct
from dataclasses import dataclass
from typing import Self

from macsec.errors import ConfigError, EnvironmentLacks
from macsec.live.open_socket import OpenSocket

TUN = "/dev/net/tun"
NAME_LIMIT = 15
"""Octets of an interface's name."""

OVERHEAD = 32
"""Octets that protection adds: a SecTAG with SCI and an ICV."""

ETHERNET = 1
"""ARPHRD_ETHER"""

ALL_FRAMES = 0x0003
"""ETH_P_ALL"""

QUEUE_OCTETS = 16 << 20
"""Capacity of a packet socket for frames not yet read, and for frames not yet sent."""

# Requests of netdevice(7) and linux/if_tun.h, and the layout of their `struct ifreq`.
GET_FLAGS, SET_FLAGS, GET_MTU, SET_MTU = 0x8913, 0x8914, 0x8921, 0x8922
SET_ADDRESS, GET_ADDRESS = 0x8924, 0x8927
TUN_SET_INTERFACE, TUN_SET_CARRIER = 0x400454CA, 0x400454E2
IFF_UP = 1
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR, IFF_TUN_EXCL = 0x0002, 0x1000, 0x4000, 0x8000
REQUEST = struct.Struct("16s24s")

# linux/if_packet.h
SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP, PACKET_STATISTICS, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 1, 6, 8, 23
PACKET_MR_PROMISC = 1


@dataclass(frozen=True, slots=True)
class EthernetInterface:
    """An Ethernet interface as it is now: `mtu` in octets, `mac` its six octets."""

    name: str
    index: int
    mtu: int
    mac: bytes
    up: bool


def interface(name: str) -> EthernetInterface:
    """Return the Ethernet interface of that name. Raises ConfigError if there is none."""
    _check_name(name)
    try:
        index = socket.if_nametoindex(name)
    except OSError:
        raise ConfigError(f"there is no interface {name!r} (ip link shows them)") from None
    kind, mac = struct.unpack("=H6s", ask(name, GET_ADDRESS)[:8])
    if kind != ETHERNET:
        raise ConfigError(f"{name} is not an Ethernet interface")
    (mtu,) = struct.unpack("=i", ask(name, GET_MTU)[:4])
    (flags,) = struct.unpack("=h", ask(name, GET_FLAGS)[:2])
    return EthernetInterface(name, index, mtu, mac, bool(flags & IFF_UP))


class TapDevice:
    """A TAP device that exists while it is open: one frame a read or write, never blocking."""

    def __init__(self, name: str, file: int) -> None:
        self.name = name
        self._file = file

    def fileno(self) -> int:
        """Return its file descriptor."""
        return self._file

    @property
    def mtu(self) -> int:
        """Its MTU now."""
        (mtu,) = struct.unpack("=i", ask(self.name, GET_MTU)[:4])
        return int(mtu)

    def set_mtu(self, mtu: int) -> None:
        """Change its MTU. Raises ConfigError for an MTU that it cannot have."""
        _set_mtu(self.name, mtu)

    def set_carrier(self, carrier: bool) -> None:
        """Change its carrier. Raises EnvironmentLacks before Linux 5.0."""
        try:
            fcntl.ioctl(self._file, TUN_SET_CARRIER, struct.pack("=i", carrier))
        except OSError:
            raise EnvironmentLacks("a carrier needs Linux 5.0 or later") from None

    def close(self) -> None:
        """Remove the device."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_tap(name: str, mtu: int, mac: bytes) -> TapDevice:
    """Return a new TAP device with this MTU and MAC address, up."""
    _check_name(name)
    tap = TapDevice(name, _open_tun())
    try:
        _attach(tap)
        ask(name, SET_ADDRESS, struct.pack("=H6s", ETHERNET, mac))
        _set_mtu(name, mtu)
        (flags,) = struct.unpack("=h", ask(name, GET_FLAGS)[:2])
        ask(name, SET_FLAGS, struct.pack("=h", flags | IFF_UP))
    except BaseException:
        tap.close()
        raise
    return tap


class Packet(OpenSocket):
    """A packet socket bound to an interface: all frames that arrive there, none that leave."""

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        self._lost = 0

    @property
    def lost(self) -> int:
        """Frames that arrived while its queue was full."""
        counts = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self._lost += struct.unpack("=II", counts)[1]  # reading the counts sets them to zero
        return self._lost


def open_packet(lower: EthernetInterface) -> Packet:
    """Return a socket for the frames that arrive at an interface, to any destination.

    The interface is promiscuous while the socket is open: an Ethernet card delivers only frames to
    its own addresses, and does not know the groups that the upper device joins.
    """
    try:
        # No protocol before it is bound, or it would receive frames of other interfaces.
        bound = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        raise EnvironmentLacks(f"sending on {lower.name} needs root (CAP_NET_RAW)") from None
    try:
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            _widen(bound, option)
        bound.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        ignore_outgoing(bound)
        bound.bind((lower.name, ALL_FRAMES))
        membership = struct.pack("=IHH8x", lower.index, PACKET_MR_PROMISC, 0)
        bound.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return Packet(bound)


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[^\s/:%]+", name) or name in (".", ".."):
        raise ConfigError(f"{name!r} cannot name an interface")
    if len(os.fsencode(name)) > NAME_LIMIT:
        raise ConfigError(f"{name!r}: the name of an interface has at most {NAME_LIMIT} octets")


def ask(name: str, request: int, value: bytes = b"") -> bytes:
    """Return the answer to a request about an interface. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, request, REQUEST.pack(os.fsencode(name), value))
    result: bytes = REQUEST.unpack(answer)[1]
    return result


def _open_tun() -> int:
    try:
        return os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        why = "root" if isinstance(error, PermissionError) else "the tun driver (modprobe tun)"
        raise EnvironmentLacks(f"{TUN}: {error.strerror}: a device needs {why}") from None


def _attach(tap: TapDevice) -> None:
    try:
        socket.if_nametoindex(tap.name)
    except OSError:
        pass
    else:
        raise ConfigError(f"{tap.name} exists already: choose another name")
    flags = struct.pack("=H", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL)
    try:
        fcntl.ioctl(tap, TUN_SET_INTERFACE, REQUEST.pack(os.fsencode(tap.name), flags))
    except PermissionError:
        raise EnvironmentLacks("making a device needs root (CAP_NET_ADMIN)") from None


def _set_mtu(name: str, mtu: int) -> None:
    try:
        ask(name, SET_MTU, struct.pack("=i", mtu))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise ConfigError(f"{name} cannot have an MTU of {mtu} octets") from None


def _widen(bound: socket.socket, option: int) -> None:
    forced = {socket.SO_RCVBUF: 33, socket.SO_SNDBUF: 32}[option]  # SO_RCVBUFFORCE, SO_SNDBUFFORCE
    try:
        bound.setsockopt(socket.SOL_SOCKET, forced, QUEUE_OCTETS)
    except PermissionError:  # no CAP_NET_ADMIN: the system's limit applies
        bound.setsockopt(socket.SOL_SOCKET, option, QUEUE_OCTETS)


def ignore_outgoing(bound: socket.socket) -> None:
    """Hide frames that leave the interface from its packet socket."""
    try:
        bound.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    except OSError:
        raise EnvironmentLacks("PACKET_IGNORE_OUTGOING: this needs Linux 4.20 or later") from None
