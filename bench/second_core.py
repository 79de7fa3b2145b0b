"""Rate of two threads over that of one: through Python, without Python, and of the GIL alone.

`python bench/second_core.py [--size 64] [--frames 256] [--rounds 15]` runs, on one thread and on
two with a core each, in turn:

call   `protect` or `validate` of a batch, a SecY for each thread
bare   the same C function in a loop in C that does not hold the GIL
model  a C call that holds the GIL for as long as `call` does, releases it for as long, and waits
       by the clock in place of work: no unit of a core is shared, only the GIL

A row is the rate of two threads over that of one, and how often a thread slept in 1,000 calls. If
`bare` is far below 2, the machine gives both threads the units of one core at times: `call` cannot
be faster then. If `model` is below 2, that is the GIL. Rounds in which a thread waited for a core
count for nothing.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from call_cost import bare_call
from races.threads import Worker, waited_ns

from macsec.measure.task import STAGES, Stage, make_task
from macsec.measure.workload import parse
from macsec.secy.native import ffi, lib
from macsec.suites import SUITES

SOURCE = Path(__file__).parent / "races" / "second_core.c"
LOOPED = 20
"""Calls in a row without the GIL."""
ROUND_NS, WARM = 8_000_000, 40
WAITED = 0.01
"""Share of a round that a thread may wait for a core."""
BARE_IS_SHARED = 1.5


class Pace(NamedTuple):
    """Calls a second of a thread, sleeps a call, and its share of waiting for a core."""

    rate: float
    sleeps: float
    waited: float


class Gain(NamedTuple):
    """Rate of two threads over that of one, and sleeps of the two in a call."""

    ratio: float
    sleeps: float
    undisturbed: bool


class Compiled:
    """The C functions, one copy called with the GIL held and one without."""

    def __init__(self, folder: str) -> None:
        target = Path(folder, "second_core.so")
        include = sysconfig.get_path("include")
        command = ["cc", "-O2", "-shared", "-fPIC", f"-I{include}", str(SOURCE), "-o", str(target)]
        subprocess.run(command, check=True)
        self._free, self._held = ctypes.CDLL(str(target)), ctypes.PyDLL(str(target))

    def bare(self, worker: Worker, stage: Stage) -> Callable[[], None]:
        """Return LOOPED calls of the C function of a worker."""
        _, *given = bare_call(worker.plane, stage, worker.given)
        function = ffi.addressof(lib, f"macsec_{stage}")
        addresses = [int(ffi.cast("intptr_t", each)) for each in (function, *given)]
        arguments: list[Any] = [ctypes.c_void_p(address) for address in addresses]
        arguments.append(ctypes.c_long(LOOPED))
        loop = self._free.bare
        return lambda: loop(*arguments)

    def model(self, held_ns: float, free_ns: float) -> Callable[[], None]:
        """Return a call that holds and releases the GIL for these times."""
        times, hold = (ctypes.c_long(int(held_ns)), ctypes.c_long(int(free_ns))), self._held.hold
        return lambda: hold(*times)


def run(call: Callable[[], None], core: int, begun: list[int], threads: int) -> Pace:
    """Call for a round in which all threads run, on one core."""
    os.sched_setaffinity(0, {core})
    now = time.perf_counter_ns
    begun.append(core)
    while len(begun) < threads:
        call()
    for _ in range(WARM):
        call()
    sleeps, waited, start, calls = _sleeps(), waited_ns(), now(), 0
    while now() < start + ROUND_NS:
        call()
        calls += 1
    took, sleeps, waited = now() - start, _sleeps() - sleeps, waited_ns() - waited
    while now() < start + took + ROUND_NS // 8:  # while the other thread still counts
        call()
    return Pace(calls / took, sleeps / calls, waited / took)


def _sleeps() -> int:
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


def together(calls: dict[int, Callable[[], None]]) -> list[Pace]:
    """Run calls, each on a core of its own."""
    begun: list[int] = []
    paces: list[Pace] = []

    def work(core: int, call: Callable[[], None]) -> None:
        paces.append(run(call, core, begun, len(calls)))

    threads = [threading.Thread(target=work, args=each) for each in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return paces


def gain(calls: dict[int, Callable[[], None]]) -> Gain:
    """Return what two threads do beside one."""
    alone = [pace for core, call in calls.items() for pace in together({core: call})]
    both = together(calls)
    ratio = 2 * sum(pace.rate for pace in both) / sum(pace.rate for pace in alone)
    good = all(pace.waited <= WAITED for pace in (*alone, *both))
    return Gain(ratio, sum(pace.sleeps for pace in both) / 2, good)


def _call(worker: Worker) -> Callable[[], None]:
    def call() -> None:
        worker.last = worker.call(worker.given)

    return call


def contestants(
    compiled: Compiled, workers: dict[int, Worker], stage: Stage
) -> dict[str, dict[int, Callable[[], None]]]:
    """Return the calls of each core, by name of the row; the times of `model` are measured."""
    calls = {core: _call(worker) for core, worker in workers.items()}
    bare = {core: compiled.bare(worker, stage) for core, worker in workers.items()}
    core = next(iter(workers))
    paces = [[together({core: each[core]})[0].rate for _ in range(5)] for each in (calls, bare)]
    whole_ns, free_ns = 1 / median(paces[0]), 1 / median(paces[1]) / LOOPED
    nothing = compiled.model(0, 0)
    own_ns = 1 / median(together({core: nothing})[0].rate for _ in range(5))
    held = max(0.0, whole_ns - free_ns - own_ns)
    sys.stdout.write(f"{stage}: GIL held {whole_ns - free_ns:.0f} ns, free {free_ns:.0f} ns\n")
    model = {core: compiled.model(held, free_ns) for core in workers}
    return {"call": calls, "bare": bare, "model": model}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="64")
    parser.add_argument("--frames", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=15, help="undisturbed rounds")
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        parser.error("two cores are needed")
    task = make_task(SUITES["gcm-aes-128"], True, parse(given.size), given.frames)
    with tempfile.TemporaryDirectory() as folder:
        compiled = Compiled(folder)
        for stage in STAGES:
            workers = {core: Worker(task.at_stage(stage), "auto", None) for core in cores}
            rows = contestants(compiled, workers, stage)
            _race(rows, given.rounds)


def _race(rows: dict[str, dict[int, Callable[[], None]]], wanted: int) -> None:
    found: dict[str, list[Gain]] = {name: [] for name in rows}
    for _ in range(10 * wanted):
        gains = {name: gain(calls) for name, calls in rows.items()}
        if all(each.undisturbed for each in gains.values()):
            for name, each in gains.items():
                found[name].append(each)
        if len(found["bare"]) == wanted:
            break
    for name, gains_of in found.items():
        ratios = sorted(each.ratio for each in gains_of)
        if not ratios:
            sys.exit("no round in which no thread waited for a core: other programs run")
        slept = 1000 * median(each.sleeps for each in gains_of)
        low = sum(ratio < BARE_IS_SHARED for ratio in ratios)
        sys.stdout.write(
            f"{name:6} {median(ratios):.3f} of {len(ratios)} rounds from {ratios[0]:.2f} to "
            f"{ratios[-1]:.2f}; below {BARE_IS_SHARED}: {low}; sleeps in 1,000 calls {slept:.1f}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
