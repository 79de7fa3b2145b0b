"""Two threads with a SecY each beside one thread: while a batch is in work, the GIL is free."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

from macsec.errors import MACsecError
from macsec.frames import FrameBatch
from macsec.measure.task import PROTECT, STAGES, Task, make_task, plane_for
from macsec.measure.workload import Workload
from macsec.secy.plane import DataPlane, Outcome
from macsec.suites import SUITES

FRAMES = 4096
"""A call: with fewer, what Python does between two calls, one thread at a time, shows."""
ROUND_NS = 10_000_000
ATTEMPTS = 20
SHARE_OF_WAITING = 0.03
"""A round in which a thread waited longer for a core, because others ran there, is run again. A
thread that waits for the GIL sleeps, and waits for no core."""


class Span(NamedTuple):
    """When a thread was at work, on the common clock, and how long it waited for a core (ns)."""

    begin: int
    end: int
    waited: int


@dataclass(frozen=True, slots=True)
class Row:
    """How many times as much two threads do as one, by the rounds that nothing disturbed.

    `disturbed` counts the others; where all were, they are the `rounds`.
    """

    task: Task
    kernel: str
    rounds: tuple[float, ...]
    disturbed: int

    @property
    def speedup(self) -> float:
        """The middle one."""
        return median(self.rounds)


class Worker:
    """A SecY, and the batch that it handles over and over."""

    def __init__(self, task: Task, backend: str, kernel: str | None) -> None:
        self.plane: DataPlane = plane_for(task, backend, kernel)
        protects = task.stage == PROTECT
        self._call: Callable[[FrameBatch], Outcome]
        self._call = self.plane.protect if protects else self.plane.validate
        # Octets of its own: no two threads read or write the same lines of memory.
        self._given = FrameBatch(task.given.arena.copy(), task.given.start, task.given.length)
        self._last = self._call(self._given)
        if self._last.batch.frames() != task.wanted.frames():
            raise MACsecError(f"a frame of {task.stage} is not what it should be")

    def run(self, times: int) -> None:
        """So many batches."""
        call, given = self._call, self._given
        for _ in range(times):
            self._last = call(given)

    def check(self) -> None:
        """All frames of the last batch went on."""
        if len(self._last.batch) != len(self._given):
            raise MACsecError("frames stopped going on")


def measure(
    workloads: Sequence[Workload],
    backend: str = "auto",
    kernel: str | None = None,
    frames: int = FRAMES,
    rounds: int = 25,
    round_ns: int = ROUND_NS,
) -> Iterator[Row]:
    """A row for each workload and stage, GCM-AES-128."""
    for workload in workloads:
        task = make_task(SUITES["gcm-aes-128"], True, workload, frames)
        for stage in STAGES:
            yield _row(task.at_stage(stage), backend, kernel, rounds, round_ns)


def _row(task: Task, backend: str, kernel: str | None, rounds: int, round_ns: int) -> Row:
    workers = [Worker(task, backend, kernel) for _ in range(2)]
    try:
        times = _calibrated(workers[0], round_ns)
        told = [_round(workers, times) for _ in range(rounds)]
        for worker in workers:
            worker.check()
        whole = tuple(speedup for speedup, undisturbed in told if undisturbed)
        every = tuple(speedup for speedup, _ in told)
        return Row(task, workers[0].plane.kernel, whole or every, rounds - len(whole))
    finally:
        for worker in workers:
            worker.plane.close()


def _calibrated(worker: Worker, round_ns: int) -> int:
    # By time on the core: an interruption would leave too few repetitions for all rounds.
    begin = time.thread_time_ns()
    worker.run(1)
    return max(1, round_ns // max(1, time.thread_time_ns() - begin))


def _round(workers: Sequence[Worker], times: int) -> tuple[float, bool]:
    """One after the other, then both at once: the ratio of the times, and whether undisturbed."""
    for _ in range(ATTEMPTS):
        runs = [_together([worker], times) for worker in workers]
        runs.append(_together(workers, times))
        *alone, both = map(_length, runs)
        if all(_undisturbed(span) for run in runs for span in run):
            return sum(alone) / both, True
    return sum(alone) / both, False


def _together(workers: Sequence[Worker], times: int) -> list[Span]:
    """What each did, all starting at once."""
    begin = threading.Barrier(len(workers))
    spans: list[Span] = []

    def work(worker: Worker) -> None:
        waited = _waited()
        begin.wait()
        start = time.perf_counter_ns()
        worker.run(times)
        spans.append(Span(start, time.perf_counter_ns(), _waited() - waited))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spans


def _length(spans: Sequence[Span]) -> int:
    return max(span.end for span in spans) - min(span.begin for span in spans)


def _undisturbed(span: Span) -> bool:
    return span.waited <= SHARE_OF_WAITING * (span.end - span.begin)


def _waited() -> int:
    """Nanoseconds that this thread was ready to run and had no core; 0 where nobody tells."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
