"""Round trips and throughput over TAP devices in real time: clear against protected, in turn.

The turns are short: every few milliseconds a machine's scheduler changes its behaviour, and a round
trip of 100 us becomes longer or shorter by tens of us. Both paths have to meet all of that.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from macsec.errors import EnvironmentLacks, MACsecError
from macsec.live.native_thread import NativeThread
from macsec.measure.latency.histogram import NativeHistogram, at_share
from macsec.measure.latency.tunnel import Keys, Tunnel, iperf3, protected
from macsec.measure.latency.tunnel_peers import PEERS, TunnelPeer
from macsec.native import load
from macsec.suites import CipherSuite

PROTECTED = "protected"
PATHS = ("clear", PROTECTED)
AROUND = 14 + 4 + 20 + 8
"""Octets of a frame around the datagram's: Ethernet, FCS, IPv4, UDP."""
LARGE_MTU, MTU = 9000, 1500
TURN = 20
"""Round trips of one path before the turn of the other path."""
NUMBERED = 8
"""Octets of a datagram for its number."""


@dataclass(frozen=True, slots=True)
class TripPlan:
    """`sizes` of frames with FCS. `trips` of each size on each path, one due every `every_ns`.

    `iperf_s`: seconds of each of `runs` of iperf3 on each path; 0 for none.
    """

    suite: CipherSuite
    sizes: Sequence[int]
    trips: int = 2000
    every_ns: int = 400_000
    patience_ns: int = 200_000_000
    iperf_s: int = 2
    runs: int = 5

    @property
    def steps(self) -> int:
        """The number of calls of `step`."""
        return len(self.sizes) + (self.runs if self.iperf_s else 0)


@dataclass(frozen=True, slots=True)
class Trips:
    """Round trips of frames of a size, from when each was due; by path. `lost`: not answered."""

    frame_octets: int
    paths: dict[str, NativeHistogram]
    lost: dict[str, int]

    @property
    def ratio(self) -> float:
        """Ratio of protected to clear, at the median."""
        clear, safe = (at_share(self.paths[path], Fraction(1, 2)) for path in PATHS)
        return safe / clear if clear else 0.0


@dataclass(slots=True)
class RealTime:
    """The results. `gbit_per_s`: TCP through each path, run by run; `peers`: of others, by name.

    `missing`: peers that this machine lacks, and why.
    """

    plan: TripPlan
    trips: list[Trips] = field(default_factory=list)
    gbit_per_s: dict[str, list[float]] = field(default_factory=dict)
    peers: dict[str, list[float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    lacking: str = ""

    @property
    def trip_ratio(self) -> float | None:
        """Ratio of protected to clear at the median; of all sizes the median."""
        ratios = [each.ratio for each in self.trips]
        return statistics.median(ratios) if ratios else None

    @property
    def throughput_ratio(self) -> float | None:
        """Ratio of protected to clear of each pair of runs; of all pairs the median."""
        pairs = zip(*(self.gbit_per_s.get(path, []) for path in PATHS), strict=True)
        ratios = [safe / clear for clear, safe in pairs if clear]
        return statistics.median(ratios) if ratios else None


def measure(plan: TripPlan, keys: Keys, step: Callable[[], None] = lambda: None) -> RealTime:
    """Measure both paths in the same run. Raises EnvironmentLacks without root or TAP."""
    results = RealTime(plan)
    configs = protected(plan.suite, keys)
    with Tunnel(configs, LARGE_MTU) as tunnel:
        for size in plan.sizes:
            results.trips.append(_trips(plan, size, tunnel))
            step()
    if not plan.iperf_s:
        return results
    if iperf3() is None:
        results.lacking = "iperf3 is not installed (apt install iperf3): no throughput"
        return results
    with Tunnel(configs, MTU) as tunnel:
        _run_iperf(plan, tunnel, results, step)
    return results


def _trips(plan: TripPlan, size: int, tunnel: Tunnel) -> Trips:
    library = load("native")
    histograms = {path: NativeHistogram(library) for path in PATHS}
    lost = dict.fromkeys(PATHS, 0)
    with ExitStack() as stack:
        asks = _answered(stack, tunnel)
        for path in PATHS:  # ARP, and pages that were not touched yet
            tunnel.protect(path == PROTECTED)
            _ping(asks, plan, size, 20, NativeHistogram(library))
        for at in range(0, plan.trips, TURN):
            count = min(TURN, plan.trips - at)
            turn = PATHS if at // TURN % 2 == 0 else reversed(PATHS)
            for path in turn:
                tunnel.protect(path == PROTECTED)
                lost[path] += _ping(asks, plan, size, count, histograms[path])
    return Trips(size, histograms, lost)


def _answered(stack: ExitStack, tunnel: Tunnel) -> Any:
    """Return the asking socket of a pair; the other one answers from a thread in C."""
    lib = load("native").lib
    asks, answers = (stack.enter_context(tunnel.socket(side)) for side in (0, 1))
    descriptor = answers.fileno()
    echo = NativeThread("macsec echo", lambda stop: int(lib.macsec_echo_run(descriptor, stop)))
    stack.callback(echo.stop)
    return asks


def _ping(sock: Any, plan: TripPlan, size: int, count: int, into: NativeHistogram) -> int:
    library = load("native")
    ffi, lib = library.ffi, library.lib
    octets = max(size - AROUND, NUMBERED)
    given = ffi.new("macsec_ping_plan *", (count, octets, plan.every_ns, plan.patience_ns))
    lost = int(lib.macsec_ping_run(sock.fileno(), given, into.pointer))
    if lost < 0:
        raise MACsecError(f"round trips of {size} octets: errno {-lost}")
    return lost


def _run_iperf(plan: TripPlan, tunnel: Tunnel, results: RealTime, step: Callable[[], None]) -> None:
    results.gbit_per_s = {path: [] for path in PATHS}
    with ExitStack() as stack:
        peers = _peers(stack, results)
        results.peers = {name: [] for name in peers}
        for run in range(plan.runs):
            for path in PATHS if run % 2 == 0 else reversed(PATHS):
                tunnel.protect(path == PROTECTED)
                results.gbit_per_s[path].append(tunnel.iperf(plan.iperf_s))
            for name, peer in peers.items():
                results.peers[name].append(peer.tunnel.iperf(plan.iperf_s, peer.address))
            step()


def _peers(stack: ExitStack, results: RealTime) -> dict[str, TunnelPeer]:
    """Bring up the peers that this machine has, and note the missing ones."""
    found = {}
    for name, bring_up in PEERS.items():
        try:
            found[name] = stack.enter_context(bring_up(MTU))
        except EnvironmentLacks as error:
            results.missing[name] = str(error)
    return found


def require() -> None:
    """Raise EnvironmentLacks where this cannot be measured at all."""
    if load("auto") is None:
        raise EnvironmentLacks("round trips need the native data plane")
    if load("auto", needs="macsec_ping_run") is None:
        raise EnvironmentLacks("round trips over TAP devices need Linux")
