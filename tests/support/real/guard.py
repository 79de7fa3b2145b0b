"""Remove what a process of tests has made in real time, once it has ended: killed, too.

A fixture removes what it made where the tests end or Ctrl-C stops them. `timeout`, `kill -9` and a
crash leave no time for that: a process beside waits for the end, and removes namespaces, programs
and folders of this process of tests alone.

This file is that process, too: it is run by its path, and imports nothing of tests.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

MARK = "MACSEC_LOCK_DIR"
"""A variable of the environment whose value this process of tests and its programs alone have."""
NAMESPACES, PEERS, LABS = "macsec-test", "kernel-peer", "test"
"""Begins of names, which the number of the process follows: see `named`."""
TICKS, TICK_S = 100, 0.1
"""Time that programs have to end after SIGTERM."""


def named(begin: str) -> str:
    """Return the begin of a name that this process of tests alone gives."""
    return f"{begin}-{os.getpid()}"


@cache
def watch() -> None:
    """Let a process wait for the end of this one."""
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    waiting = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(os.getpid()), os.environ.get(MARK, "")],
        stdin=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # Ctrl-C and `timeout` end this process alone
    )

    def end() -> None:
        waiting.communicate()

    atexit.register(end)


# ---------------------------------------------------------------- the process beside


def remove(tests: str, mark: str) -> None:
    """Remove what the process of tests of this number has left."""
    if mark:
        _end_programs(f"{MARK}={mark}".encode())
        shutil.rmtree(mark, ignore_errors=True)
    for name in sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else ():
        if name.startswith(f"{NAMESPACES}-{tests}-"):
            _remove_namespace(name)
    left = [*Path(tempfile.gettempdir()).glob(f"{PEERS}-{tests}-*")]
    for folder in [*left, Path(f"/run/macsec/labs/{LABS}-{tests}")]:
        shutil.rmtree(folder, ignore_errors=True)


def _end_programs(mark: bytes) -> None:
    """End all programs that were started with a variable; kill what takes too long."""
    for pid in _programs(mark):
        _signal(pid, signal.SIGTERM)
    for _ in range(TICKS):
        if not _programs(mark):
            return
        select.select([], [], [], TICK_S)
    for pid in _programs(mark):
        _signal(pid, signal.SIGKILL)


def _programs(mark: bytes) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdecimal() and mark in Path("/proc", entry, "environ").read_bytes().split(
                b"\0"
            ):
                found.append(int(entry))
    return found


def _remove_namespace(name: str) -> None:
    with contextlib.suppress(OSError):
        inode = os.stat(f"/run/netns/{name}").st_ino
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if entry.isdecimal() and os.stat(f"/proc/{entry}/ns/net").st_ino == inode:
                    _signal(int(entry), signal.SIGKILL)
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    remove(*sys.argv[1:])
