"""Goals of a lab in virtual time: hops a second, memory, idle links, many sites.

A hop is the end of a frame on one link, as the trace counts it.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from typing import Any

from target_row import TargetRow

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.lab import Blueprint, Lab
from macsec.time_units import NS_PER_S

SECTION = "4. The lab"
SCENARIO = "two-regions"
FRAMES = 260_000
SCENARIO_FRAMES = 2_600
LINKS = 1000
SITES = 1000
TENFOLD = 10


def rows() -> list[TargetRow]:
    """Measure all goals, in about half a minute."""
    few, many = peak_mib(FRAMES // TENFOLD), peak_mib(FRAMES)
    idle = idle_s()
    one, ten = sites_s(SITES), sites_s(TENFOLD * SITES)
    return [
        TargetRow(SECTION, f"M hops/s, {SCENARIO}", 1.0, hops_per_s() / 1e6, at_most=False),
        TargetRow(
            SECTION,
            f"memory, {FRAMES:,} frames ÷ a tenth",
            1.1,
            many / few,
            note=f"{many:.0f} and {few:.0f} MiB",
        ),
        TargetRow(
            SECTION,
            f"{LINKS:,} idle links, s a virtual s",
            0.05,
            idle,
            note=f"{idle * 1e6 / LINKS:.0f} us for each link",
        ),
        TargetRow(
            SECTION,
            f"{TENFOLD * SITES:,} sites ÷ {TENFOLD} x {SITES:,}",
            1.3,
            ten / one / TENFOLD,
            note=f"{ten:.1f} and {one:.2f} s, from the file to the last frame",
        ),
    ]


def built(topology: Any) -> Lab:
    """Return a lab of a topology, with keys of a seed."""
    return Lab(Blueprint.of(load_topology(topology), seeded(1, "macsec lab")), 1)


def busy_lab(frames: int) -> Lab:
    """Return the scenario with n frames: enough that the agreement on keys costs little."""
    topology = load_topology(SCENARIO)
    times = frames // SCENARIO_FRAMES
    traffic = [
        flow.model_copy(update={"count": (flow.count or 1) * times}) for flow in topology.traffic
    ]
    model = topology.model_copy(update={"traffic": traffic})
    return Lab(Blueprint.of(model, seeded(1, "macsec lab")), 1)


def hops_per_s(rounds: int = 3) -> float:
    """Return the median over some runs, traffic and key agreement included."""
    rates = []
    for _ in range(rounds):
        with busy_lab(FRAMES) as lab:
            began = time.perf_counter()
            lab.run()
            rates.append(lab.engine.trace.count / (time.perf_counter() - began))
    return statistics.median(rates)


def peak_mib(frames: int) -> float:
    """Return the most memory of a process that runs the scenario once."""
    command = [sys.executable, __file__, str(frames)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def idle_s(seconds: int = 10) -> float:
    """Return the time that links with hellos and no traffic take for a virtual second."""
    names = [f"s{number}" for number in range(LINKS + 1)]
    topology = {
        "sites": {name: {"hosts": []} for name in names},
        "links": [
            {"between": [names[(at - 1) // 2], names[at]], "delay": "1ms"}
            for at in range(1, len(names))
        ],
    }
    with built(topology) as lab:
        lab.start()
        lab.engine.run(TENFOLD * NS_PER_S)
        began = time.perf_counter()
        lab.engine.run((TENFOLD + seconds) * NS_PER_S)
        return (time.perf_counter() - began) / seconds


def sites_s(sites: int) -> float:
    """Return the time of a tree of sites, of which each sends ten frames to the one above."""
    above = [(at - 1) // 2 for at in range(1, sites)]
    topology = {
        "macsec": "off",
        "sites": {f"s{at}": {"hosts": [f"h{at}"]} for at in range(sites)},
        "links": [
            {"between": [f"s{up}", f"s{at}"], "delay": "1ms"} for at, up in enumerate(above, 1)
        ],
        "traffic": [
            {"from": f"h{at}", "to": f"h{up}", "pps": 1000, "count": 10, "size": 300}
            for at, up in enumerate(above, 1)
        ],
    }
    began = time.perf_counter()
    with built(topology) as lab:
        lab.run()
    return time.perf_counter() - began


if __name__ == "__main__":
    with busy_lab(int(sys.argv[1])) as one_lab:
        one_lab.run()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{peak:.1f}\n")
