"""The MACsec devices of a real kernel, read by netlink inside it."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from interop.kernel_peer import our_python
from interop.kernel_peer.bench import Bench
from interop.kernel_peer.kpeer import KernelPeer
from support.real.hosts import until
from support.real.ip_macsec import facts_of, facts_shown

from macsec.monitoring import SourceKind
from macsec.monitoring.transfer import from_text

pytest.importorskip("pyroute2", reason="pyroute2 is not installed")

KEY, LONG = "12" * 16, "34" * 32
FAR = "address 02:00:00:00:00:99"
DEVICES = (
    "ip link add link eth0 macsec0 type macsec encrypt on replay on window 32",
    f"ip macsec add macsec0 tx sa 0 pn 100 on key 01 {KEY}",
    f"ip macsec add macsec0 rx port 1 {FAR}",
    f"ip macsec add macsec0 rx port 1 {FAR} sa 1 pn 7 on key 02 {KEY}",
    "ip link set macsec0 up",
    "ip address add 10.9.9.1/24 dev macsec0",
    "ip link add link eth0 macsec1 type macsec port 2 cipher gcm-aes-xpn-256 validate check",
    f"ip macsec add macsec1 tx sa 0 xpn 8589934592 salt {'83' * 12} ssci 123 on key 00 {LONG}",
)
SHOW = """
import os
from macsec.monitoring import Monitored, SourceKind, discover, snapshot
from macsec.monitoring.transfer import to_text
for user in (0, 65534):  # the files of Python are root's alone
    os.setresuid(user, user, user)
    (source,) = [one for one in discover() if one.kind is SourceKind.KERNEL]
    found = snapshot(source)
    assert found.up, found.reason
    print(to_text(Monitored(found.ports)))
"""


def devices(kernel: KernelPeer) -> list[dict[str, Any]]:
    """Return both devices as they are shown now."""
    return [kernel.show(device) for device in ("macsec0", "macsec1")]


def at_rest(kernel: KernelPeer) -> list[dict[str, Any]]:
    """Return both once a second has passed in which no frame did."""
    until(lambda: devices(kernel) == (kernel.ok("sleep 1") or devices(kernel)), "silence")
    return devices(kernel)


def test_devices_are_what_iproute2_shows_and_any_user_may_read_them(bench: Bench):
    """After some frames, all counters, PNs and controls agree; a plain user reads the same."""
    kernel = bench.kernel
    our_python.mount(kernel)
    for command in DEVICES:
        kernel.ok(command)
    kernel.sh("ping -n -c 2 -W 1 10.9.9.2")
    for _ in range(6):  # the kernel asks for its neighbour again: read while it is silent
        shown = at_rest(kernel)
        texts = kernel.ok(our_python.command("-c", shlex.quote(SHOW)), 240).splitlines()[-2:]
        if shown == devices(kernel):
            break
    else:
        pytest.fail("the kernel is never silent")
    ports = [from_text(text).ports for text in texts]
    assert [facts_of(port) for port in ports[0]] == [facts_shown(each) for each in shown]
    assert ports[0][0].counters["OutPktsEncrypted"] > 0
    assert ports[0][1].scs[0].sas[0].next_pn >= 1 << 33
    assert all(port.kind is SourceKind.KERNEL for port in ports[0])
    assert ports[1] == ports[0]
    assert KEY not in json.dumps(texts)
