"""Whole captures through whole processes, as ratios: the goals of captures.

`python bench/capture_ratios.py [FOLDER]` prints the rows; FOLDER is in memory, with 2 GB of room.
Every command is a process of its own. Rounds are interleaved, and an old output is removed first. A
rate is that of the frames by which one capture is longer than another, so that the start of the
process does not count, for a second of one core; `protect ÷ cp` is the whole command of a user.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import numpy as np
from captures import CONFIG, MACSEC, ROOT, write_imix
from target_row import TargetRow

from macsec.captures import formats
from macsec.captures.formats import Interface
from macsec.captures.index import COLUMNS, Layout
from macsec.captures.native import new_index

SECTION = "3. Captures"
MEMORY = "/dev/shm"
LONG, SHORT = 640, 100
"""Megabytes of two captures of IMIX."""
STREAMS = (100, 1000)
"""Megabytes through a pipe."""
ROUNDS = 5
SCANNED = 50_000
"""Frames of 60 octets for the index."""
RECEIVER = """\
secy: {cipher: gcm-aes-128}
rx: [{sci: 5254001301560001, sa: {0: {key: 30313233343536373839303132333435}}}]
"""
# A small process that starts another: the peak memory of a child begins with that of its parent.
STARTER = """\
import os, sys, time
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - started
print(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Ran(NamedTuple):
    """A process that ended: wall seconds, seconds of a core, and peak resident memory in MiB."""

    seconds: float
    of_a_core: float
    mebibytes: float


class Desk:
    """A folder in memory: long and short captures, clear and protected, and configurations."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cores = sorted(os.sched_getaffinity(0))
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
            "MACSEC_LOCK_DIR": str(folder / "locks"),
        }
        # As for an installed package: compiled once.
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for name, text in (("link.yaml", CONFIG), ("receiver.yaml", RECEIVER)):
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(text)
        with ProcessPoolExecutor(1) as aside:
            self.frames = aside.submit(write_imix, folder / "long.pcap", LONG).result()
            self.fewer = aside.submit(write_imix, folder / "short.pcap", SHORT).result()
        for name in ("long", "short"):
            self.run(PROTECT, f"{name}.pcap", f"{name}.wire.pcap")

    def run(self, command: Sequence[str], *more: str, cores: int | None = None) -> Ran:
        """Run a process to its end, with `out.pcap` removed first; by default on all cores."""
        (self._folder / "out.pcap").unlink(missing_ok=True)
        with self.start(command, *more, cores=cores) as process:
            return ended(process)

    def start(
        self, command: Sequence[str], *more: str, cores: int | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process that reads a pipe."""
        os.sched_setaffinity(0, self._cores if cores is None else self._cores[-cores:])
        try:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", STARTER, *command, *more],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        finally:
            os.sched_setaffinity(0, self._cores)

    def short(self) -> bytes:
        """Return the octets of the short capture."""
        return (self._folder / "short.pcap").read_bytes()


PROTECT = (*MACSEC, "protect", "-q", "-c", "link.yaml")
VALIDATE = (*MACSEC, "validate", "-q", "-c", "receiver.yaml")
REPLAY = (*MACSEC, "replay", "-q", "--wire")


def ended(process: subprocess.Popen[bytes]) -> Ran:
    """Wait for the end of a process, and return what it took."""
    _, said = process.communicate()
    if process.returncode:
        sys.exit(f"{process.args!r} ended with {process.returncode}: {said.decode()}")
    return Ran(*map(float, said.split()))


def rows() -> list[TargetRow]:
    """Measure all goals of captures."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.path.isdir(MEMORY) else None) as folder:
        return list(rows_in(Path(folder)))


def rows_in(folder: Path) -> Iterator[TargetRow]:
    """Yield the rows, with captures in a folder."""
    desk = Desk(folder)
    yield from whole_captures(desk)
    yield memory(desk)
    yield index()


def whole_captures(desk: Desk) -> Iterator[TargetRow]:
    """Yield the rows of captures in files."""
    calls = {"cp": partial(desk.run, ("cp", "long.pcap", "out.pcap"))}
    calls["protect"] = partial(desk.run, PROTECT, "long.pcap", "out.pcap")
    for length in ("long", "short"):
        for jobs in (1, 2):
            said = (f"-j{jobs}", f"{length}.pcap")
            calls[f"replay {length} {jobs}"] = partial(
                desk.run, REPLAY, "out.pcap", *said, cores=jobs
            )
        one = partial(desk.run, cores=1)
        calls[f"replay {length} null"] = partial(one, REPLAY, "/dev/null", "-j1", f"{length}.pcap")
        for target in ("out.pcap", "/dev/null"):
            calls[f"validate {length} {target}"] = partial(
                one, VALIDATE, "-j1", f"{length}.wire.pcap", target
            )
    rounds = [{name: call() for name, call in calls.items()} for _ in range(ROUNDS)]

    def added(name: str, kind: str) -> list[float]:
        """Return the seconds, in each round, that the longer capture takes more."""
        long, short = name.format("long"), name.format("short")
        return [getattr(ran[long], kind) - getattr(ran[short], kind) for ran in rounds]

    def rate(name: str) -> float:
        return (desk.frames - desk.fewer) / median(added(name, "of_a_core")) / 1e6

    ratio = median(ran["protect"].seconds / ran["cp"].seconds for ran in rounds)
    copied = median(ran["cp"].seconds for ran in rounds)
    note = f"{LONG} MB; cp takes {copied:.2f} s"
    yield TargetRow(SECTION, "protect ÷ cp, the whole command", 2.5, ratio, note=note)
    for name, null, file in (
        ("replay", "replay {} null", "replay {} 1"),
        ("validate", "validate {} /dev/null", "validate {} out.pcap"),
    ):
        note = f"output to /dev/null; to a file in memory {rate(file):.2f}"
        yield TargetRow(SECTION, f"{name}, M frames/s a core", 3, rate(null), False, note)
    single, double = added("replay {} 1", "seconds"), added("replay {} 2", "seconds")
    faster = median(one / two for one, two in zip(single, double, strict=True))
    yield TargetRow(SECTION, "replay --jobs 2, times --jobs 1", 1.8, faster, at_most=False)


def memory(desk: Desk) -> TargetRow:
    """Measure the peak memory of a long stream beside that of a short one."""
    peaks = [streamed(desk, megabytes).mebibytes for megabytes in STREAMS]
    note = f"{peaks[0]:.0f} and {peaks[1]:.0f} MiB, protect from a pipe"
    name = f"peak memory at {STREAMS[1]} ÷ {STREAMS[0]} MB"
    return TargetRow(SECTION, name, 1.1, peaks[1] / peaks[0], note=note)


def streamed(desk: Desk, megabytes: int) -> Ran:
    """Protect a stream of about n megabytes: one capture, its records again and again."""
    octets = desk.short()
    header, records = octets[: formats.PCAP_HEADER], octets[formats.PCAP_HEADER :]
    process = desk.start(PROTECT, "-", "/dev/null")
    assert process.stdin is not None
    process.stdin.write(header)
    for _ in range(megabytes // SHORT):
        process.stdin.write(records)
    return ended(process)


def index() -> TargetRow:
    """Measure the index over frames of 60 octets, in both formats."""
    rates = {name: scanned(*given) / 1e6 for name, given in CHUNKS.items()}
    note = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
    least = min(rates.values())
    return TargetRow(SECTION, "index, M frames/s", 10, least, at_most=False, note=note)


RECORD = np.array([1, 0, 60, 60], "<u4").tobytes() + bytes(60)
BLOCK = np.array([formats.EPB, 92, 0, 0, 1, 60, 60], "<u4").tobytes() + bytes(60) + b"\x5c\0\0\0"
CHUNKS = {
    "pcap": (RECORD, Layout(False, False, 16, False)),
    "pcapng": (BLOCK, Layout(True, False, 0, False)),
}


def scanned(record: bytes, layout: Layout) -> float:
    """Return frames a second through the index in C."""
    found = new_index("native")
    found.configure(layout)
    found.add(Interface(0, "", formats.ETHERNET, 0, 0, 9))
    chunk = np.frombuffer(record * SCANNED, np.uint8)
    columns = np.zeros((len(COLUMNS), 4096), np.int64)
    seconds = []
    for _ in range(ROUNDS * 4):
        at = frames = 0
        started = perf_counter()
        while at < len(chunk):
            scan = found.scan(chunk[at:], columns, 1 << 30)
            at += scan.consumed
            frames += scan.rows
        seconds.append(perf_counter() - started)
        if frames != SCANNED:
            sys.exit(f"{frames} frames found of {SCANNED}")
    return SCANNED / median(seconds)


if __name__ == "__main__":
    found = list(rows_in(Path(sys.argv[1]))) if sys.argv[1:] else rows()
    for row in found:
        sys.stdout.write(f"{row.name:36}{row.goal:8.2f}{row.value:8.2f}  {row.note}\n")
