"""What a running `macsec tap --mka` tells its owner: a socket a question, answered on connect.

/run/macsec/tap/NETNS-NAME.status   how key agreement stands, as JSON
/run/macsec/tap/NETNS-NAME.keys     the SAKs in use, only where the configuration allows it

NETNS is the number of the network namespace, in which NAME is one interface. Folder and sockets are
the owner's alone, and who asks must be the same user: the kernel tells who it is (SO_PEERCRED).
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Callable
from typing import NamedTuple, Self

from macsec.errors import EnvironmentLacks, MACsecError

PARENT = "/run/macsec"
FOLDER = f"{PARENT}/tap"
STATUS, KEYS = "status", "keys"
PATIENCE_S = 5
_CREDENTIALS = struct.Struct("3i")


class Asker(NamedTuple):
    """Who is at the other end."""

    pid: int
    uid: int


class Answering:
    """The socket of one question about NAME; `tell(asker)` gives the answer."""

    def __init__(self, name: str, question: str, tell: Callable[[Asker], str]) -> None:
        self._path, self._tell = path_of(name, question), tell
        try:
            for folder in (PARENT, FOLDER):
                os.makedirs(folder, mode=0o700, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)  # of one that was killed: NAME is ours now
        except PermissionError:
            raise EnvironmentLacks(f"{FOLDER}: needs root") from None
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.setblocking(False)
        before = os.umask(0o177)
        try:
            self._server.bind(self._path)
        finally:
            os.umask(before)
        self._server.listen()

    def fileno(self) -> int:
        """Can be read when somebody asks."""
        return self._server.fileno()

    def answer(self) -> None:
        """Tell who asks, if it is our own user; nobody is waited for."""
        with contextlib.suppress(OSError):
            peer, _ = self._server.accept()
            with peer:
                peer.settimeout(0.1)
                asker = _asker(peer)
                if asker.uid == os.geteuid():
                    peer.sendall(self._tell(asker).encode())

    def close(self) -> None:
        """Answer no more."""
        self._server.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def path_of(name: str, question: str) -> str:
    """The socket of a question about an interface of this network namespace."""
    return os.path.join(FOLDER, f"{_namespace()}-{name}.{question}")


def names() -> list[str]:
    """The interfaces of this network namespace whose status was to be had, sorted.

    One that was killed may be among them: asking tells.
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
    """The answer of the process that has NAME; None where there is none that answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE_S)
        try:
            client.connect(path_of(name, question))
            return b"".join(iter(lambda: client.recv(1 << 16), b"")).decode() or None
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return None
        except PermissionError:
            raise EnvironmentLacks(f"{FOLDER}: needs root") from None
        except TimeoutError:
            raise MACsecError(f"{name}: its process does not answer") from None


def _asker(peer: socket.socket) -> Asker:
    told = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(told)
    return Asker(pid, uid)


def _namespace() -> int:
    try:
        return os.stat("/proc/self/ns/net").st_ino
    except FileNotFoundError:
        raise EnvironmentLacks("no network namespaces: a tap runs on Linux alone") from None
