"""Processes of `macsec` without its start-up: children of a process that has imported it already.

`python -m macsec` needs half a second of a CPU until its verb runs, and tests of real traffic start
it hundreds of times. `Process` is such a command: a server, one for each process of tests, forks
for it. What the start does is for tests of the real program: tests/cli,
tests/guide, and those here that use `subprocess` themselves.

This file is the server, too: it is run by its path, and imports nothing of tests then.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import io
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, Self

COMMAND = (sys.executable, "-m", "macsec")
PRELOADED = ("cli.tap", "cli.lab", "cli.mka", "cli.shared", "kay", "lab", "live", "port")
LONGEST = 1 << 17
"""Octets of a request: command line and environment."""
NEW_NETWORK, NEW_MOUNTS = 0x40000000, 0x00020000
SLAVE, DETACH = 1 << 19 | 1 << 14, 2
"""MS_SLAVE with MS_REC, and MNT_DETACH."""


class Process:
    """A process that runs `macsec` with these words, on a host if a namespace is given.

    Its attributes and methods are those of `subprocess.Popen`.
    """

    def __init__(
        self,
        words: Sequence[object],
        *,
        namespace: str | None = None,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        stdin: Any = subprocess.DEVNULL,
        stdout: Any = None,
        stderr: Any = None,
        text: bool = False,
        start_new_session: bool = False,
    ) -> None:
        self.args = [*COMMAND, *map(str, words)]
        self.returncode: int | None = None
        self.stdin: Any = None
        self.stdout: Any = None
        self.stderr: Any = None
        self._text, self._lock = text, threading.Lock()
        self._readers: dict[str, _Reader] = {}
        request = {
            "words": self.args[3:],
            "namespace": namespace,
            "cwd": str(cwd or Path.cwd()),
            "env": dict(os.environ if env is None else env),
            "session": start_new_session,
        }
        with contextlib.ExitStack() as stack:
            given = [os.open(os.devnull, os.O_RDONLY)]
            assert stdin == subprocess.DEVNULL, "a preloaded process reads nothing"
            for number, name, wanted in ((1, "stdout", stdout), (2, "stderr", stderr)):
                given.append(self._stream(number, name, wanted, given))
            self._status, theirs = os.pipe()
            given.append(theirs)
            for fd in given:
                stack.callback(os.close, fd)
            self.pid = _server().start(request, given)

    def _stream(self, number: int, name: str, wanted: Any, given: list[int]) -> int:
        """Return the child's end of one of its streams."""
        if wanted == subprocess.PIPE:
            ours, theirs = os.pipe()
            stream: Any = io.open(ours, "rb")  # noqa: SIM115, UP020
            setattr(self, name, io.TextIOWrapper(stream) if self._text else stream)
            return theirs
        if wanted == subprocess.DEVNULL:
            return os.open(os.devnull, os.O_WRONLY)
        if wanted == subprocess.STDOUT:
            return os.dup(given[1])
        if wanted is None:
            return os.dup(number)
        return os.dup(wanted if isinstance(wanted, int) else wanted.fileno())

    def poll(self) -> Any:
        """Return its exit code, None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> Any:
        """Wait for its end; return its exit code."""
        if self._ended(timeout) is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[Any, Any]:
        """Read both streams to their ends, and wait; return what is left of them."""
        until = None if timeout is None else time.monotonic() + timeout
        for name in ("stdout", "stderr"):
            stream = getattr(self, name)
            if stream is not None and name not in self._readers:
                self._readers[name] = _Reader(stream)

        def left() -> float | None:
            return None if until is None else max(0.0, until - time.monotonic())

        for reader in self._readers.values():
            reader.join(left())
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(left())
        read = {name: reader.got for name, reader in self._readers.items()}
        return read.get("stdout"), read.get("stderr")

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """End it by SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()
        for reader in self._readers.values():
            reader.join()
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()  # also one that a reader has closed

    def _ended(self, timeout: float | None) -> Any:
        with self._lock:
            left = timeout if timeout is None else max(0.0, timeout)
            if self.returncode is None and select.select([self._status], [], [], left)[0]:
                code = os.read(self._status, 64)
                os.close(self._status)
                self.returncode = int(code) if code else -signal.SIGKILL
        return self.returncode


