"""A bench: a host of ours, a kernel, and the cable between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.real import hosts
from support.real.hosts import Capture, Host

from .kpeer import KernelPeer, need_kernel

OURS, THEIRS = "10.5.0.1", "10.5.0.2"


@dataclass
class Bench:
    """Our host, the kernel, and the cable between them: the TAP kp0."""

    host: Host
    kernel: KernelPeer
    wire: Capture
    folder: Path


def need() -> None:
    """Skip, with the reason, where no bench can be."""
    hosts.need("ping")
    need_kernel()


@contextmanager
def running(folder: Path) -> Iterator[Bench]:
    """Yield a bench with a kernel that runs."""
    with hosts.hosts(folder, "a") as (host,):
        host.ip("tuntap", "add", "kp0", "mode", "tap")
        host.ip("link", "set", "kp0", "up")
        with KernelPeer(host, "kp0") as kernel:
            yield Bench(host, kernel, host.listen("kp0"), folder)
