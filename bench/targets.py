"""Measure every goal of speed; print goal, value, met or not: `targets.py [--json] [NAME...]`.

NAME is one of MODULES, by default all: at most ten minutes. Each runs in a process of its own. A
goal is judged only if other programs left the machine alone; a module that they disturbed runs once
more. Exit status: 0 all goals met, 1 not all, 5 not all judged.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from target_row import TargetRow

from macsec.measure.machine import machine
from macsec.measure.other_work import OtherWork, other_work

MODULES = {
    "call_cost": "1. The call",
    "kernel_ratios": "2. The kernels, one frame",
    "portable_ratio": "2. The portable kernel",
    "capture_ratios": "3. Captures",
    "lab_speed": "4. The lab",
    "interface_speed": "5. The interface",
    "many_kays": "6. Ten thousand KaYs",
}
"""Modules with a function `rows()`, and their headings."""

ATTEMPTS = 2
NOT_JUDGED = 5
"""Exit status where the machine was busy or lacks something, as in the verbs of macsec."""
WIDE = {"avx512f", "gfni", "vaes"}
"""Flags of a CPU of class A; all others are of class B."""

MARKS = {True: "met", False: "NOT MET", None: "not judged"}


@dataclass(frozen=True)
class Measured:
    """Rows of one module, and what other programs did meanwhile."""

    module: str
    rows: list[TargetRow]
    others: OtherWork

    def met(self, row: TargetRow) -> bool | None:
        """Return whether a goal is met; None if the machine was busy or nothing was measured."""
        return None if self.others.busy or math.isnan(row.value) else row.met


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="NAME", help=", ".join(MODULES))
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.modules) - set(MODULES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; one of {', '.join(MODULES)}")
    found = []
    for module in chosen.modules or MODULES:
        found.append(measured(module))
        if not chosen.json:
            say(*(markdown if chosen.markdown else text)(found[-1]))
    results = [each.met(row) for each in found for row in each.rows]
    if chosen.json:
        facts = machine()
        rows = as_json(found, cpu_class(facts["flags"]))
        say(json.dumps({"machine": facts, "goals": rows}, indent=2))
    else:
        counts = ", ".join(f"{results.count(met)} {mark}" for met, mark in MARKS.items())
        say("", f"{len(results)} goals: {counts}")
    return NOT_JUDGED if None in results else int(False in results)


def say(*lines: str) -> None:
    """Print lines at once."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def measured(module: str) -> Measured:
    """Measure the goals of a module, again if other programs disturbed it."""
    for _ in range(ATTEMPTS):
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            done = pool.submit(_run, module).result()
        if not done.others.busy:
            break
    return done


def _run(module: str) -> Measured:
    with other_work() as others:
        rows = importlib.import_module(module).rows()
    return Measured(module, list(rows), others)


def text(done: Measured) -> list[str]:
    """Return the lines of a module."""
    lines = ["", f"{MODULES[done.module]} ({done.others})"]
    width = max((len(row.name) for row in done.rows), default=0)
    for row in done.rows:
        bound = f"at {'most' if row.at_most else 'least'} {row.goal:g}"
        mark, note = MARKS[done.met(row)], f"  {row.note}" if row.note else ""
        lines.append(f"  {row.name:{width}}  {bound:>14}  {row.value:9.3g}  {mark}{note}")
    return lines


def markdown(done: Measured) -> list[str]:
    """Return the table of a module for bench/results."""
    lines = ["", f"### {MODULES[done.module]}", "", str(done.others).capitalize() + "."]
    lines += ["", "| goal | bound | value | |", "| --- | ---: | ---: | --- |"]
    for row in done.rows:
        bound = f"at {'most' if row.at_most else 'least'} {row.goal:g}"
        mark, note = MARKS[done.met(row)], f"; {row.note}" if row.note else ""
        lines.append(f"| {row.name} | {bound} | {row.value:.3g} | {mark}{note} |")
    return lines


def cpu_class(flags: Sequence[str]) -> str:
    """Return the class of a CPU, A or B: the machine that the rows are of."""
    return "A" if set(flags) >= WIDE else "B"


def as_json(found: Sequence[Measured], of_class: str) -> list[dict[str, object]]:
    """Return the rows as JSON: `limit` is the bound, above or below (`at_most`)."""
    return [
        {
            "module": each.module,
            "section": row.section,
            "goal": row.name,
            "class": of_class,
            "value": None if math.isnan(row.value) else row.value,
            "limit": row.goal,
            "at_most": row.at_most,
            "met": each.met(row),
            "others": each.others.share,
            "note": row.note,
        }
        for each in found
        for row in each.rows
    ]


if __name__ == "__main__":
    sys.exit(main())
