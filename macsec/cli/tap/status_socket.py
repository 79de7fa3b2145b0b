"""The questions that a running `macsec tap --mka` answers: a socket each, answered on connect.

/run/macsec/tap/NETNS-NAME.status   the status of key agreement, as JSON
/run/macsec/tap/NETNS-NAME.keys     the SAKs in use, only if the configuration allows it
/run/macsec/tap/NETNS-NAME.control  a request for changes comes first, up to the client's end

NETNS is the number of the network namespace, in which NAME is one interface. Folder and sockets are
the owner's alone, and a client must be the same user: the kernel gives its uid (SO_PEERCRED).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

from macsec import trust
from macsec.errors import EnvironmentLacks, MACsecError

PARENT = "/run/macsec"
FOLDER = f"{PARENT}/tap"
STATUS, KEYS, CONTROL = "status", "keys", "control"
PATIENCE_S = 5
REQUEST_LIMIT = 1 << 16
"""Octets of a request."""
_SHORT_S = 0.1
"""Time for a client to send a request or take an answer: the KaY waits meanwhile."""
_CREDENTIALS = struct.Struct("3i")


class Client(NamedTuple):
    """The process that asks."""

    pid: int
    uid: int


class QuestionSocket:
    """The socket of one question about NAME; `answer_for(client)` returns the answer."""

    def __init__(self, name: str, question: str, answer_for: Callable[[Client], str]) -> None:
        self._path, self._answer_for = path_of(name, question), answer_for
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.setblocking(False)
        try:
            for folder in (PARENT, FOLDER):
                os.makedirs(folder, mode=0o700, exist_ok=True)
                trust.check_own(folder)
            with _folder_locked():
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._path)  # NAME is ours: its former process ended
                _remove_stale()
                self._listen()
        except PermissionError:
            self._server.close()
            raise EnvironmentLacks(f"{FOLDER}: needs root") from None
        except BaseException:
            self._server.close()
            raise

    def _listen(self) -> None:
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
                client = _client(peer)
                if client.uid == os.geteuid():
                    peer.sendall(self._answer(client, peer).encode())

    def _answer(self, client: Client, peer: socket.socket) -> str:
        return self._answer_for(client)

    def close(self) -> None:
        """Remove the socket."""
        self._server.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ControlSocket(QuestionSocket):
    """The socket of requests about NAME; `answer_to(client, request)` returns the answer."""

    def __init__(self, name: str, answer_to: Callable[[Client, bytearray], str]) -> None:
        self._answer_to = answer_to
        super().__init__(name, CONTROL, lambda _: "")

    def _answer(self, client: Client, peer: socket.socket) -> str:
        return self._answer_to(client, _received(peer))


def _received(peer: socket.socket) -> bytearray:
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


def path_of(name: str, question: str) -> str:
    """Return the path of the socket for a question about an interface of this namespace."""
    return os.path.join(FOLDER, f"{_namespace()}-{name}.{question}")


@contextlib.contextmanager
def _folder_locked() -> Iterator[None]:
    """Keep other processes from binding or removing a socket meanwhile."""
    folder = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _remove_stale() -> None:
    """Remove the sockets of processes that were killed: no process listens there."""
    for entry in os.listdir(FOLDER):
        path = os.path.join(FOLDER, entry)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.setblocking(False)
            try:
                client.connect(path)
            except ConnectionRefusedError:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
            except OSError:  # its process is busy, or it is no socket
                continue


def names() -> list[str]:
    """Return the interfaces of this network namespace with a status socket, sorted.

    The socket of a process that was killed is left: `ask` then returns None.
    """
    first, last = f"{_namespace()}-", f".{STATUS}"
    try:
        found = os.listdir(FOLDER)
    except FileNotFoundError:
        return []
    except PermissionError:
        raise EnvironmentLacks(f"{FOLDER}: needs root") from None
    return sorted(
        entry[len(first) : -len(last)]
        for entry in found
        if entry.startswith(first) and entry.endswith(last)
    )


def ask(name: str, question: str) -> str | None:
    """Return the answer of the process that has NAME, or None if no process answers."""
    return converse(name, question, b"")


def converse(name: str, question: str, request: bytes | bytearray) -> str | None:
    """Send a request to the process that has NAME; return its answer, or None without one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE_S)
        try:
            client.connect(path_of(name, question))
            if request:  # the answer to none may be here already, and its socket closed
                client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(1 << 16), b"")).decode() or None
        except (FileNotFoundError, ConnectionError, NotADirectoryError):
            return None
        except PermissionError:
            raise EnvironmentLacks(f"{FOLDER}: needs root") from None
        except TimeoutError:
            raise MACsecError(f"{name}: its process does not answer") from None


def _client(peer: socket.socket) -> Client:
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(credentials)
    return Client(pid, uid)


def _namespace() -> int:
    try:
        return os.stat("/proc/thread-self/ns/net").st_ino
    except FileNotFoundError:
        raise EnvironmentLacks("no network namespaces: a tap runs on Linux alone") from None
