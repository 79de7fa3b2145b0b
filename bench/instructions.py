"""Guard of speed without a clock: instructions a frame, under callgrind, against committed numbers.

`python bench/instructions.py` fails where a count differs by more than 3 % from
`instructions/numbers.json`; `--update` writes the counts of this compiler there, and the commit
says why. The numbers are those of one compiler, by its major version. Exit codes: 0 good, 1 a count
differs, 5 gcc or valgrind is missing, or the file has no numbers of this compiler.

The kernels are the ones that valgrind can run: it has no VAES and no AVX-512.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NUMBERS = ROOT / "bench" / "instructions" / "numbers.json"
FLAGS = (
    *("-std=c11", "-O3", "-g0", "-fvisibility=hidden"),
    *("-fno-strict-aliasing", "-fstack-protector-strong", "-fcf-protection"),
    *("-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"),
)
KERNELS, STAGES, SIZES = ("aesni", "portable"), ("protect", "validate"), (64, 1514)
FRAMES = 32
"""Frames of a batch in instructions/frames.c."""
FEW, MANY = 2, 6
TOLERANCE = 0.03

Case = tuple[str, str, int]


class Lacking(Exception):
    """A required program is not installed."""


def cases() -> list[Case]:
    """Return kernel, stage and size of each case."""
    return list(product(KERNELS, STAGES, SIZES))


def program(name: str) -> str:
    """Return the path of a program."""
    found = shutil.which(name)
    if found is None:
        raise Lacking(f"{name} is not installed (apt install {name})")
    return found


def compiler_name() -> str:
    """Return the compiler and its major version."""
    done = subprocess.run(
        [program("gcc"), "-dumpversion"], capture_output=True, text=True, check=True
    )
    return f"gcc-{done.stdout.split('.')[0].strip()}"


def build(folder: Path) -> Path:
    """Build the standalone program from the sources of the extension."""
    target = folder / "instructions"
    native = sorted((ROOT / "_native").rglob("*.c"))
    sources = [path for path in native if path.parent.name != "python"]
    sources.append(ROOT / "bench" / "instructions" / "frames.c")
    include = f"-I{ROOT / '_native'}"
    subprocess.run([program("gcc"), *FLAGS, include, *sources, "-o", target], check=True)
    return target


def count(target: Path, case: Case, batches: int) -> int:
    """Return the instructions of one run."""
    counted = target.parent / "callgrind.out"
    tool = (program("valgrind"), "--tool=callgrind", f"--callgrind-out-file={counted}", "-q")
    kernel, stage, size = case
    subprocess.run([*tool, target, kernel, stage, str(size), str(batches)], check=True)
    found = re.search(r"^(?:summary|totals): (\d+)", counted.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError("callgrind printed no sum")
    return int(found[1])


def per_frame(target: Path, case: Case) -> int:
    """Return the instructions of a frame: the difference of two runs, without start and end."""
    difference = count(target, case, MANY) - count(target, case, FEW)
    return round(difference / (FRAMES * (MANY - FEW)))


def name_of(case: Case) -> str:
    """Return the name of a case, as in the file."""
    return " ".join(map(str, case))


def verdict(counted: int, wanted: int | None) -> tuple[bool, str]:
    """Return whether a count is within the tolerance, and a text about it."""
    if wanted is None:
        return False, f"{counted:,} instructions a frame, no committed number"
    change = counted / wanted - 1
    good = abs(counted - wanted) <= TOLERANCE * wanted
    return good, f"{counted:,} instructions a frame, committed {wanted:,} ({100 * change:+.1f} %)"


def main(arguments: list[str]) -> int:
    """Run the program."""
    if arguments not in ([], ["--update"]):
        sys.stderr.write("usage: instructions.py [--update]\n")
        return 2
    known: dict[str, dict[str, int]] = json.loads(NUMBERS.read_text()) if NUMBERS.exists() else {}
    try:
        compiler = compiler_name()
        if not arguments and compiler not in known:
            raise Lacking(f"no numbers of {compiler}: --update adds them")
        with tempfile.TemporaryDirectory() as folder:
            target = build(Path(folder))
            counted = {name_of(case): per_frame(target, case) for case in cases()}
    except Lacking as lacking:
        sys.stderr.write(f"instructions: {lacking}\n")
        return 5
    if arguments:
        known[compiler] = counted
        NUMBERS.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
    good = True
    for name, instructions in counted.items():
        near, text = verdict(instructions, known.get(compiler, {}).get(name))
        good &= near
        sys.stdout.write(f"{'ok  ' if near else 'DIFF'} {compiler} {name}: {text}\n")
    if not good:
        sys.stdout.write("more than 3 % off: python bench/instructions.py --update, and say why\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
