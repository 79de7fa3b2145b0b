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

FRAMES = 256
"""Frames of a call."""
ROUND_NS = 4_000_000
ATTEMPTS = 20
SHARE_OF_WAITING = 0.03
"""A round in which a thread waited longer for a core, because others ran there, is run again. A
thread that waits for the GIL sleeps, and waits for no core."""
WARM = 0.2
"""Share at the beginning of a round that is not counted."""


class Pace(NamedTuple):
    """Batches a second of one thread while all threads ran, and its share of waiting for a core."""

    rate: float
    waited: float


@dataclass(frozen=True, slots=True)
class ThreadsRow:
    """Rate of two threads over that of one, in the undisturbed `rounds`.

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
        self.call: Callable[[FrameBatch], Outcome]
        self.call = self.plane.protect if protects else self.plane.validate
        # Octets of its own: no two threads read or write the same lines of memory.
        self.given = FrameBatch(task.given.arena.copy(), task.given.start, task.given.length)
        self.last = self.call(self.given)
        if self.last.batch.frames() != task.wanted.frames():
            raise MACsecError(f"a frame of {task.stage} is not what it should be")

    def run(self, begun: list[int], threads: int, round_ns: int) -> Pace:
        """Handle batches until all threads have run for a round together.

        `begun` has the begin of each thread that runs.
        """
        call, given, now = self.call, self.given, time.perf_counter_ns
        ends: list[int] = []
        waited = waited_ns()
        begun.append(now())
        while len(begun) < threads:
            self.last = call(given)
        counted = max(begun) + int(WARM * round_ns)
        while len(ends) < 2 or ends[-1] < counted + round_ns:
            self.last = call(given)
            ends.append(now())
            if len(ends) == 1 and ends[0] < counted:
                ends.clear()
        waited = waited_ns() - waited
        return Pace((len(ends) - 1) / (ends[-1] - ends[0]), waited / (ends[-1] - begun[0]))

    def check(self) -> None:
        """Raise MACsecError if a frame of the last batch was not delivered or sent."""
        if len(self.last.batch) != len(self.given):
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
        ratios = [_round(workers, round_ns) for _ in range(rounds)]
        for worker in workers:
            worker.check()
        whole = tuple(speedup for speedup, undisturbed in ratios if undisturbed)
        every = tuple(speedup for speedup, _ in ratios)
        return ThreadsRow(task, workers[0].plane.kernel, whole or every, rounds - len(whole))
    finally:
        for worker in workers:
            worker.plane.close()


def _round(workers: Sequence[Worker], round_ns: int) -> tuple[float, bool]:
    """Return the rate of both at once over their mean rate alone, and if it was undisturbed."""
    for _ in range(ATTEMPTS):
        runs = [_together([worker], round_ns) for worker in workers]
        runs.append(_together(workers, round_ns))
        *alone, both = (sum(pace.rate for pace in run) for run in runs)
        undisturbed = all(pace.waited <= SHARE_OF_WAITING for run in runs for pace in run)
        if undisturbed:
            break
    return both / (sum(alone) / len(alone)), undisturbed


def _together(workers: Sequence[Worker], round_ns: int) -> list[Pace]:
    """Run all workers at once."""
    begun: list[int] = []
    paces: list[Pace] = []

    def work(worker: Worker) -> None:
        paces.append(worker.run(begun, len(workers), round_ns))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return paces


def waited_ns() -> int:
    """Return the ns that this thread waited for a core; 0 where that is not known."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
