"""Latency that MACsec adds, measured and computed. Each kind of time has a list in the results.

`processing`, `rates` and `loads` are this machine's time, measured by its clock; `added` is exact
and virtual, by arithmetic alone; `real` is the whole system's, programs and kernel included. They
are never added up or shown in one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from macsec.measure.arithmetic import BITS_PER_GBIT, FCS, GAP
from macsec.measure.latency import serialisation
from macsec.measure.latency.chain import Chain, IntervalClock, make_chain
from macsec.measure.latency.histogram import Histogram, at_share, new_histogram, summary
from macsec.measure.latency.offered import Offered
from macsec.measure.latency.round_trips import RealTime
from macsec.measure.latency.search import GOALS, Bounds, Trial, search
from macsec.measure.latency.secy_delay import DIRECTIONS, SecyDelay, delays
from macsec.measure.latency.undisturbed import undisturbed
from macsec.measure.other_work import OtherWork
from macsec.measure.workload import parse
from macsec.notebooks import Displayed
from macsec.suites import CipherSuite
from macsec.time_units import NS_PER_S, NS_PER_US

VARIETY = 16
"""Number of different frames that come in turn."""
PATIENCE = 20
"""Attempts at a trial or a slice that the scheduler interrupts."""
HEADROOM = 2
"""The search begins at this multiple of the rate that the median frame would allow."""
TARGET_OCTETS, TARGET_NS = 1518, 500
TARGET_SHARE = Fraction(1, 10_000)
TARGET_TRIPS, TARGET_THROUGHPUT = 1.05, 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPlan:
    """The work of a measurement. `sizes` count the FCS; `loads` are per cent of the no drop rate.

    `frames`: timed one by one, for each size. `trial_s`: how long frames are offered, in a trial of
    the search and in each of the `slices` of a load; none of either with `search` off.
    """

    sizes: Sequence[int] = serialisation.SIZES
    suites: Sequence[CipherSuite]
    modes: Sequence[bool] = (True,)
    frames: int = 100_000
    search: bool = True
    loads: Sequence[int] = (10, 50, 90)
    trial_s: float = 0.002
    slices: int = 50
    ring: int = 1024
    backend: str = "auto"
    kernel: str | None = None

    @property
    def steps(self) -> int:
        """The number of calls of `step`."""
        each = 2 + len(self.loads) if self.search else 1
        return len(self.sizes) * len(self.suites) * len(self.modes) * each


class LatencySubject(NamedTuple):
    """The measured frames and their suite; `frame_octets` count the FCS."""

    suite: CipherSuite
    encrypt: bool
    frame_octets: int

    @property
    def mode(self) -> str:
        """`confidentiality` or `integrity`."""
        return "confidentiality" if self.encrypt else "integrity"

    @property
    def name(self) -> str:
        """Suite, mode and size, for a file name."""
        return f"{self.suite.name}-{self.mode}-{self.frame_octets}"

    def gbit_per_s(self, frames_per_s: float) -> float:
        """Return Gbit/s of clear frames, with FCS."""
        return 8 * self.frame_octets * frames_per_s / BITS_PER_GBIT

    def wire_gbit_per_s(self, frames_per_s: float) -> float:
        """Return the same with preamble and gap: the rate of a clear link that it would fill."""
        return 8 * (self.frame_octets + GAP) * frames_per_s / BITS_PER_GBIT


@dataclass(frozen=True, slots=True)
class Processing:
    """Frames timed one by one: a histogram for each of `chain.LANES`."""

    subject: LatencySubject
    lanes: dict[str, Histogram]

    @property
    def both_ns(self) -> int:
        """Time of protect and validate, at the median."""
        return at_share(self.lanes["both"], Fraction(1, 2))

    @property
    def added_ns(self) -> int:
        """The same without a copy at either end, which a clear path makes too."""
        return self.both_ns - 2 * at_share(self.lanes["clear"], Fraction(1, 2))

    @property
    def secy_delays(self) -> list[SecyDelay]:
        """The delays of Table 10-3, for each direction and rate."""
        found = {path: summary(self.lanes[path]) for path in DIRECTIONS.values()}
        measured = {path: (each.percentiles["p50"], each.pdv) for path, each in found.items()}
        return delays(self.subject.frame_octets, measured)


@dataclass(frozen=True, slots=True)
class Rates:
    """The bounds of each goal; `interrupted`: trials that were interrupted at every attempt."""

    subject: LatencySubject
    bounds: list[Bounds]
    interrupted: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """Frames offered at a share of the no drop rate, all slices together."""

    subject: LatencySubject
    percent: int
    frames_per_s: float
    offered: Offered
    latency: Histogram
    slices: int
    interrupted: int


class LatencyTarget(NamedTuple):
    """A value that has to be at most, or at least, `limit`. `exact`: computed, not timed."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool = False
    exact: bool = False

    @property
    def met(self) -> bool:
        """True if the value is within its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(slots=True)
class LatencyResults(Displayed):
    """All results, measured and exact."""

    plan: LatencyPlan
    backend: str = ""
    kernel: str = ""
    clock: IntervalClock | None = None
    processing: list[Processing] = field(default_factory=list)
    rates: list[Rates] = field(default_factory=list)
    loads: list[Loaded] = field(default_factory=list)
    added: list[serialisation.Added] = field(default_factory=list)
    real: RealTime | None = None
    others: OtherWork = field(default_factory=OtherWork)

    def met(self, target: LatencyTarget) -> bool | None:
        """Return whether a target is met; None if the machine was too busy to say."""
        return None if self.others.busy and not target.exact else target.met

    def targets(self) -> Iterator[LatencyTarget]:
        """Yield the targets that this measurement covers."""
        for each in self.processing:
            if each.subject.frame_octets == TARGET_OCTETS:
                what = f"{each.subject.suite.name}, {each.subject.mode}"
                name = f"protect and validate, p50, {TARGET_OCTETS} octets, {what}"
                yield LatencyTarget(name, each.both_ns / NS_PER_US, TARGET_NS / NS_PER_US, "us")
        shares = [row.share for row in self.added if row.path == serialisation.INTER_REGION]
        if shares:
            name = f"added serialisation, {serialisation.INTER_REGION.name}, the worst row"
            share = float(100 * max(shares))
            yield LatencyTarget(name, share, float(100 * TARGET_SHARE), "%", exact=True)
        if self.real is None:
            return
        if (trips := self.real.trip_ratio) is not None:
            name = "round trips over TAP, p50, protected to clear, the median of the sizes"
            yield LatencyTarget(name, trips, TARGET_TRIPS, "of 1")
        if (through := self.real.throughput_ratio) is not None:
            name = "iperf3 over TAP, protected to clear"
            yield LatencyTarget(name, through, TARGET_THROUGHPUT, "of 1", at_least=True)


def measure(plan: LatencyPlan, step: Callable[[], None] = lambda: None) -> LatencyResults:
    """Measure all of a plan; `step` is called after each part."""
    results = LatencyResults(plan, added=list(serialisation.table(plan.sizes)))
    for suite in plan.suites:
        for encrypt in plan.modes:
            for size in plan.sizes:
                subject = LatencySubject(suite, encrypt, size)
                frames = parse(str(size - FCS)).batch(VARIETY)
                chain = make_chain(suite, encrypt, frames, plan.backend, plan.kernel)
                try:
                    _measure_one(results, subject, chain, step)
                finally:
                    chain.close()
    return results


def _measure_one(
    results: LatencyResults, subject: LatencySubject, chain: Chain, step: Callable[[], None]
) -> None:
    plan = results.plan
    results.backend, results.kernel, results.clock = chain.backend, chain.kernel, chain.clock
    processing = Processing(subject, chain.lanes(plan.frames))
    results.processing.append(processing)
    step()
    if not plan.search:
        return
    rates = _rates(plan, subject, chain, HEADROOM * NS_PER_S // max(processing.both_ns, 1))
    results.rates.append(rates)
    step()
    base = rates.bounds[0].good
    for percent in plan.loads:
        if base is not None:
            results.loads.append(_loaded(plan, subject, chain, percent, base))
        step()


def _rates(plan: LatencyPlan, subject: LatencySubject, chain: Chain, highest: int) -> Rates:
    interrupted = 0

    def device(rate: int) -> Trial:
        nonlocal interrupted
        frames = max(1, round(rate * plan.trial_s))
        run = undisturbed(lambda: chain.load(rate, frames, plan.ring), PATIENCE)
        interrupted += run.interrupted
        return Trial(frames, run.result.offered.lost + run.result.offered.late)

    bounds = search(device, max(highest, 1), GOALS)
    return Rates(subject, bounds, interrupted)


def _loaded(
    plan: LatencyPlan, subject: LatencySubject, chain: Chain, percent: int, base: int
) -> Loaded:
    rate = base * percent / 100
    frames = max(1, round(rate * plan.trial_s))
    latency = new_histogram("reference" if chain.backend == "reference" else "native")
    handled = late = lost = ticks = interrupted = 0
    for _ in range(plan.slices):
        run = undisturbed(lambda: chain.load(rate, frames, plan.ring), PATIENCE)
        offered = run.result.offered
        handled, late = handled + offered.handled, late + offered.late
        lost, ticks = lost + offered.lost, ticks + offered.ticks
        interrupted += run.interrupted
        latency.merge(run.result.latency)
    total = Offered(frames * plan.slices, handled, late, lost, ticks)
    return Loaded(subject, percent, rate, total, latency, plan.slices, interrupted)
