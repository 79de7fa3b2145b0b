"""Network namespaces without names: they exist while a process is in them or has them open."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Self

from macsec import trust
from macsec.errors import EnvironmentLacks, MACsecError

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET"""
NEW_MOUNTS = 0x00020000
"""CLONE_NEWNS"""
MS_BIND, MS_REC, MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
KNOWN_HOSTS = b"/etc/hosts"
OWN = "/proc/thread-self/ns/net"
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ROUNDS = 1000
"""Attempts to kill all programs, before a program that no signal ends is left."""


class Namespace:
    """A new network namespace, with a loopback that is up.

    It has no name: when this process ends, even by a kill, its devices are gone, unless a program
    still runs in it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        with _back_home():
            _call("unshare", NEW_NETWORK)
            self._file = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.ip("link set dev lo up")
        except BaseException:
            self.close()
            raise

    @property
    def path(self) -> str:
        """The path for other processes of this machine while it is open."""
        return f"/proc/{os.getpid()}/fd/{self._file}"

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Put this thread, and all that it opens or starts meanwhile, into the namespace."""
        with _back_home():
            _call("setns", self._file, NEW_NETWORK)
            yield

    def ip(self, *commands: str) -> None:
        """Run commands of `ip` in it, in one process. Raises MACsecError for a refused command."""
        with self.inside(), _uninterrupted():
            done = subprocess.run(  # noqa: S603 - names come from a checked topology
                [_program("ip"), "-batch", "-"],
                check=False,
                input="\n".join(commands),
                capture_output=True,
                text=True,
                env=trust.environment(),
            )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
            raise MACsecError(f"{self.name}: ip: {lines[0]}")

    def without_ipv6(self) -> None:
        """Turn IPv6 off for its devices, so that they send nothing by themselves."""
        with self.inside():
            for which in ("all", "default"):
                with (
                    contextlib.suppress(OSError),
                    open(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6", "w") as setting,
                ):
                    setting.write("1")

    @staticmethod
    def end_programs(namespaces: Iterable[Namespace]) -> None:
        """Kill the programs in some namespaces: they would keep these and their devices."""
        inodes = {os.fstat(each._file).st_ino for each in namespaces if each._file >= 0}
        # Repeat until none is left: a program may have started another meanwhile.
        for _ in range(ROUNDS):
            if not sum(_killed(entry, inodes) for entry in os.listdir("/proc")):
                return

    def close(self) -> None:
        """Release it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _killed(entry: str, inodes: set[int]) -> bool:
    with contextlib.suppress(OSError):  # it ended by itself
        if entry.isdecimal() and os.stat(f"/proc/{entry}/ns/net").st_ino in inodes:
            os.kill(int(entry), signal.SIGKILL)
            return True
    return False


@contextlib.contextmanager
def entrance(path: str, hosts: str) -> Iterator[Callable[[], None]]:
    """Yield a function that moves the process that calls it into the namespace at a path.

    That process then has the file `hosts` in place of /etc/hosts, if that exists.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield partial(_enter, file, hosts.encode())
    finally:
        os.close(file)


def enter(path: str) -> None:
    """Move this thread into the namespace at a path, for good."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise EnvironmentLacks(f"{path}: {error.strerror}: a lab is captured as root") from None
    try:
        _call("setns", file, NEW_NETWORK)
    finally:
        os.close(file)


def _enter(file: int, hosts: bytes) -> None:
    _call("setns", file, NEW_NETWORK)
    if os.path.exists(KNOWN_HOSTS):
        _call("unshare", NEW_MOUNTS)
        _call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
        _call("mount", hosts, KNOWN_HOSTS, None, MS_BIND, None)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Block signals, Ctrl-C among them, for programs that are started meanwhile."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _back_home() -> Iterator[None]:
    home = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        _call("setns", home, NEW_NETWORK)
        os.close(home)


def _call(name: str, *arguments: int | bytes | None) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        why = os.strerror(ctypes.get_errno())
        raise EnvironmentLacks(f"network namespaces need root (CAP_SYS_ADMIN): {name}: {why}")


def _program(name: str) -> str:
    found = trust.program(name)
    if found is None:
        raise EnvironmentLacks(f"{name} is not installed (apt install iproute2)")
    return found
