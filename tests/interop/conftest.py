"""The kernel peer as a fixture: one for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from interop.kernel_peer.kpeer import KernelPeer, need_kernel
from interop.kernel_peer.supplicant import Bench
from support import hosts


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Iterator[Bench]:
    """Return a running kernel, for all tests here."""
    hosts.need("ping")
    need_kernel()
    folder = tmp_path_factory.mktemp("kernel")
    with hosts.hosts(folder, "a") as (host,):
        host.ip("tuntap", "add", "kp0", "mode", "tap")
        host.ip("link", "set", "kp0", "up")
        with KernelPeer(host, "kp0") as kernel:
            yield Bench(host, kernel, host.listen("kp0"), folder)
