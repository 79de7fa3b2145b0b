"""A real Linux kernel with MACsec, as a program: Debian's user-mode Linux, built by `build.sh`.

    with KernelPeer(host, "kp0") as peer:      # its eth0 is the TAP kp0 of a test's host
        peer.ok("ip link")

Commands go through a folder that both share: `cmd.N` there, announced over a socket that is the
guest's serial line, gives `out.N` and the line `DONE N STATUS`. Programs are slow to start in the
guest, so commands that follow each other are better one.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest
from support.real import guard
from support.real.hosts import Host

HERE = Path(__file__).resolve().parent
BUILT = Path(os.environ.get("KERNEL_PEER") or Path.home() / ".cache/macsec-kernel-peer") / "img"
MAC = "02:00:00:00:00:01"
TICK, PATIENCE = 0.5, 60
"""Seconds of one wait for the guest, and waits that a command may take beyond its own time."""


def need_kernel() -> tuple[Path, Path]:
    """Return the kernel and its userspace, or skip and say how to get them."""
    kernel, userspace = BUILT / "linux.uml", BUILT / "initrd.cpio"
    if not (kernel.exists() and userspace.exists()):
        pytest.skip(f"no kernel peer: run {HERE.name}/build.sh (Debian, root, 20 s)")
    return kernel, userspace


class KernelPeer:
    """The guest: `sh`, `ok` and `start` run shell commands there; `uname` is its version."""

    def __init__(self, host: Host, tap: str) -> None:
        kernel, userspace = need_kernel()
        self._numbers = count(1)
        self._folder = Path(tempfile.mkdtemp(prefix=f"{guard.named(guard.PEERS)}-"))
        self._share = self._folder / "share"
        self._share.mkdir()
        self._heard = b""
        self._line, theirs = socket.socketpair()
        self._killing, killed = socket.socketpair()
        arguments = (
            *("mem=256M", f"initrd={userspace}", "con=null", "con0=null,fd:1", "ssl=null", "quiet"),
            *(f"con1=fd:{theirs.fileno()}", "panic=-1", "kpeer.ctl=tty1"),
            *(f"con2=fd:{killed.fileno()}", "kpeer.kill=tty2"),
            *(f"kpeer.share={self._share}", f"uml_dir={self._folder}", "umid=peer"),
            f"vec0:transport=tap,ifname={tap},mac={MAC},depth=64",
        )
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"
        self._console = self._folder / "console.log"
        with self._console.open("wb") as console:
            self._process = subprocess.Popen(
                host.command(kernel, *arguments),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                pass_fds=[theirs.fileno(), killed.fileno()],
                start_new_session=True,
                env={**os.environ, "TMPDIR": memory, "LD_PRELOAD": str(BUILT / "xstate.so")},
                cwd=self._folder,
            )
        theirs.close()
        killed.close()

    def __enter__(self) -> Self:
        try:
            self.uname = self._hear("READY ", PATIENCE).split()[1]
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the guest with all its processes."""
        with contextlib.suppress(OSError):
            self._line.sendall(b"quit 0\n")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # a session of its own
            self._process.wait()
        self._line.close()
        self._killing.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # ---------------------------------------------------------------- commands

    def sh(self, command: str, seconds: int = 60) -> tuple[int, str]:
        """Run a shell command; return its status and its output.

        One that takes longer than its time, and a guest that is slow, is killed: a failure.
        """
        number = self._submit(command, seconds)
        waits = PATIENCE + int(seconds / TICK)
        done = self._line_with(f"DONE {number} ", waits)
        output = self._share / f"out.{number}"
        if done is None:
            self._killing.sendall(b"kill\n")
            self._hear(f"DONE {number} ", PATIENCE)
            text = output.read_text(errors="replace")[-2000:]
            pytest.fail(f"guest: not in {waits * TICK:.0f} s: {command}\n{text}")
        return int(done.split()[2]), output.read_text(errors="replace")

    def ok(self, command: str, seconds: int = 60) -> str:
        """Run a shell command that has to succeed; return its output."""
        status, output = self.sh(command, seconds)
        assert status == 0, f"guest: {command}: {output}"
        return output

    def start(self, command: str) -> None:
        """Start a shell command."""
        self._hear(f"DONE {self._submit(command, 0)} ", PATIENCE)

    def give(self, name: str, text: str) -> str:
        """Write a file that the guest can read; return its path there."""
        (self._share / name).write_text(text)
        return f"/host/{name}"

    def _submit(self, command: str, seconds: int) -> int:
        number = next(self._numbers)
        (self._share / f"cmd.{number}").write_text(command + "\n")
        self._line.sendall(f"{number} {seconds}\n".encode())
        return number

    def _line_with(self, word: str, waits: int) -> str | None:
        """Return the next line that begins with a word; None: there was none in time."""
        for _ in range(waits):
            while b"\n" in self._heard:
                line, self._heard = self._heard.split(b"\n", 1)
                if line.decode(errors="replace").startswith(word):
                    return line.decode(errors="replace").strip()
            if select.select([self._line], [], [], TICK)[0]:
                octets = self._line.recv(1 << 16)
                if not octets:
                    break
                self._heard += octets
        return None

    def _hear(self, word: str, waits: int) -> str:
        """Return the next line that begins with a word; its lack is a failure."""
        line = self._line_with(word, waits)
        if line is None:
            console = self._console.read_text(errors="replace")[-2000:]
            pytest.fail(f"guest: no {word!r}; its console ends in:\n{console}")
        return line

    # ---------------------------------------------------------------- MACsec

    def show(self, device: str = "macsec0") -> dict[str, Any]:
        """Return a MACsec device as `ip -s macsec show` prints it."""
        (shown,) = json.loads(self.ok(f"ip -s -j macsec show {device}"))
        return dict(shown)
