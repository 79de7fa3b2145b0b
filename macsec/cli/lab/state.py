"""The one lab that is up on a machine: a lock, what others need to reach it, and its status.

DIR/lock     locked by the process of the lab, which so ends with it
DIR/lab.json its process, and where the namespaces are
DIR/status   a socket: who connects is told the lab's status, as JSON
DIR/hosts    names and addresses of the hosts, which programs there have as /etc/hosts
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any, Self

from macsec.errors import ConfigError, EnvironmentLacks, MACsecError

DEFAULT = "/run/macsec"
LOCK, TOLD, STATUS, HOSTS = "lock", "lab.json", "status", "hosts"
SOCKET_PATH = 107
"""Octets of a path that a socket can have (unix(7))."""


@dataclass(frozen=True, slots=True)
class Up:
    """A lab that is up: its process, its topology, and places as in RealLab."""

    pid: int
    topology: str
    places: dict[str, str]

    def place(self, name: str) -> str:
        """The namespace of a host, else site, else link, of that name; or of `link:NAME`."""
        for full in (name, f"host:{name}", f"site:{name}", f"link:{name}"):
            if full in self.places:
                return self.places[full]
        hosts = ", ".join(place[5:] for place in self.places if place.startswith("host:"))
        raise ConfigError(f"{name}: nothing in the lab is called so; its hosts are {hosts}")


class Published:
    """What the process of a lab keeps in a folder while it is up."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        if len(os.fsencode(self._path(STATUS))) > SOCKET_PATH:
            raise ConfigError(f"--state {folder}: too long a path for a socket: a shorter one")
        self._lock = _lock_file(folder, make=True)
        if not _locked(self._lock):
            self._lock.close()
            raise MACsecError(f"a lab is up already ({folder}); macsec lab down ends it")
        self._clear()  # of one that was killed: its number may be another process's by now
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def publish(self, up: Up, hosts: Mapping[str, Sequence[str]]) -> None:
        """Let others find the lab. `hosts`: the addresses of each."""
        with open(self._path(HOSTS), "w", encoding="ascii") as names:
            names.write("127.0.0.1 localhost\n::1 localhost\n")
            names.writelines(f"{at} {name}\n" for name, all_at in hosts.items() for at in all_at)
        self._server.bind(self._path(STATUS))
        self._server.listen()
        draft = self._path(f"{TOLD}.new")
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(asdict(up), file)
        os.replace(draft, self._path(TOLD))

    def fileno(self) -> int:
        """Can be read when somebody asks for the status."""
        return self._server.fileno()

    def answer(self, status: Callable[[], Any]) -> None:
        """Tell who asks."""
        peer, _ = self._server.accept()
        with peer, contextlib.suppress(OSError):
            peer.settimeout(1)
            peer.sendall(json.dumps(status()).encode())

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def close(self) -> None:
        """Leave the folder as if the lab had not been."""
        self._server.close()
        self._clear()
        self._lock.close()

    def _clear(self) -> None:
        for name in (TOLD, STATUS, HOSTS):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path(name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def found(folder: str) -> Up:
    """The lab that is up. Raises MACsecError where there is none."""
    with contextlib.suppress(FileNotFoundError), _lock_file(folder, make=False) as lock:
        if not _locked(lock):
            with open(os.path.join(folder, TOLD), encoding="utf-8") as file:
                return Up(**json.load(file))
    raise MACsecError(f"no lab is up ({folder}); macsec lab up TOPOLOGY starts one")


def ask(folder: str) -> Any:
    """The status of the lab that is up, from its process."""
    found(folder)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        client.connect(os.path.join(folder, STATUS))
        told = b"".join(iter(lambda: client.recv(1 << 16), b""))
    if not told:
        raise MACsecError(f"the lab ended while it was asked ({folder})")
    return json.loads(told)


def _lock_file(folder: str, *, make: bool) -> IO[str]:
    try:
        if make:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        return open(os.path.join(folder, LOCK), "a" if make else "r", encoding="utf-8")
    except PermissionError:
        raise EnvironmentLacks(f"{folder}: a lab in real time needs root") from None


def _locked(file: IO[str]) -> bool:
    """Lock it for as long as it is open; False where another process has."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