class _Reader(threading.Thread):
    """A thread that reads a stream to its end, from what a `readline` has left."""

    def __init__(self, stream: Any) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self.got: Any = None
        self.start()

    def run(self) -> None:
        with self._stream:
            self.got = self._stream.read()


def run(
    words: Sequence[object], timeout: float = 120, **more: Any
) -> subprocess.CompletedProcess[Any]:
    """Run `macsec` to its end, as `subprocess.run` does with its output captured."""
    with Process(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more) as process:
        try:
            out, errors = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


class _Server:
    """The process that forks, and how to ask it."""

    def __init__(self) -> None:
        from support.real import guard  # late: the server has no tests to import from

        guard.watch()
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,  # its children end in order: see guard.py
            )
        atexit.register(self._end)

    def _end(self) -> None:
        self._channel.close()
        self._process.wait()

    def start(self, request: dict[str, Any], fds: list[int]) -> int:
        """Start a process; return its number."""
        with self._lock:
            socket.send_fds(self._channel, [json.dumps(request).encode()], fds)
            return int(self._channel.recv(64))


@cache
def _server() -> _Server:
    return _Server()


# ---------------------------------------------------------------- the server


def serve(channel: socket.socket) -> None:
    """Fork a child for each request, and report the end of each, until the asker has ended."""
    _import_all()
    gc.freeze()
    heard, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running: dict[int, int] = {}
    while True:
        sources: list[Any] = [channel, heard]
        ready = select.select(sources, [], [])[0]
        if heard in ready:
            os.read(heard, 1024)
            _report_ends(running)
        if channel in ready:
            text, fds, _, _ = socket.recv_fds(channel, LONGEST, 4)
            if not text:
                return
            pid = os.fork()
            if pid == 0:
                for fd in (channel.detach(), heard, wake, *running.values()):
                    os.close(fd)
                _be_the_program(json.loads(text), fds)
            running[pid] = fds.pop()
            for fd in fds:
                os.close(fd)
            channel.send(str(pid).encode())


def _import_all() -> None:
    for name in PRELOADED:
        package = import_module(f"macsec.{name}")
        for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"macsec.{name}."):
            with contextlib.suppress(Exception):  # a library that is not installed
                import_module(module.name)


def _report_ends(running: dict[int, int]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            status = running.pop(ended[0])
            with contextlib.suppress(BrokenPipeError):
                os.write(status, str(os.waitstatus_to_exitcode(ended[1])).encode())
            os.close(status)


def _be_the_program(request: dict[str, Any], fds: list[int]) -> NoReturn:
    """Become what `python -m macsec WORDS` is once its modules are there."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if request["session"]:
            os.setsid()
        if request["namespace"] is not None:
            _enter(request["namespace"])
        for number, fd in enumerate(fds):
            if number < 3:
                os.dup2(fd, number)
            os.close(fd)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        program: Any = import_module("macsec.__main__")
        sys.argv = [program.__file__, *request["words"]]
        program.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code & 0xFF)


def _enter(namespace: str) -> None:
    """Enter a network namespace as `ip netns exec` does: /sys shows its devices."""
    library = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as there:
        failed = library.setns(there.fileno(), NEW_NETWORK) or library.unshare(NEW_MOUNTS)
    failed = failed or library.mount(b"none", b"/", None, SLAVE, None)
    library.umount2(b"/sys", DETACH)
    failed = failed or library.mount(namespace.encode(), b"/sys", b"sysfs", 0, None)
    if failed:
        raise OSError(ctypes.get_errno(), "ip netns exec")


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
