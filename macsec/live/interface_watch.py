"""Carrier and MTU of an interface, and a descriptor that shows when something has changed."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple, Self

from macsec.live.devices import GET_FLAGS, GET_MTU, ask

NETLINK_ROUTE, RTMGRP_LINK = 0, 1
IFF_UP, IFF_RUNNING = 0x01, 0x40
LONGEST = 1 << 16


class InterfaceState(NamedTuple):
    """An interface now: `carrier` is True if it is up and can pass frames."""

    mtu: int
    carrier: bool


class InterfaceWatch:
    """Watches an interface of this network namespace by its number, also once it is renamed."""

    def __init__(self, index: int) -> None:
        self._index = index
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE)
        self._socket.setblocking(False)
        self._socket.bind((0, RTMGRP_LINK))

    def fileno(self) -> int:
        """Return a descriptor that can be read once an interface has changed."""
        return self._socket.fileno()

    def state(self) -> InterfaceState | None:
        """Forget the changes so far, and return the present state; None if it is gone."""
        self._drain()
        try:
            name = socket.if_indextoname(self._index)
            (mtu,) = struct.unpack("=i", ask(name, GET_MTU)[:4])
            (flags,) = struct.unpack("=H", ask(name, GET_FLAGS)[:2])
        except OSError:
            return None
        return InterfaceState(mtu, flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING)

    def _drain(self) -> None:
        while True:
            try:
                self._socket.recv(LONGEST)
            except BlockingIOError:
                return
            except OSError:  # more changes than its queue holds: the state is read anyway
                continue

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
