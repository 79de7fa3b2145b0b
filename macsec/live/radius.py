"""A socket to a RADIUS server: datagrams of UDP in and out; what they hold is the NAS's."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from macsec.errors import EnvironmentLacks
from macsec.live.open_socket import OpenSocket

LONGEST = 4096
"""Octets of a RADIUS packet at most (RFC 2865 3)."""

AT_ONCE = 64


class RadiusSocket(OpenSocket):
    """A datagram socket that hears one server alone. Raises EnvironmentLacks."""

    def __init__(self, host: str, port: int) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
            family, kind, protocol, _, address = found[0]
            self._socket = socket.socket(family, kind, protocol)
            self._socket.connect(address)
        except OSError as error:
            reason = error.strerror or str(error)
            raise EnvironmentLacks(f"RADIUS server {host} port {port}: {reason}") from None
        self._socket.setblocking(False)

    def packets(self) -> Iterator[bytes]:
        """Yield the packets that wait, some at most."""
        for _ in range(AT_ONCE):
            try:
                yield self._socket.recv(LONGEST)
            except BlockingIOError:
                return
            except OSError:  # the server's host refused an earlier packet; it is sent again
                continue

    def send(self, packet: bytes) -> bool:
        """Send a packet; return False if it did not leave. The NAS repeats what is lost."""
        try:
            self._socket.send(packet)
        except OSError:
            return False
        return True
