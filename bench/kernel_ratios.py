"""Goals of the kernels: complete frames beside bare seals, the arithmetic, and one frame's delay.

They are for a CPU that runs `vaes-avx512`; on another, no goal is listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from target_row import TargetRow

from macsec.measure.latency.histogram import at_share
from macsec.measure.latency.run import LatencyPlan
from macsec.measure.latency.run import measure as measure_latency
from macsec.measure.latency.secy_delay import limit_ps
from macsec.measure.task import PROTECT
from macsec.measure.throughput.ceiling import BACKEND as CEILING
from macsec.measure.throughput.others import IPSEC_MB
from macsec.measure.throughput.ours import BACKEND
from macsec.measure.throughput.run import ThroughputPlan, ThroughputResults, measure
from macsec.measure.workload import parse
from macsec.secy.native import usable_kernels
from macsec.suites import SUITES
from macsec.time_units import PS_PER_NS

SECTION = "2. The kernels, one frame"
KERNEL = "vaes-avx512"
GOALS = {64: 0.85, 128: 0.85, 256: 0.85, 512: 0.90, 1024: 0.90, 1514: 0.90, 9014: 0.92}
"""Complete protect ÷ bare seal, by octets without FCS."""
INTEGRITY = {64: 0.95, 256: 0.95, 1514: 0.95, 9014: 0.95}
ARITHMETIC = {1514: 1.30, 9014: 1.30}
SUITE = "gcm-aes-128"
ROUNDS = 7
FRAME_OCTETS = (64, 512, 1518, 9018)
FRAMES, GBIT_PER_S = 20_000, 100


def rows() -> list[TargetRow]:
    """Measure all goals, in about a minute."""
    if KERNEL not in usable_kernels():
        return []
    sealed = run(tuple(GOALS), tuple(SUITES), True, (IPSEC_MB,))
    hashed = run(tuple(INTEGRITY), (SUITE,), False, (IPSEC_MB,))
    bounded = run(tuple(ARITHMETIC), (SUITE,), True, (CEILING,))
    return [
        *(
            row(name, size, goal, beside(sealed, name, size, IPSEC_MB), f"÷ {IPSEC_MB}")
            for name in SUITES
            for size, goal in GOALS.items()
        ),
        *(
            row(
                f"integrity only, {SUITE}",
                size,
                goal,
                beside(hashed, SUITE, size, IPSEC_MB),
                f"÷ {IPSEC_MB}",
            )
            for size, goal in INTEGRITY.items()
        ),
        *(
            row(SUITE, size, goal, beside(bounded, SUITE, size, CEILING), "÷ arithmetic")
            for size, goal in ARITHMETIC.items()
        ),
        *one_frame(),
    ]


def row(name: str, size: int, goal: float, value: float, what: str) -> TargetRow:
    """Return a goal of protection at one size."""
    return TargetRow(SECTION, f"protect {size} octets {what}, {name}", goal, value)


def run(
    sizes: tuple[int, ...], suites: tuple[str, ...], encrypt: bool, peers: tuple[str, ...]
) -> ThroughputResults:
    """Measure protection of batches of 256, in turn with the peers."""
    return measure(
        ThroughputPlan(
            workloads=[parse(str(size)) for size in sizes],
            suites=[SUITES[name] for name in suites],
            kernels=[KERNEL],
            peers=peers,
            stages=(PROTECT,),
            modes=(encrypt,),
            rounds=ROUNDS,
            python=False,
        )
    )


def beside(results: ThroughputResults, suite: str, size: int, peer: str) -> float:
    """Return the ratio to the peer on registers of the same width; NaN where it is not here."""
    for ours, other, ratio in results.ratios():
        task = ours.task
        wide = other.kernel in ("avx512", KERNEL)
        wanted = (task.suite.name, task.workload.name) == (suite, str(size))
        if wanted and ours.backend == BACKEND and other.backend == peer and wide:
            return ratio
    return float("nan")


def one_frame() -> Iterator[TargetRow]:
    """Yield the median time of single frames beside the limit of Table 10-3."""
    plan = LatencyPlan(
        sizes=FRAME_OCTETS, suites=[SUITES[SUITE]], frames=FRAMES, search=False, kernel=KERNEL
    )
    for each in measure_latency(plan).processing:
        size = each.subject.frame_octets
        most = limit_ps(size, GBIT_PER_S) // PS_PER_NS
        for path in ("protect", "validate"):
            median = at_share(each.lanes[path], Fraction(1, 2))
            name = f"{path} one frame of {size} octets, ns at p50"
            note = f"Table 10-3 at {GBIT_PER_S} Gbit/s"
            yield TargetRow(SECTION, name, most, median, note=note)
