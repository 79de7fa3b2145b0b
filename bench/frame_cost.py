"""CPU time of a frame on the way of a tap without MACsec: what no tap of this machine exceeds.

`python bench/frame_cost.py` prints the CPU time of a frame at the packet sockets of both ends of a
cable, of TCP through two TAP devices without a cable, and the rates that follow if MACsec cost
nothing. It needs root, gcc, /dev/net/tun and iperf3, and takes half a minute.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from macsec.measure.arithmetic import BITS_PER_GBIT
from macsec.measure.latency.tunnel import ADDRESSES, NAME, Tunnel

SOURCE = Path(__file__).parent / "frame_cost" / "packets.c"
SIZES, SECONDS, RUNS = (64, 1514), 1, 5
PAYLOAD = 1448
"""Octets of TCP in a frame of 1,514."""
ROOM_MTU = 9000
CORES = os.cpu_count() or 1
TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def build(folder: Path) -> Path:
    """Compile the program."""
    program = folder / "packets"
    subprocess.run(
        ["gcc", "-std=c11", "-O2", "-pthread", SOURCE, "-o", program], check=True, timeout=60
    )
    return program


def packets(program: Path, tunnel: Tunnel, octets: int) -> dict[str, Any]:
    """Return the ns of CPU time that a frame takes at its sender and at its receiver."""
    words = ("packets", str(octets), str(SECONDS), *(host.path for host in tunnel.hosts))
    done = subprocess.run([program, *words], check=True, capture_output=True, text=True, timeout=60)
    return dict(json.loads(done.stdout))


def devices(program: Path) -> tuple[float, float]:
    """Return the Gbit/s of TCP through two TAP devices, and the CPU time of a frame's payload, ns.

    A large segment of one device is written to the other as it is: it is not cut, and crosses no
    cable. The CPU time is that of the whole machine.
    """
    with Tunnel((), ROOM_MTU) as tunnel:
        words = ("relay", str(SECONDS + 3), *(host.path for host in tunnel.hosts))
        with subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True) as relay:
            assert relay.stdout is not None
            relay.stdout.readline()
            for host, address in zip(tunnel.hosts, ADDRESSES, strict=True):
                host.ip(f"addr add {address}/24 dev {NAME}", f"link set dev {NAME} up")
            before = busy_ns()
            rate = tunnel.iperf(SECONDS)
            used = busy_ns() - before
            relay.communicate(timeout=60)
    frames = rate * BITS_PER_GBIT * SECONDS / 8 / PAYLOAD
    return rate, used / frames


def busy_ns() -> int:
    """Return the CPU time that this machine has used so far."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _, _, interrupt, soft = map(int, fields[:7])
    return (user + nice + system + interrupt + soft) * TICK_NS


def main() -> None:
    """Print what was measured, medians, and what follows."""
    out = sys.stdout.write
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder))
        both = {}
        for octets in SIZES:
            with Tunnel((), ROOM_MTU) as tunnel:
                found = [packets(program, tunnel, octets) for _ in range(RUNS)]
            send, receive = (
                statistics.median(each[name] for each in found)
                for name in ("send_ns", "receive_ns")
            )
            both[octets] = send + receive
            out(f"a frame of {octets} octets: sendmmsg {send:.0f} ns, recvmmsg {receive:.0f} ns\n")
        runs = [devices(program) for _ in range(RUNS)]
    rate, above = (statistics.median(column) for column in zip(*runs, strict=True))
    out(f"TCP through two TAP devices alone: {rate:.1f} Gbit/s, {above:.0f} ns a frame's payload\n")
    frame_ns = (above + both[1514]) / CORES
    out(f"both together on {CORES} cores: {PAYLOAD * 8 / frame_ns:.1f} Gbit/s without MACsec\n")
    out(f"small frames without MACsec: {2000 / both[64]:.2f} M moves/s of CPU time\n")


if __name__ == "__main__":
    main()
