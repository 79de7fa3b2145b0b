"""The folder of the lab that is up: a lock, the facts to reach the lab, and its status.

DIR/lock     locked by the process of the lab; the lock ends with the process
DIR/lab.json the process, and the paths of the namespaces
DIR/status   a socket: it sends the lab's status to each client, as JSON
DIR/control  a socket: it takes changes of the lab's ports
DIR/yang     a socket: it sends the ports as instance data of YANG modules
DIR/monitor  a socket: it sends the ports and links as data of macsec.monitoring
DIR/hosts    names and addresses of the hosts, the /etc/hosts of programs there
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import IO, Any, Self

from macsec import trust
from macsec.errors import ConfigError, EnvironmentLacks, MACsecError
from macsec.whole_file import write_whole

LOCK, FACTS, HOSTS = "lock", "lab.json", "hosts"
STATUS, CONTROL, YANG, MONITOR = "status", "control", "yang", "monitor"
DEFAULT = "/run/macsec"
NAMES = "labs"
"""Folder in DEFAULT with a folder for each lab that has a name."""
SOCKET_PATH = 107
"""The longest path of a socket, in octets (unix(7))."""


def require_root() -> None:
    """Raise EnvironmentLacks unless this is root on Linux."""
    if sys.platform != "linux":
        raise EnvironmentLacks("a lab in real time needs Linux; macsec lab run does not")
    if os.geteuid() != 0:
        raise EnvironmentLacks("a lab in real time needs root; macsec lab run does not")


def exit_code(ended: int) -> int:
    """Return the exit code of a program as a shell reports it."""
    return ended if ended >= 0 else 128 - ended


@dataclass(frozen=True, slots=True)
class RunningLab:
    """A lab that is up: its process, its topology, and its `places`, as in RealLab.

    `user`, `cwd`: the user that started it, and the working folder then; None and empty where an
    older version did not record them.
    """

    pid: int
    topology: str
    places: dict[str, str]
    user: int | None = None
    cwd: str = ""

    @classmethod
    def read(cls, text: str) -> RunningLab:
        """Return the lab of a file of facts. Raises ValueError for one of another version."""
        facts = json.loads(text)
        names = {each.name for each in fields(cls)}
        lab = cls(**{name: value for name, value in facts.items() if name in names})
        if not isinstance(lab.pid, int) or not isinstance(lab.places, dict):
            raise ValueError("no process or no places")
        return lab

    def place(self, name: str) -> str:
        """Return the namespace of the host, site or link of that name, or of `link:NAME`."""
        for full in (name, f"host:{name}", f"site:{name}", f"link:{name}"):
            if full in self.places:
                return self.places[full]
        hosts = ", ".join(place[5:] for place in self.places if place.startswith("host:"))
        raise ConfigError(f"{name}: the lab has no such host, site or link; its hosts are {hosts}")


class Published:
    """The files that the process of a lab keeps in a folder while it is up."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        if len(os.fsencode(self.path(CONTROL))) > SOCKET_PATH:
            raise ConfigError(f"--state {folder}: the path is too long for a socket")
        self._lock = _lock_file(folder, make=True)
        if not _locked(self._lock):
            self._lock.close()
            raise MACsecError(
                f"a lab is up already ({folder}): end it, or give this one another --name"
            )
        self._clear()  # of a lab that was killed: another process may have its pid by now
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def publish(self, lab: RunningLab, hosts: Mapping[str, Sequence[str]]) -> None:
        """Let other processes find the lab. `hosts`: the addresses of each."""
        known = {"localhost": ("127.0.0.1", "::1"), **hosts}
        names = "".join(f"{at} {name}\n" for name, all_at in known.items() for at in all_at)
        write_whole(self.path(HOSTS), names)
        self._server.bind(self.path(STATUS))
        self._server.listen()
        write_whole(self.path(FACTS), json.dumps(asdict(lab)))

    def fileno(self) -> int:
        """Return a descriptor that can be read when a client asks for the status."""
        return self._server.fileno()

    def answer(self, status: Callable[[], Any]) -> None:
        """Send the status to a client."""
        peer, _ = self._server.accept()
        with peer, contextlib.suppress(OSError):
            peer.settimeout(1)
            peer.sendall(json.dumps(status()).encode())

    def path(self, name: str) -> str:
        """Return the path of a file in the folder."""
        return os.path.join(self._folder, name)

    def close(self) -> None:
        """Remove all files but the lock."""
        self._server.close()
        self._clear()
        self._lock.close()

    def _clear(self) -> None:
        for name in (FACTS, STATUS, CONTROL, YANG, MONITOR, HOSTS):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path(name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class NoLab(MACsecError):
    """No lab is up in a folder."""


def found(folder: str) -> RunningLab:
    """Return the lab that is up. Raises NoLab; MACsecError for a lab of another version."""
    with contextlib.suppress(FileNotFoundError), _lock_file(folder, make=False) as lock:
        if not _locked(lock):
            with open(os.path.join(folder, FACTS), encoding="utf-8") as file:
                text = file.read()
            try:
                return RunningLab.read(text)
            except (ValueError, TypeError, AttributeError):
                raise MACsecError(
                    f"{folder}: another version of macsec started this lab: end it with that one, "
                    "or kill its process"
                ) from None
    raise NoLab(f"no lab is up ({folder}); macsec lab up TOPOLOGY starts one")


def folders() -> dict[str, str]:
    """Return the folders of labs that have a name, up or not, by the names.

    Raises EnvironmentLacks for another user.
    """
    parent = os.path.join(DEFAULT, NAMES)
    try:
        return {name: os.path.join(parent, name) for name in sorted(os.listdir(parent))}
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise EnvironmentLacks(f"{parent}: needs root") from None


def ask(folder: str) -> Any:
    """Return the status of the lab that is up, from its process."""
    found(folder)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        client.connect(os.path.join(folder, STATUS))
        text = b"".join(iter(lambda: client.recv(1 << 16), b""))
    if not text:
        raise MACsecError(f"the lab ended before it answered ({folder})")
    return json.loads(text)


def _lock_file(folder: str, *, make: bool) -> IO[str]:
    try:
        if make:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        trust.check_own(folder)
        return open(os.path.join(folder, LOCK), "a" if make else "r", encoding="utf-8")
    except PermissionError:
        raise EnvironmentLacks(f"{folder}: a lab in real time needs root") from None


def _locked(file: IO[str]) -> bool:
    """Lock a file while it is open; return False if another process has the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
