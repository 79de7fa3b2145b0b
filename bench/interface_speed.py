"""The interface against its goals: TCP, small frames and round trips through TAP devices.

`python bench/interface_speed.py` prints the rows; it needs root, /dev/net/tun and iperf3, and takes
about a minute.
"""

from __future__ import annotations

import math
import secrets
import socket
import statistics
import sys
import time
from collections.abc import Iterator

from target_row import TargetRow

from macsec.errors import MACsecError
from macsec.measure.latency import round_trips
from macsec.measure.latency.round_trips import TripPlan
from macsec.measure.latency.tunnel import Keys, Tunnel, protected
from macsec.suites import SUITES

SECTION = "5 interface"
SUITE = SUITES["gcm-aes-128"]
GOALS = {
    "TCP through two taps, Gbit/s": (10.0, False),
    "TCP, protected ÷ clear": (0.85, False),
    "small frames, M/s of CPU time": (1.0, False),
    "round trip p50, protected ÷ clear": (1.05, True),
}
MTU, LARGE_MTU, SECONDS, RUNS = 1500, 9000, 2, 3
TUNNELS, TRIPS = 10, 500
"""Tunnels for round trips, and trips of each size on each path through each of them."""
SMALL, AT_ONCE, CALLS = 22, 60, 10_000
"""Octets of a datagram of a 64-octet frame, datagrams of a call, calls."""
UDP_SEGMENT = 103


def rows() -> list[TargetRow]:
    """Measure all. Where it cannot be measured the value is nan, and the note says why."""
    try:
        return list(_measured())
    except (MACsecError, OSError) as error:
        return [
            TargetRow(SECTION, name, goal, math.nan, at_most, str(error))
            for name, (goal, at_most) in GOALS.items()
        ]


def _measured() -> Iterator[TargetRow]:
    keys = {"key": secrets.token_hex(SUITE.key_length), "salt": secrets.token_hex(12)}
    configs = protected(SUITE, keys)
    found: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(RUNS):
        with Tunnel(configs, MTU) as tunnel:
            for on, runs in found.items():
                tunnel.protect(on)
                runs.append(tunnel.iperf(SECONDS))
    with Tunnel(configs, LARGE_MTU) as tunnel:
        large = tunnel.iperf(SECONDS)
    ratios = [safe / clear for clear, safe in zip(*found.values(), strict=True)]
    with Tunnel(configs, MTU) as tunnel:
        small = small_frames(tunnel)
    trips = trip_ratios(keys)
    low, middle, high = statistics.quantiles(trips)
    values = (
        (statistics.median(found[True]), f"MTU {MTU}; with MTU {LARGE_MTU}: {large:.1f}"),
        (statistics.median(ratios), f"median of {RUNS} pairs of runs"),
        (small / 1e6, "64 octets; each frame protected, sent, received and validated: two moves"),
        (middle, f"64, 512, 1518 octets by {TUNNELS} tunnels; half {low:.2f} to {high:.2f}"),
    )
    for (name, (goal, at_most)), (value, note) in zip(GOALS.items(), values, strict=True):
        yield TargetRow(SECTION, name, goal, value, at_most, note)


def trip_ratios(keys: Keys) -> list[float]:
    """Return protected ÷ clear of each size through each tunnel; both paths are of one tunnel.

    A tunnel alone says little: where the system puts its threads moves a ratio by some hundredths.
    """
    plan = TripPlan(SUITE, (64, 512, 1518), trips=TRIPS, iperf_s=0)
    return [each.ratio for _ in range(TUNNELS) for each in round_trips.measure(plan, keys).trips]


def small_frames(tunnel: Tunnel) -> float:
    """Return the small frames that a pump moves in a second of CPU time, the system's with it."""
    with tunnel.socket(1), tunnel.socket(0) as near:
        near.send(bytes(SMALL))  # ARP
        near.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SMALL)
        payload = bytes(SMALL * AT_ONCE)
        before, all_before, own_before = tunnel.moved, time.process_time(), time.thread_time()
        for _ in range(CALLS):
            near.send(payload)
        tunnel.settle()
        own = time.thread_time() - own_before
        pumps = time.process_time() - all_before - own
        return (tunnel.moved - before) / pumps


def main() -> None:
    """Print the rows."""
    for row in rows():
        sign = "at most" if row.at_most else "at least"
        met = "met" if row.met else "not met"
        sys.stdout.write(f"{row.name}: {row.value:.2f}, {sign} {row.goal}: {met} ({row.note})\n")


if __name__ == "__main__":
    main()
