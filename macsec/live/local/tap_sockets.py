"""The questions that a running `macsec tap` answers: a socket each, answered on connect.

/run/macsec/tap/NETNS-NAME.status   the status of key agreement, as JSON
/run/macsec/tap/NETNS-NAME.yang     the port as instance data of YANG modules
/run/macsec/tap/NETNS-NAME.monitor  the port as data of macsec.monitoring
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
from collections.abc import Callable, Iterator

from macsec import trust
from macsec.errors import EnvironmentLacks

from .local_socket import (
    Client,
    LocalSocket,
    converse,
    no_request,
)

PARENT = "/run/macsec"
FOLDER = f"{PARENT}/tap"
STATUS, KEYS, CONTROL, YANG, MONITOR = "status", "keys", "control", "yang", "monitor"


class _TapSocket(LocalSocket):
    """A socket in the folder of all taps; stale sockets there are removed."""

    def _bind(self) -> None:
        try:
            for folder in (PARENT, FOLDER):
                os.makedirs(folder, mode=0o700, exist_ok=True)
                trust.check_own(folder)
            with _folder_locked():
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._path)  # NAME is ours: its former process ended
                _remove_stale()
                super()._bind()
        except PermissionError:
            raise EnvironmentLacks(f"{FOLDER}: needs root") from None


class QuestionSocket(_TapSocket):
    """The socket of one question about NAME; `answer_for(client)` returns the answer."""

    def __init__(self, name: str, question: str, answer_for: Callable[[Client], str]) -> None:
        super().__init__(path_of(name, question), lambda client, _: answer_for(client), no_request)


class ControlSocket(_TapSocket):
    """The socket of requests about NAME; `answer_to(client, request)` returns the answer."""

    def __init__(self, name: str, answer_to: Callable[[Client, bytearray], str]) -> None:
        super().__init__(path_of(name, CONTROL), answer_to)


def path_of(name: str, question: str) -> str:
    """Return the path of the socket for a question about an interface of this namespace."""
    return path_in(namespace(), name, question)


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
    """Remove the sockets of processes that were killed: no process listens there.

    A socket of another type is refused by one that listens, which hears nothing of it: a client
    would have the answer, and be in the record of who has the SAKs.
    """
    for entry in os.listdir(FOLDER):
        path = os.path.join(FOLDER, entry)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            try:
                other.connect(path)
            except ConnectionRefusedError:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
            except OSError:  # a process listens, or it is no socket
                continue


def _entries() -> list[str]:
    """Return the names of all sockets. Raises EnvironmentLacks for another user."""
    try:
        return os.listdir(FOLDER)
    except FileNotFoundError:
        return []
    except PermissionError:
        raise EnvironmentLacks(f"{FOLDER}: needs root") from None


def names() -> list[str]:
    """Return the interfaces of this network namespace with a status socket, sorted.

    The socket of a process that was killed is left: `ask` then returns None.
    """
    first, last = f"{namespace()}-", f".{STATUS}"
    return sorted(
        entry[len(first) : -len(last)]
        for entry in _entries()
        if entry.startswith(first) and entry.endswith(last)
    )


def every_tap() -> list[tuple[int, str]]:
    """Return the network namespace and the name of each tap of this machine, sorted.

    The socket of a process that was killed is left. Raises EnvironmentLacks for another user.
    """
    entries = (entry.rpartition(".")[0].partition("-") for entry in _entries())
    return sorted({(int(netns), name) for netns, _, name in entries if netns.isdecimal() and name})


def path_in(namespace: int, name: str, question: str) -> str:
    """Return the path of the socket for a question about an interface of any namespace."""
    return os.path.join(FOLDER, f"{namespace}-{name}.{question}")


def ask(name: str, question: str) -> str | None:
    """Return the answer of the process that has NAME, or None if no process answers."""
    return converse(path_of(name, question), b"", name)


def namespace() -> int:
    """Return the number of this network namespace."""
    try:
        return os.stat("/proc/thread-self/ns/net").st_ino
    except FileNotFoundError:
        raise EnvironmentLacks("no network namespaces: a tap runs on Linux alone") from None
