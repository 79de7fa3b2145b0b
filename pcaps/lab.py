"""Two hosts on a cable: network namespaces joined by a veth pair, their servers and captures.

Host ``a`` is the client (10.77.0.1, fd77::1), host ``b`` the server (10.77.0.2, fd77::2). A
switched lab puts a bridge between them. All that was started is ended, and every namespace
removed, when the ``with`` block is left, however it is left.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

ADDRESS = {"a": "10.77.0.1", "b": "10.77.0.2"}
ADDRESS6 = {"a": "fd77::1", "b": "fd77::2"}
MAC = {"a": "02:00:00:77:00:01", "b": "02:00:00:77:00:02"}

# What would let a host hand frames to the capture that no cable could carry.
OFFLOADS = ("rx", "tx", "sg", "tso", "gso", "gro", "rxvlan", "txvlan")
MUST_BE_OFF = (
    "tx-checksumming",
    "tcp-segmentation-offload",
    "generic-segmentation-offload",
    "generic-receive-offload",
    "tx-vlan-offload",
)


class RecordingError(Exception):
    """A recording cannot be made, or is not what it ought to be."""


def wait_until(what: str, true: Callable[[], bool], seconds: float = 20) -> None:
    """Poll until it is true."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise RecordingError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


def split(program: str | Path, arguments: tuple[str | Path, ...]) -> list[str]:
    """Make an argument list of a command in one text, and further arguments as they are."""
    return [*str(program).split(), *map(str, arguments)]


