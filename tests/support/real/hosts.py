"""Hosts for real traffic: network namespaces joined by a veth cable, and programs running there.

Needs root; `pytest.skip` names what is missing. At the end of the `with` block all programs that it
started are ended, and every namespace is removed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from support.real import guard, preloaded

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TICK, PATIENCE = 0.02, 60
"""Least seconds between two checks of a condition, and seconds until it counts as failed."""
RELAXED, SHARE = 0.25, 0.1
"""Most seconds between two checks, and the share of the wait so far: checks cost CPU time."""

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET"""

ALL_FRAMES, MACSEC, EAPOL = 0x0003, b"\x88\xe5", b"\x88\x8e"
QUEUE = 256 << 20
FORCE_RECEIVE_BUFFER = 33
SOL_PACKET, PACKET_STATISTICS, PACKET_AUXDATA, VLAN_VALID = 263, 6, 8, 0x10
Program = subprocess.Popen[Any] | preloaded.Process
"""A program that was started here."""
_numbers = count()
_c_library = ctypes.CDLL(None, use_errno=True)


def need(*programs: str, tun: bool = True) -> None:
    """Skip, with the reason, where real traffic is not possible."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("network namespaces need root on Linux")
    if tun and not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        pytest.skip("there is no /dev/net/tun")
    for program in ("ip", "ss", *programs):
        if found(program) is None:
            pytest.skip(f"{program} is not installed")


def found(program: str) -> str | None:
    """Return the path of a program: beside this Python, or on the system's path."""
    return shutil.which(program, path=f"{Path(sys.executable).parent}:{SYSTEM_PATH}")


def until(
    true: Callable[[], Any],
    what: str,
    process: Program | None = None,
    tick: float = TICK,
) -> None:
    """Wait until a condition is true; fail when time is over, or when `process` has ended."""
    waited = 0.0  # the time that the checks take is not counted: a busy machine has more
    while waited < PATIENCE:
        if true():
            return
        assert process is None or process.poll() is None, f"{what}: {process.args!r} ended"
        pause = max(tick, min(RELAXED, SHARE * waited))
        select.select([], [], [], pause)
        waited += pause
    pytest.fail(f"not in time: {what}")


class Host:
    """A network namespace: `run` a program to its end, or `start` a server."""

    def __init__(self, cleanup: contextlib.ExitStack, scratch: Path) -> None:
        guard.watch()
        self.namespace = f"{guard.named(guard.NAMESPACES)}-{next(_numbers)}"
        made = subprocess.run(
            ["ip", "netns", "add", self.namespace], capture_output=True, text=True
        )
        if made.returncode:
            pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
        self._cleanup, self.scratch = cleanup, scratch
        cleanup.callback(self._remove)
        for key in ("all", "default"):  # no frames but those of a test
            self.sysctl(f"net/ipv6/conf/{key}/disable_ipv6", 1)
        self.ip("link", "set", "lo", "up")

    def _remove(self) -> None:
        listed = subprocess.run(
            ["ip", "netns", "pids", self.namespace], capture_output=True, text=True
        )
        for pid in listed.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", self.namespace])

    def command(self, *command: str | Path) -> list[str]:
        """Return the command line that runs a program here."""
        program = found(str(command[0])) or str(command[0])
        return ["ip", "netns", "exec", self.namespace, program, *map(str, command[1:])]

    def run(self, *command: str | Path, code: int | None = 0, **more: Any) -> str:
        """Run a program to its end; return its output."""
        done = subprocess.run(
            self.command(*command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=120,
            **({"stdin": subprocess.DEVNULL} | more if "input" not in more else more),
        )
        assert code is None or done.returncode == code, f"{command}: {done.stdout}"
        return done.stdout

    def ip(self, *arguments: str) -> str:
        """Run `ip` here."""
        return self.run("ip", *arguments)

    def start(self, *command: str | Path, port: int | None = None, **more: Any) -> Any:
        """Start a program, and wait until it listens at `port`, if one is given."""
        where = self.scratch / f"log-{next(_numbers)}"
        with where.open("wb") as log:
            given = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log} | more
            process = subprocess.Popen(self.command(*command), start_new_session=True, **given)  # type: ignore[call-overload]
        self._cleanup.callback(end, process)
        if port is not None:
            until(lambda: self.listens(port), f"port {port}", process)
        return process

    def start_macsec(self, *words: str | Path, **more: Any) -> preloaded.Process:
        """Start `macsec` without its start-up."""
        process = preloaded.Process(words, namespace=self.namespace, start_new_session=True, **more)
        self._cleanup.callback(end, process)
        return process

    def listens(self, port: int) -> bool:
        """Return whether a server has a TCP port."""
        return self.run("ss", "-Hltn", f"sport = :{port}").strip() != ""

    def sysctl(self, key: str, value: int) -> None:
        """Set one of this host's settings, where the kernel has it."""
        path = f"/proc/sys/{key}"
        self.run("sh", "-c", f"test ! -e {path} || echo {value} > {path}")

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Put this thread on the host: sockets and devices made meanwhile are the host's."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.namespace}") as here:
            enter(here.fileno())
            try:
                yield
            finally:
                enter(home.fileno())

    def listen(self, device: str) -> Capture:
        """Capture the frames of a device from now on, in both directions."""
        with self.inside():
            return self._cleanup.enter_context(contextlib.closing(Capture(device)))


