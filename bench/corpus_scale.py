"""Scale of `macsec corpus`: time, CPU time and memory by captures and workers; tasks a second.

`python bench/corpus_scale.py [--captures 10,100,1000] [--workers 0,1,2,4]` prints a table of
`validate`. Times include the start of the cluster. `--empty N` sends N tasks without work: the rate
at which the scheduler is the limit.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.services.corpora import CONFIG, make_corpus  # noqa: E402

PROGRAM = """
import resource, sys
from macsec.__main__ import main
try:
    main()
finally:
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(max(u.ru_maxrss for u in used), sum(u.ru_utime + u.ru_stime for u in used))
"""


def measured(arguments: list[str]) -> tuple[float, float, int]:
    """Run `macsec corpus`; return seconds, CPU seconds, and MiB of its largest process."""
    started = time.perf_counter()
    command = [sys.executable, "-c", PROGRAM, "corpus", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    largest, cpu = ended.stdout.split()[-2:]
    return time.perf_counter() - started, float(cpu), int(largest) >> 10


def empty_rate(count: int, workers: int) -> float:
    """Return the tasks a second of a cluster whose tasks do nothing."""
    from dask.distributed import Client, LocalCluster

    from macsec.corpus.engine import CorpusTask, DaskEngine
    from macsec.corpus.order import Order

    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        engine = DaskEngine(client)
        order = Order("inspect", "r", "v", "a", "a", "1", "out", {}, "env:X", bytes(700))
        started = time.perf_counter()
        ended = sum(1 for _ in engine.run(CorpusTask(order, repr) for _ in range(count)))
        return ended / (time.perf_counter() - started)


def numbers(text: str) -> list[int]:
    """Return numbers between commas."""
    return [int(each) for each in text.split(",")]


def show(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captures", type=numbers, default=[10, 100, 1000])
    parser.add_argument("--workers", type=numbers, default=[0, 1, 2])
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--empty", type=int, default=0)
    given = parser.parse_args()
    if given.empty:
        for workers in filter(None, given.workers):
            show(f"{workers} workers: {empty_rate(given.empty, workers):,.0f} empty tasks/s")
        return
    show("captures  workers  seconds  CPU seconds  MiB of the largest process")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "a.yaml")
        config.touch(0o600)
        config.write_text(CONFIG)
        for count in given.captures:
            clear = Path(folder, f"clear-{count}")
            make_corpus(clear, count, given.frames)
            for workers in given.workers:
                out = Path(folder, f"out-{count}-{workers}")
                options = ["-c", str(config), "-q", "--workers", str(workers)]
                found = measured(["validate", str(clear), "--out", str(out), *options])
                seconds, cpu, largest = found
                show(f"{count:8}  {workers:7}  {seconds:7.1f}  {cpu:11.1f}  {largest:7}")


if __name__ == "__main__":
    main()
