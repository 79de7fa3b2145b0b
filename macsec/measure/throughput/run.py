"""Throughput: nanoseconds a frame of every contestant, in turn, on the same frames.

All contestants of one stage, suite, batch and workload run in one race, so each ratio compares
rounds that ran one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

from macsec.measure.arithmetic import FCS, OVERHEAD_WITH_SCI, OVERHEAD_WITHOUT_SCI, ratio
from macsec.measure.compiled import Lacking
from macsec.measure.contestant import Contestant
from macsec.measure.task import STAGES, Stage, Task, make_task
from macsec.measure.throughput import fit
from macsec.measure.throughput.ceiling import BACKEND as CEILING
from macsec.measure.throughput.ceiling import CycleCounter
from macsec.measure.throughput.others import PEERS
from macsec.measure.throughput.ours import (
    BACKEND,
    PYTHON_BATCH,
    PYTHON_FRAME,
    REFERENCE,
    api_contestants,
    contestants,
)
from macsec.measure.timing import Timing, race
from macsec.measure.workload import Workload
from macsec.suites import CipherSuite

OURS = (BACKEND, REFERENCE, PYTHON_BATCH, PYTHON_FRAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputPlan:
    """The work of a measurement. `kernels`: the chosen one first; `peers`: names of PEERS."""

    workloads: Sequence[Workload]
    suites: Sequence[CipherSuite]
    kernels: Sequence[str]
    peers: Sequence[str] = tuple(PEERS)
    stages: Sequence[Stage] = STAGES
    modes: Sequence[bool] = (True,)
    batches: Sequence[int] = (256,)
    rounds: int = 15
    python: bool = True

    @property
    def races(self) -> int:
        """The number of races."""
        groups = (self.workloads, self.suites, self.stages, self.modes, self.batches)
        count = 1
        for group in groups:
            count *= len(group)
        return count


@dataclass(frozen=True, slots=True)
class Measurement:
    """One contestant in one race. `cycles` is None where the core's clock is not known."""

    task: Task
    backend: str
    kernel: str
    batch: int
    frames: int
    timing: Timing
    cycle_ns: float | None

    @property
    def frame_octets(self) -> float:
        """The mean length of the frames it handled, without FCS."""
        return float(self.task.clear.length[: self.frames].mean())

    @property
    def ns_per_frame(self) -> float:
        """Median over the rounds."""
        return self.timing.median / self.frames

    @property
    def gbit_per_s(self) -> float:
        """Bits of clear frames, without FCS."""
        return 8 * self.frame_octets / self.ns_per_frame

    @property
    def cycles_per_frame(self) -> float | None:
        """Cycles at the clock of the core during the race."""
        return None if self.cycle_ns is None else self.ns_per_frame / self.cycle_ns

    def ratio(self, other: Measurement) -> float:
        """Return the time a frame over that of another measurement."""
        return self.timing.ratio(other.timing) * other.frames / self.frames


@dataclass(slots=True)
class ThroughputResults:
    """The measurements, race by race, and the peers that could not take part, with reasons."""

    plan: ThroughputPlan
    races: list[list[Measurement]] = field(default_factory=list)
    lacking: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> list[Measurement]:
        """All measurements."""
        return [row for each in self.races for row in each]

    def ratios(self) -> Iterator[tuple[Measurement, Measurement, float]]:
        """Yield for each race a measurement of ours, one of a peer, and the ratio of their times.

        One frame through Python is compared with the peers that go through Python.
        """
        for rows in self.races:
            for ours in rows:
                for other in rows:
                    if _comparable(ours, other):
                        yield ours, other, ours.ratio(other)

    def lines(self) -> Iterator[tuple[Measurement, fit.FittedLine]]:
        """Yield the first measurement of each contestant, and a line through its times by size."""
        groups: dict[tuple[Any, ...], list[Measurement]] = {}
        for row in self.rows:
            if len(set(row.task.workload.lengths)) == 1:
                task = row.task
                key = (task.stage, task.suite.name, task.encrypt, row.backend, row.kernel)
                groups.setdefault((*key, row.batch), []).append(row)
        for rows in groups.values():
            found = fit.line([row.frame_octets for row in rows], [row.ns_per_frame for row in rows])
            if found is not None:
                yield rows[0], found

    def digests(self) -> dict[str, str]:
        """Return digests of the sealed frames, by suite, mode, workload and batch."""
        return {
            f"{t.suite.name}/{mode(t)}/{t.workload.name}/{t.frames}": t.digest
            for t in (rows[0].task for rows in self.races)
        }

    def core_ghz(self) -> float | None:
        """Return the clock of the core, the median of all races."""
        clocks = [1 / rows[0].cycle_ns for rows in self.races if rows[0].cycle_ns]
        return median(clocks) if clocks else None


def mode(task: Task) -> Literal["confidentiality", "integrity"]:
    """Return `confidentiality` or `integrity`."""
    return "confidentiality" if task.encrypt else "integrity"


def _comparable(ours: Measurement, other: Measurement) -> bool:
    if other.backend in OURS:
        return False
    if ours.backend == PYTHON_FRAME:
        return other.kernel == "python"
    return ours.backend == BACKEND


def expected(workload: Workload) -> tuple[float, float]:
    """Return the share of frames that a link with MACsec carries, without and with SCI."""
    lengths = [length + FCS for length in workload.lengths]
    return ratio(lengths, OVERHEAD_WITHOUT_SCI), ratio(lengths, OVERHEAD_WITH_SCI)


def measure(plan: ThroughputPlan, step: Callable[[], None] = lambda: None) -> ThroughputResults:
    """Run all races of a plan; `step` is called after each round."""
    results = ThroughputResults(plan)
    for suite in plan.suites:
        for encrypt in plan.modes:
            for frames in plan.batches:
                for workload in plan.workloads:
                    task = make_task(suite, encrypt, workload, frames)
                    for stage in plan.stages:
                        results.races.append(_race(results, task.at_stage(stage), step))
    return results


def _race(results: ThroughputResults, task: Task, step: Callable[[], None]) -> list[Measurement]:
    plan = results.plan
    entered: list[Contestant] = []
    clock: list[Contestant] = []
    try:
        if "ceiling" in plan.peers:
            clock = _clock()
        entered += contestants(task, list(plan.kernels))
        for name in plan.peers:
            entered += _entering(results, name, task)
        if plan.python and plan.kernels[0] != REFERENCE:
            entered += api_contestants(task, plan.kernels[0])
        timings = race([*entered, *clock], plan.rounds, step)
        for contestant in entered:
            contestant.check()
    finally:
        for contestant in entered:
            contestant.close()
    cycle_ns = timings[-1].median / CycleCounter.frames if clock else None
    return [
        Measurement(task, each.backend, each.kernel, each.batch, each.frames, timing, cycle_ns)
        for each, timing in zip(entered, timings, strict=False)
    ]


def _clock() -> list[Contestant]:
    try:
        return [CycleCounter()]
    except Lacking:
        return []


def _entering(results: ThroughputResults, name: str, task: Task) -> list[Contestant]:
    if name in results.lacking:
        return []
    try:
        return list(PEERS[name].enter(task))
    except Lacking as lacking:
        results.lacking[name] = str(lacking)
        return []


__all__ = [
    "CEILING",
    "OURS",
    "Measurement",
    "ThroughputPlan",
    "ThroughputResults",
    "expected",
    "measure",
    "mode",
]
