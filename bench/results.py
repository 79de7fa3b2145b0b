"""Write sections of bench/results from real runs: `results.py PART...`, or `results.py all`.

Each part measures and then replaces one section, found by its heading, in one file; what is written
by hand stays. Best on a machine that does nothing else: other programs' share of the CPUs is
written below the heading. All parts together take about six minutes; `round-trips` needs root.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # this checkout, not the installed package

from sections import delay, side_by_side, throughput  # noqa: E402
from sections.tables import circumstances  # noqa: E402

from macsec.measure.other_work import other_work  # noqa: E402

FOLDER = ROOT / "bench" / "results"


@dataclass(frozen=True, slots=True)
class Part:
    """A section that is measured: its file, its heading, and what yields its blocks of text."""

    file: str
    heading: str
    measure: Callable[[], Iterator[str]]


PARTS = {
    "targets": Part("kernels.md", "Against the targets", throughput.targets),
    "suites": Part("kernels.md", "Suites, and integrity only", throughput.suites),
    "batches": Part("call.md", "Batches", throughput.batches),
    "threads": Part("call.md", "Two threads", side_by_side.two_threads),
    "receive-scs": Part("scale.md", f"{side_by_side.SCS:,} receive SCs", side_by_side.many_scs),
    "latency": Part("latency.md", "One frame", delay.latency),
    "round-trips": Part("interface.md", "Round trips and throughput", delay.round_trips),
    "everything": Part("everything.md", "All tables", throughput.everything),
}
ALL = "all"


def replaced(text: str, heading: str, section: str) -> str:
    """Return a document with one section of the second level replaced, or added at its end."""
    pattern = re.compile(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", re.M | re.S)
    new = f"## {heading}\n\n{section.strip()}\n"
    if not pattern.search(text):
        return f"{text.rstrip()}\n\n{new}"
    return pattern.sub(lambda _: f"{new}\n", text, count=1).rstrip() + "\n"


def write(part: Part, folder: Path = FOLDER) -> Path:
    """Measure a part, and put it into its file."""
    with other_work() as others:
        blocks = list(part.measure())
    section = "\n".join([circumstances(others), *blocks])
    path = folder / part.file
    path.write_text(replaced(path.read_text(), part.heading, section))
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the parts of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = "\n".join(f"  {name:12} {part.file}: {part.heading}" for name, part in PARTS.items())
    parser.epilog = f"parts:\n{names}"
    parser.add_argument("parts", nargs="+", metavar="PART", choices=[*PARTS, ALL])
    given = parser.parse_args(arguments).parts
    for name in PARTS if ALL in given else given:
        sys.stdout.write(f"{name}: {write(PARTS[name]).relative_to(ROOT)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