def enter(namespace: int) -> None:
    """Put this thread into a network namespace."""
    if _c_library.setns(namespace, NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def missed(output: str) -> int:
    """Return the number of echoes that `ping` did not see.

    It waits for the last echo only twice as long as the longest took, so on a busy machine it may
    miss some; the counters of a test show whether they arrived.
    """
    sent, got = map(int, re.findall(r"(\d+) packets transmitted, (\d+) received", output)[0])
    return sent - got


def lost(output: str) -> int:
    """Return the echoes of `ping` without `-q` that never came back, though later ones did.

    Those at the end may only be late: see `missed`. All are lost if none came back.
    """
    sent = int(re.findall(r"(\d+) packets transmitted", output)[0])
    came = {int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", output)}
    return max(came) - len(came) if came else sent


def end(process: Program) -> None:
    """End a program that was started here, if it has not ended."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


class Capture:
    """A packet socket on a device: `frames()` returns the frames since the last call."""

    def __init__(self, device: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, FORCE_RECEIVE_BUFFER, QUEUE)
        self._socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self._socket.bind((device, ALL_FRAMES))
        self._socket.setblocking(False)

    def frames(self) -> list[bytes]:
        """Return all frames so far; fail if one was lost."""
        seen = []
        with contextlib.suppress(BlockingIOError):
            while True:
                seen.append(self._receive())
        lost = struct.unpack("=II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        assert lost == 0, "the capture is not whole"
        return seen

    def next(self, true: Callable[[bytes], bool] = lambda frame: True) -> bytes:
        """Return the next frame of a kind; skip others."""
        for _ in range(round(PATIENCE / TICK)):
            ready, _, _ = select.select([self._socket], [], [], TICK)
            if ready:
                frame = self._receive()
                if true(frame):
                    return frame
        pytest.fail("no such frame arrived")

    def _receive(self) -> bytes:
        """Return a frame, with the VLAN tag that the kernel gives beside it put back."""
        frame, auxiliary, _, _ = self._socket.recvmsg(1 << 17, 64)
        status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", auxiliary[0][2])
        if not status & VLAN_VALID:
            return frame
        return frame[:12] + struct.pack(">HH", tpid, tci) + frame[12:]

    def send(self, frame: bytes) -> None:
        """Send a frame from the device."""
        self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # clear an earlier error
        self._socket.send(frame)

    def close(self) -> None:
        """End it."""
        self._socket.close()


@contextlib.contextmanager
def hosts(scratch: Path, names: str = "ab") -> Iterator[list[Host]]:
    """Yield a host for each name, not joined yet."""
    need(tun=False)
    with contextlib.ExitStack() as cleanup:
        yield [Host(cleanup, scratch) for _ in names]


def cable(one: Host, other: Host, mtu: int = 1500) -> None:
    """Join two hosts: `wire` is the device on both."""
    one.ip(*f"link add wire mtu {mtu} type veth peer name wire netns {other.namespace}".split())
    other.ip(*f"link set wire mtu {mtu}".split())
    for host in (one, other):
        host.ip("link", "set", "wire", "up")
    for host in (one, other):  # before that, frames are dropped
        until(lambda host=host: "state UP" in host.ip("link", "show", "wire"), "a carrier")
