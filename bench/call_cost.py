"""Cost of a batch through Python, as ratios: the goals of the call.

`python bench/call_cost.py` prints the rows. The bare C call is the same C function called through
cffi with buffers prepared before; it writes its result to one place. "Kept" is a list of results
that is made and dropped, in memory that an earlier list left behind.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import nan
from statistics import median
from typing import Any

import numpy as np
from races import threads
from target_row import TargetRow

from macsec.frames import FrameBatch
from macsec.keys import Key
from macsec.measure.task import PROTECT, STAGES, Stage, Task, make_task
from macsec.measure.throughput.others import IPSEC_MB
from macsec.measure.throughput.ours import PYTHON_BATCH
from macsec.measure.throughput.run import ThroughputPlan, measure
from macsec.measure.workload import parse
from macsec.secy import Controls, SecY
from macsec.secy.native import ffi, lib, usable_kernels
from macsec.suites import SUITES

SECTION = "1. The call"
SUITE = SUITES["gcm-aes-128"]
SIZES = ("64", "256", "512", "1514", "9014")
BARE_SEALS = (
    ("vaes-avx512", IPSEC_MB, dict(zip(SIZES, (0.90, 0.90, 0.95, 0.95, 0.95), strict=True))),
    ("vaes-avx2", f"{IPSEC_MB}/avx2", dict.fromkeys(SIZES, 0.55)),
)
"""Kernel, peer on registers of the same width, and the allowed share of its time by size."""
FRAMES = 256
KEPT = 64
SAMPLE_NS = 1_500_000
ROUNDS = 21
SCI = "5254001301560001"

Sample = Callable[[], float]
"""Returns the ns of one call, the mean of a few."""


def rows() -> list[TargetRow]:
    """Measure all goals of the call."""
    return [
        *beside_its_frames(),
        *beside_the_bare_call(),
        *(row for wide in BARE_SEALS for row in beside_ipsec_mb(*wide)),
        *two_threads(),
    ]


def beside_its_frames() -> Iterator[TargetRow]:
    """Yield the cost of a batch of one frame without that frame, in us."""
    one, many = _tasks("64", 1), _tasks("64", FRAMES)
    for stage in STAGES:
        with _secy(stage) as secy:
            whole, bare = medians(
                _sample(_call(secy, stage), _given(one[stage])),
                _sample(*_bare(secy, stage, _given(many[stage]))),
            )
        cost = (whole - bare / FRAMES) / 1000
        yield TargetRow(SECTION, f"{stage} of one frame of 64, us beside the frame", 1.0, cost)


def beside_the_bare_call() -> Iterator[TargetRow]:
    """Yield the time of 256 frames over that of the bare C call, and of kept results."""
    for size in SIZES:
        tasks = _tasks(size, FRAMES)
        times: dict[Stage, list[float]] = {}
        for stage in STAGES:
            with _secy(stage) as secy:
                given, call = _given(tasks[stage]), _call(secy, stage)
                samples = [_sample(*_bare(secy, stage, given)), _sample(call, given)]
                times[stage] = medians(*samples, _keeping(call, given))
        for stage, (bare, whole, kept) in times.items():
            note = f"{whole / FRAMES:.0f} ns a frame"
            name = f"{stage} of {FRAMES} of {size}"
            if stage == PROTECT:
                yield TargetRow(SECTION, f"{name} / bare C call", 1.10, whole / bare, note=note)
            else:
                protect = times[PROTECT][1]
                yield TargetRow(SECTION, f"{name} / protect", 1.05, whole / protect, note=note)
            yield TargetRow(SECTION, f"{name}, kept / dropped", 1.25, kept / whole)


def beside_ipsec_mb(kernel: str, peer: str, goals: Mapping[str, float]) -> Iterator[TargetRow]:
    """Yield the time of the whole call over that of bare seals."""
    if kernel not in usable_kernels():
        return
    results = measure(
        ThroughputPlan(
            workloads=[parse(size) for size in goals],
            suites=[SUITE],
            kernels=[kernel],
            peers=[IPSEC_MB],
            stages=[PROTECT],
            rounds=9,
        )
    )
    for race, (size, goal) in zip(results.races, goals.items(), strict=True):
        rows = {row.backend: row for row in race}
        beside = rows[PYTHON_BATCH].ratio(rows[peer]) if peer in rows else nan
        name = f"{PROTECT} of {FRAMES} of {size}, {kernel} / {peer}"
        yield TargetRow(SECTION, name, goal, beside)


def two_threads() -> Iterator[TargetRow]:
    """Yield the rate of two threads over that of one."""
    for row in threads.measure([parse(size) for size in SIZES], rounds=15):
        task = row.task
        name = f"{task.stage} of {task.frames} of {task.workload.name}, two threads / one"
        note = f"{row.disturbed} of 15 rounds disturbed" if row.disturbed else ""
        yield TargetRow(SECTION, name, 1.9, row.speedup, at_most=False, note=note)


def medians(*samples: Sample) -> list[float]:
    """Return the median of each sample, taken in turn."""
    taken = [[sample() for sample in samples] for _ in range(ROUNDS)]
    return [median(column) for column in zip(*taken[1:], strict=True)]


def _tasks(size: str, frames: int) -> dict[Stage, Task]:
    task = make_task(SUITE, True, parse(size), frames)
    return {stage: task.at_stage(stage) for stage in STAGES}


def _given(task: Task) -> FrameBatch:
    given = task.given
    return FrameBatch(given.arena.copy(), given.start, given.length)


def _secy(stage: Stage) -> SecY:
    secy = SecY(Controls(cipher=SUITE, encrypt=True, replay=True, window=SUITE.window_limit))
    key = Key(bytes(range(SUITE.key_length)))
    if stage == PROTECT:
        secy.create_tx_sc(SCI)
        secy.create_tx_sa(0, key)
    else:
        secy.create_rx_sc(SCI)
        secy.create_rx_sa(SCI, 0, key)
    return secy


def _call(secy: SecY, stage: Stage) -> Callable[[FrameBatch], Any]:
    return secy.protect if stage == PROTECT else secy.validate


def _bare(secy: SecY, stage: Stage, batch: FrameBatch) -> tuple[Callable[..., Any], Any, Any, Any]:
    return bare_call(secy._plane, stage, batch)


def bare_call(
    plane: Any, stage: Stage, batch: FrameBatch
) -> tuple[Callable[..., Any], Any, Any, Any]:
    """Return the C function of a data plane and its arguments, everything prepared."""
    columns = [ffi.from_buffer("int64_t[]", c) for c in (batch.start, batch.length)]
    arena, count = ffi.from_buffer("uint8_t[]", batch.arena), len(batch)
    given = ffi.new("macsec_frames *", (arena, *columns, columns[1], count))
    out = ffi.new("macsec_outcome *")
    out.capacity = lib.macsec_capacity(given)
    blocks = [np.zeros(out.capacity, np.uint8), np.zeros(5 * count, np.int64)]
    blocks.append(np.zeros(2 * count, np.uint8))
    out.arena = ffi.from_buffer("uint8_t[]", blocks[0])
    wide, narrow = ffi.from_buffer("int64_t[]", blocks[1]), ffi.from_buffer("uint8_t[]", blocks[2])
    lib.macsec_outcome_columns(out, wide, narrow, count)
    _KEPT_ALIVE[out] = (given, columns, arena, blocks, batch)
    return getattr(lib, f"macsec_{stage}"), plane._secy, given, out


_KEPT_ALIVE: dict[Any, Any] = {}


def _sample(call: Callable[..., Any], *arguments: Any) -> Sample:
    times = _times(call, arguments)

    def sample() -> float:
        begin = time.perf_counter_ns()
        for _ in range(times):
            call(*arguments)
        return (time.perf_counter_ns() - begin) / times

    return sample


def _keeping(call: Callable[[FrameBatch], Any], given: FrameBatch) -> Sample:
    def sample() -> float:
        begin = time.perf_counter_ns()
        kept = [call(given) for _ in range(KEPT)]
        del kept
        return (time.perf_counter_ns() - begin) / KEPT

    return sample


def _times(call: Callable[..., Any], arguments: Sequence[Any]) -> int:
    begin = time.perf_counter_ns()
    for _ in range(3):
        call(*arguments)
    return max(2, 3 * SAMPLE_NS // (time.perf_counter_ns() - begin))


def main() -> None:
    """Print the rows."""
    for row in rows():
        bound = "at most" if row.at_most else "at least"
        mark = "" if row.met else "  NOT MET"
        line = f"{row.name:52} {bound:>8} {row.goal:4.2f}  {row.value:6.3f}{mark}  {row.note}"
        sys.stdout.write(line.rstrip() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
