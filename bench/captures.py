"""Whole captures through whole processes, beside `cp`: prints a table for results/captures.md.

    python bench/captures.py [--rounds 7] [--folder /dev/shm] [--megabytes 1000]

Bound to one core, all but `--jobs 2`. The rounds are interleaved: each runs every command once,
with the previous output removed, so that all have the same free memory. A ratio is the
median of the ratios within a round.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
MEGA, KIBI = 10**6, 1024
ROWS = 12 * 340
SHORT = 100
"""Megabytes of the capture that shows whether memory grows with length."""
CONFIG = """\
secy: {cipher: gcm-aes-128}
tx: {sci: 5254001301560001, sa: {0: {key: 30313233343536373839303132333435, pn: 1}}}
"""
MACSEC = (sys.executable, "-m", "macsec")


class Ran(NamedTuple):
    """A process that ended: wall seconds, and its peak resident memory in MiB."""

    seconds: float
    mebibytes: float


@dataclass
class Desk:
    """A folder in memory with two captures and a configuration."""

    folder: Path
    megabytes: int
    frames: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    cores: list[int] = field(default_factory=lambda: sorted(os.sched_getaffinity(0)))

    def prepare(self) -> None:
        """Write the captures; half of the frames go each way."""
        (self.folder / "link.yaml").touch(mode=0o600)
        (self.folder / "link.yaml").write_text(CONFIG)
        # In another process: the peak memory of a child begins with that of its parent.
        with ProcessPoolExecutor(1) as aside:
            aside.submit(write_imix, self.folder / "short.pcap", SHORT).result()
            longer = aside.submit(write_imix, self.folder / "long.pcap", self.megabytes)
            self.frames = longer.result()
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        # As for an installed package: compiled once.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.environment["PYTHONPYCACHEPREFIX"] = str(self.folder / "compiled")

    def commands(self) -> dict[str, tuple[str, ...]]:
        """Return the commands of a round."""
        wire = ("--wire", "out.pcap", "--json")
        protect = (*MACSEC, "protect", "-q", "-c", "link.yaml")
        return {
            "cp": ("cp", "long.pcap", "out.pcap"),
            "protect": (*protect, "long.pcap", "out.pcap"),
            "protect, 2 jobs": (*protect, "-j", "2", "long.pcap", "out.pcap"),
            "protect, short": (*protect, "short.pcap", "out.pcap"),
            "replay": (*MACSEC, "replay", "long.pcap", *wire),
            "replay, 2 jobs": (*MACSEC, "replay", "-j", "2", "long.pcap", *wire),
            "replay, short": (*MACSEC, "replay", "short.pcap", *wire),
        }

    def run(self, name: str) -> Ran:
        """Run one process to its end."""
        (self.folder / "out.pcap").unlink(missing_ok=True)
        os.sched_setaffinity(0, self.cores if "jobs" in name else self.cores[-1:])
        started = perf_counter()
        process = subprocess.Popen(
            self.commands()[name],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{name} ended with {process.returncode}")
        return Ran(seconds, usage.ru_maxrss / KIBI)


def write_imix(path: Path, megabytes: int) -> int:
    """Write a pcap of simple IMIX (64, 594, 1518 octets with FCS, 7:4:1); return its frames."""
    sys.path.insert(0, str(ROOT))
    from macsec import FrameBatch, captures
    from macsec.measure.workload import parse

    frames = parse("imix").batch(ROWS).frames()
    frames[1::2] = [frame[6:12] + frame[:6] + frame[12:] for frame in frames[1::2]]
    batch = FrameBatch.from_frames(frames, range(0, ROWS * 1000, 1000))
    pieces = round(megabytes * MEGA / (batch.octets + 16 * ROWS))
    with captures.write(path) as sink:
        for _ in range(pieces):
            sink.write(batch)
        return sink.frames


def table(desk: Desk, rounds: list[dict[str, Ran]]) -> Iterator[str]:
    """Return the results, against their targets."""

    def seconds(name: str) -> float:
        return median(ran[name].seconds for ran in rounds)

    def ratio(name: str, to: str) -> float:
        return median(ran[name].seconds / ran[to].seconds for ran in rounds)

    def memory(name: str) -> str:
        sizes = (f"{median(r[n].mebibytes for r in rounds):.0f}" for n in (f"{name}, short", name))
        return " and ".join(sizes) + " MiB"

    rate = median(desk.frames / ran["replay"].seconds for ran in rounds)
    size = f"{desk.megabytes} MB"
    yield (
        f"{size} of simple IMIX, {desk.frames:,} frames, whole processes, files in memory; "
        f"medians of {len(rounds)} interleaved rounds. `cp` takes {seconds('cp'):.2f} s.\n"
    )
    yield "| what | measured | target |\n| --- | ---: | ---: |"
    for name, measured, target in (
        ("`protect` ÷ `cp`, one core", f"{ratio('protect', 'cp'):.2f}", "3.00 at most"),
        ("`replay`, frames a second, one core", f"{rate:,.0f}", "1,000,000 at least"),
        (f"`protect`, peak memory at {SHORT} MB and {size}", memory("protect"), "150 at most"),
        (f"`replay`, peak memory at {SHORT} MB and {size}", memory("replay"), "150 at most"),
        ("`protect --jobs 2` ÷ `--jobs 1`", f"{ratio('protect, 2 jobs', 'protect'):.2f}", ""),
        ("`replay --jobs 2` ÷ `--jobs 1`", f"{ratio('replay, 2 jobs', 'replay'):.2f}", ""),
    ):
        yield f"| {name} | {measured} | {target} |"


def fitting(folder: str, megabytes: int) -> int:
    """Return the size in megabytes, or half where the folder has no room for input and output."""
    room = shutil.disk_usage(folder).free // MEGA
    if room >= 3 * megabytes:
        return megabytes
    sys.stderr.write(f"{folder} has {room} MB free: half the size\n")
    return megabytes // 2


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", default="/dev/shm")
    parser.add_argument("--megabytes", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        desk = Desk(Path(folder), fitting(given.folder, given.megabytes))
        desk.prepare()
        for name in desk.commands():  # warm up memory and compiled modules
            desk.run(name)
        rounds = [{name: desk.run(name) for name in desk.commands()} for _ in range(given.rounds)]
    sys.stdout.write("\n".join(table(desk, rounds)) + "\n")


if __name__ == "__main__":
    main()
