"""Other ways from host to host beside MACsec: a bare cable, WireGuard in user space, ESP in Linux.

Each peer has two hosts on a cable of its own, laid out as those of the taps. A peer that this
machine lacks is named with the reason.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from macsec import trust
from macsec.errors import EnvironmentLacks, MACsecError
from macsec.measure.latency.tunnel import Tunnel

CABLE = ("10.8.0.1", "10.8.0.2")
INSIDE = ("10.10.0.1", "10.10.0.2")
LISTENS = 51820
WIREGUARD_OVERHEAD = 80
ROOM_S = 10
"""Seconds in which a daemon has to be up."""


class TunnelPeer(NamedTuple):
    """A peer that is up: its second host is found at `address`."""

    tunnel: Tunnel
    address: str


@contextmanager
def cable(mtu: int) -> Iterator[TunnelPeer]:
    """Two hosts on a cable, in clear."""
    with Tunnel((), mtu) as tunnel:
        for host, address in zip(tunnel.hosts, CABLE, strict=True):
            host.ip(f"addr add {address}/24 dev wire")
        yield TunnelPeer(tunnel, CABLE[1])


@contextmanager
def wireguard(mtu: int) -> Iterator[TunnelPeer]:
    """WireGuard by wireguard-go, which is configured by wg."""
    daemon, tool = _program("wireguard-go"), _program("wg", "wireguard-tools")
    with cable(mtu) as (tunnel, _), ExitStack() as stack:
        keys = [_run([tool, "genkey"]) for _ in CABLE]
        public = [_run([tool, "pubkey"], key) for key in keys]
        for side, host in enumerate(tunnel.hosts):
            name = f"mw{os.getpid() % 10_000_000}w{side}"  # its socket is in a folder of all hosts
            with host.inside():
                _start(stack, [daemon, "-f", name], f"/var/run/wireguard/{name}.sock")
                peer = ("peer", public[1 - side], "allowed-ips", "0.0.0.0/0")
                end = ("endpoint", f"{CABLE[1 - side]}:{LISTENS}")
                own = ("listen-port", str(LISTENS), "private-key", "/dev/stdin")
                _run([tool, "set", name, *own, *peer, *end], keys[side])
            host.ip(
                f"addr add {INSIDE[side]}/24 dev {name}",
                f"link set dev {name} mtu {mtu - WIREGUARD_OVERHEAD} up",
            )
        yield TunnelPeer(tunnel, INSIDE[1])


@contextmanager
def esp(mtu: int) -> Iterator[TunnelPeer]:
    """ESP of the kernel in transport mode, AES-128-GCM."""
    with cable(mtu) as (tunnel, address):
        keys = [secrets.token_hex(20) for _ in CABLE]  # with 4 octets of salt
        for side, host in enumerate(tunnel.hosts):
            ends = [f"src {CABLE[at]} dst {CABLE[1 - at]}" for at in (0, 1)]
            states = [
                f"xfrm state add {ends[at]} proto esp spi 0x100{at} mode transport "
                f"aead rfc4106(gcm(aes)) 0x{keys[at]} 128"
                for at in (0, 1)
            ]
            policies = [
                f"xfrm policy add {ends[at]} dir {'out' if at == side else 'in'} "
                f"tmpl {ends[at]} proto esp mode transport"
                for at in (0, 1)
            ]
            try:
                host.ip(*states, *policies)
            except MACsecError as error:
                raise EnvironmentLacks(f"this kernel has no ESP ({error})") from None
        yield TunnelPeer(tunnel, address)


PEERS = {"veth": cable, "wireguard-go": wireguard, "linux-esp": esp}
"""By name: what brings a peer up."""


def _program(name: str, package: str | None = None) -> str:
    found = trust.program(name)
    if found is None:
        raise EnvironmentLacks(f"{name} is not installed (apt install {package or name})")
    return found


def _run(command: list[str], given: str = "") -> str:
    done = subprocess.run(  # noqa: S603 - found by trust.program
        command, input=given, capture_output=True, text=True, check=False, env=trust.environment()
    )
    if done.returncode:
        raise EnvironmentLacks(f"{os.path.basename(command[0])}: {done.stderr.strip()}")
    return done.stdout.strip()


def _start(stack: ExitStack, command: list[str], made: str) -> None:
    """Start a daemon, and wait until its socket exists."""
    daemon = subprocess.Popen(  # noqa: S603 - found by trust.program
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=trust.environment(),
    )
    stack.callback(daemon.wait)
    stack.callback(daemon.terminate)
    until = time.monotonic() + ROOM_S
    while not os.path.exists(made):
        if daemon.poll() is not None or time.monotonic() > until:
            raise EnvironmentLacks(f"{os.path.basename(command[0])} did not start")
        time.sleep(0.01)
