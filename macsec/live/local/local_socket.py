"""A socket in the file system, for processes of the same user on this machine.

The kernel gives the user of a client (SO_PEERCRED): the request of another one is not read.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
from collections.abc import Callable
from typing import NamedTuple, Self

from macsec.errors import EnvironmentLacks, MACsecError

PATIENCE_S = 5
REQUEST_LIMIT = 1 << 16
"""Octets of a request."""
_SHORT_S = 0.1
"""Time for a client to send a request or take an answer: the server waits meanwhile."""
_CREDENTIALS = struct.Struct("3i")


class Client(NamedTuple):
    """The process that asks."""

    pid: int
    uid: int


def no_request(_: socket.socket) -> bytearray:
    """Return nothing: a client that connects is answered at once."""
    return bytearray()


def whole_request(peer: socket.socket) -> bytearray:
    """Receive octets up to the end, in place: they may hold keys. Raises OSError."""
    octets, length = bytearray(REQUEST_LIMIT), 0
    try:
        while more := peer.recv_into(memoryview(octets)[length:]):
            length += more
    except BaseException:
        octets[:] = bytes(REQUEST_LIMIT)
        raise
    del octets[length:]
    return octets


class LocalSocket:
    """Answers clients of our own user at a path; `answer_to(client, request)` gives the answer.

    `receive` takes a request from a client.
    """

    def __init__(
        self,
        path: str,
        answer_to: Callable[[Client, bytearray], str],
        receive: Callable[[socket.socket], bytearray] = whole_request,
    ) -> None:
        self._path, self._answer_to, self._receive = path, answer_to, receive
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.setblocking(False)
        try:
            self._bind()
        except BaseException:
            self._server.close()
            raise

    def _bind(self) -> None:
        """Bind the path, and listen."""
        before = os.umask(0o177)
        try:
            self._server.bind(self._path)
        finally:
            os.umask(before)
        self._server.listen()

    def fileno(self) -> int:
        """Return a descriptor that can be read when a client has connected."""
        return self._server.fileno()

    def serve(self) -> None:
        """Answer a client of our own user, without waiting for it."""
        with contextlib.suppress(OSError):
            peer, _ = self._server.accept()
            with peer:
                peer.settimeout(_SHORT_S)
                client = client_of(peer)
                if client.uid == os.geteuid() and not _is_gone(peer):
                    peer.sendall(self._answer_to(client, self._receive(peer)).encode())

    def close(self) -> None:
        """Remove the socket."""
        self._server.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_gone(peer: socket.socket) -> bool:
    """Return whether a client has hung up, and not only ended its request."""
    look = select.poll()
    look.register(peer, 0)
    return any(event & select.POLLHUP for _, event in look.poll(0))


def client_of(peer: socket.socket) -> Client:
    """Return the process at the other end."""
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(credentials)
    return Client(pid, uid)


def converse(path: str, request: bytes | bytearray, who: str) -> str | None:
    """Send a request to the process at a path; return its answer, or None without one.

    `who` is that process, for messages.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE_S)
        try:
            client.connect(path)
            if request:  # the answer to none may be here already, and its socket closed
                client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(1 << 16), b"")).decode() or None
        except (FileNotFoundError, ConnectionError, NotADirectoryError):
            return None
        except PermissionError:
            raise EnvironmentLacks(f"{os.path.dirname(path)}: needs root") from None
        except TimeoutError:
            raise MACsecError(f"{who}: its process does not answer") from None