class Lab:
    """The two hosts, their cable, a scratch folder, and the programs running there."""

    def __init__(self, *, mtu: int = 1500, ipv6: bool = False, switched: bool = False) -> None:
        self.mtu = mtu
        self.ipv6 = ipv6
        self.switched = switched
        self.hosts = ("a", "b", "switch") if switched else ("a", "b")
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Build hosts and cable."""
        with contextlib.ExitStack() as undo:
            self._cleanup = undo
            self.scratch = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="pcaps-")))
            path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            self.environment = {"PATH": path, "HOME": str(self.scratch), "LANG": "C.UTF-8"}
            for host in self.hosts:
                self._add_host(host)
            self._cable()
            self._cleanup = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every program and remove every host."""
        self._cleanup.close()

    # Hosts and cable

    @staticmethod
    def namespace(host: str) -> str:
        """Name the network namespace of a host."""
        return f"pcaps-{os.getpid()}-{host}"

    def _add_host(self, host: str) -> None:
        name = self.namespace(host)
        subprocess.run(["ip", "netns", "add", name], check=True)
        self._cleanup.callback(self._remove_host, name)
        if not self.ipv6 or host == "switch":
            for scope in ("all", "default"):
                self.sysctl(host, f"net/ipv6/conf/{scope}/disable_ipv6", 1)
        self.run(host, "ip", "link", "set", "lo", "up")

    @staticmethod
    def _remove_host(name: str) -> None:
        listed = subprocess.run(
            ["ip", "netns", "pids", name], capture_output=True, text=True, check=False
        )
        for pid in listed.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", name], check=False)

    def _cable(self) -> None:
        if self.switched:
            self.run("switch", "ip link add br0 type bridge mcast_snooping 0")
            self.run("switch", "ip", "link", "set", "br0", "mtu", str(self.mtu), "up")
            for host in ("a", "b"):
                self._veth("switch", f"port-{host}", host, "eth0")
                self.run("switch", "ip", "link", "set", f"port-{host}", "master", "br0")
        else:
            self._veth("a", "eth0", "b", "eth0")
        for host in ("a", "b"):
            self.run(host, "ip", "link", "set", "eth0", "address", MAC[host])
            self.run(host, "ip", "address", "add", f"{ADDRESS[host]}/24", "dev", "eth0")
            if self.ipv6:
                self.run(host, "ip", "address", "add", f"{ADDRESS6[host]}/64", "dev", "eth0")
        for host in ("a", "b"):
            self.run(host, "ip", "link", "set", "eth0", "up")
        if self.switched:
            for host in ("a", "b"):
                self.run("switch", "ip", "link", "set", f"port-{host}", "up")
        if self.ipv6:
            wait_until("IPv6 addresses", self._addresses_settled)

    def _veth(self, host: str, device: str, other: str, other_device: str) -> None:
        end = f"peer name {other_device} netns {self.namespace(other)}"
        self.run(host, f"ip link add {device} type veth {end}")
        for owner, name in ((host, device), (other, other_device)):
            self.run(owner, "ip", "link", "set", name, "mtu", str(self.mtu))
            self.offloads_off(owner, name)

    def _addresses_settled(self) -> bool:
        shown = [self.run(host, "ip -6 address show dev eth0") for host in ("a", "b")]
        return all("inet6 fe80" in text and "tentative" not in text for text in shown)

    def offloads_off(self, host: str, device: str) -> None:
        """Make the device send and receive only what fits its MTU, and make sure that it does."""
        for feature in OFFLOADS:
            self.run(host, "ethtool", "-K", device, feature, "off", check=False)
        features = self.run(host, "ethtool", "-k", device)
        for feature in MUST_BE_OFF:
            if f"{feature}: off" not in features:
                raise RecordingError(f"{device}: {feature} stays on")

    def sysctl(self, host: str, key: str, value: int) -> None:
        """Set a kernel setting of a host, where the kernel has it."""
        path = f"/proc/sys/{key}"
        self.run(host, "sh", "-c", f"test ! -e {path} || echo {value} > {path}")

    # Programs

    def run(
        self,
        host: str,
        program: str | Path,
        *arguments: str | Path,
        check: bool = True,
        text: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Run a program on a host to its end; its output. ``program`` may be a whole command."""
        command = split(program, arguments)
        done = subprocess.run(
            ["ip", "netns", "exec", self.namespace(host), *command],
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**self.environment, **(env or {})},
            timeout=120,
            check=False,
        )
        if check and done.returncode:
            raise RecordingError(f"{' '.join(command)}:\n{done.stdout}")
        return done.stdout

    def start(self, host: str, program: str | Path, *arguments: str | Path, port: str) -> None:
        """Start a server on a host and wait until it listens on ``tcp/N`` or ``udp/N``."""
        command = split(program, arguments)
        log = self.scratch / f"server-{port.replace('/', '-')}.log"
        server = self._cleanup.enter_context(self._running(host, command, log))

        def listens() -> bool:
            if server.poll() is not None:
                raise RecordingError(f"{command[0]} ended:\n{log.read_text(errors='replace')}")
            protocol, number = port.split("/")
            found = self.run(host, "ss", "-Hlna", f"--{protocol}", f"sport = :{number}")
            return bool(found.strip())

        wait_until(f"{command[0]} on {port}", listens)

    @contextlib.contextmanager
    def _running(
        self, host: str, command: list[str], log: Path
    ) -> Iterator[subprocess.Popen[bytes]]:
        with log.open("wb") as sink:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace(host), *command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    # Captures

    @contextlib.contextmanager
    def captured(
        self,
        file: Path,
        host: str = "a",
        device: str = "eth0",
        *,
        inbound: bool = False,
        nano: bool,
    ) -> Iterator[None]:
        """Capture a device into the file while the block runs, both directions or one."""
        precision = "nano" if nano else "micro"
        direction = "in" if inbound else "inout"
        command = split(
            f"tcpdump -Z root -n -s 0 -U --immediate-mode --time-stamp-precision={precision}",
            ("-Q", direction, "-i", device, "-w", file),
        )
        log = self.scratch / f"capture-{device}.log"
        with self._running(host, command, log) as process:
            wait_until("the capture", lambda: "listening on" in log.read_text())
            yield
            time.sleep(0.6)  # for the last frame to be written
            os.killpg(process.pid, signal.SIGINT)
            process.wait(10)
        if not re.search(r"^0 packets dropped by kernel", log.read_text(), re.MULTILINE):
            raise RecordingError(f"frames were lost:\n{log.read_text()}")
