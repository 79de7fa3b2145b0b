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
"""Frames of a call: with fewer, the work of Python between two calls becomes visible."""
ROUND_NS = 10_000_000
ATTEMPTS = 20
SHARE_OF_WAITING = 0.03
"""A round in which a thread waited longer for a core, because others ran there, is run again. A
thread that waits for the GIL sleeps, and waits for no core."""


class Span(NamedTuple):
    """Begin and end of a thread's work on the common clock, and its wait for a core (ns)."""

    begin: int
    end: int
    waited: int


@dataclass(frozen=True, slots=True)
class ThreadsRow:
    """Work of two threads over that of one, in the undisturbed `rounds`.

    `disturbed` counts the other rounds; if all were disturbed, they are the `rounds`.
    """

    task: Task
    kernel: str
    rounds: tuple[float, ...]
    disturbed: int

    @property
    def speedup(self) -> float:
        """The median round."""
        return median(self.rounds)


class Worker:
    """A SecY, and the batch that it handles repeatedly."""

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
        """Handle `times` batches."""
        call, given = self._call, self._given
        for _ in range(times):
            self._last = call(given)

    def check(self) -> None:
        """Raise MACsecError if a frame of the last batch was not delivered or sent."""
        if len(self._last.batch) != len(self._given):
            raise MACsecError("frames are no longer delivered")


def measure(
    workloads: Sequence[Workload],
    backend: str = "auto",
    kernel: str | None = None,
    frames: int = FRAMES,
    rounds: int = 25,
    round_ns: int = ROUND_NS,
) -> Iterator[ThreadsRow]:
    """Yield a row for each workload and stage, GCM-AES-128."""
    for workload in workloads:
        task = make_task(SUITES["gcm-aes-128"], True, workload, frames)
        for stage in STAGES:
            yield _row(task.at_stage(stage), backend, kernel, rounds, round_ns)


def _row(task: Task, backend: str, kernel: str | None, rounds: int, round_ns: int) -> ThreadsRow:
    workers = [Worker(task, backend, kernel) for _ in range(2)]
    try:
        times = _calibrated(workers[0], round_ns)
        ratios = [_round(workers, times) for _ in range(rounds)]
        for worker in workers:
            worker.check()
        whole = tuple(speedup for speedup, undisturbed in ratios if undisturbed)
        every = tuple(speedup for speedup, _ in ratios)
        return ThreadsRow(task, workers[0].plane.kernel, whole or every, rounds - len(whole))
    finally:
        for worker in workers:
            worker.plane.close()


def _calibrated(worker: Worker, round_ns: int) -> int:
    # By time on the core: an interruption would leave too few repetitions for all rounds.
    begin = time.thread_time_ns()
    worker.run(1)
    return max(1, round_ns // max(1, time.thread_time_ns() - begin))


def _round(workers: Sequence[Worker], times: int) -> tuple[float, bool]:
    """Return the ratio of two separate runs to a common one, and whether it was undisturbed."""
    for _ in range(ATTEMPTS):
        runs = [_together([worker], times) for worker in workers]
        runs.append(_together(workers, times))
        *alone, both = map(_length, runs)
        if all(_undisturbed(span) for run in runs for span in run):
            return sum(alone) / both, True
    return sum(alone) / both, False


def _together(workers: Sequence[Worker], times: int) -> list[Span]:
    """Run all workers at once; return their spans."""
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
    """Return the ns that this thread waited for a core; 0 where that is not known."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
