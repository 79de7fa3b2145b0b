"""Compiles and runs the C programs of tests/native/programs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS, NATIVE = ROOT / "tests" / "native" / "programs", ROOT / "_native"
WARNINGS = [
    *("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wstrict-prototypes"),
    *("-Wmissing-prototypes", "-Wundef", "-Wvla", "-Werror"),
]
# As the package is built: one build serves all programs.
PLAIN = "-O3"
# -Og and -g1 compile the kernels in a fifth of the time of -O1 and -g, and run as fast.
SANITIZERS = "-Og -g1 -fsanitize=address,undefined -fno-sanitize-recover=all"
_REFUSING = ["-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=mmap,--wrap=munmap"]
LINKED = {"secy_allocations": _REFUSING, "lab_allocations": _REFUSING}


def compiler() -> list[str]:
    """The C compiler as a command, or a skip that says what was looked for."""
    named = shlex.split(os.environ.get("CC", ""))
    candidates = [named] if named else [["cc"], ["gcc"], ["clang"]]
    for command in candidates:
        if shutil.which(command[0]):
            return command
    pytest.skip(f"no C compiler: looked for {', '.join(' '.join(each) for each in candidates)}")


def run(command: list[str | Path]) -> str:
    """The output of a command, which has to succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"{command[0]}: {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


def native_sources() -> list[Path]:
    """Return the C sources that need no Python.h."""
    return sorted(path for path in NATIVE.rglob("*.c") if path.parent.name != "python")


def program_sources(name: str) -> list[Path]:
    """Return the sources of a program: a file, or all files of a folder."""
    folder = PROGRAMS / name
    return sorted(folder.glob("*.c")) if folder.is_dir() else [PROGRAMS / f"{name}.c"]


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this test run share."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "workshop"
    folder.mkdir(exist_ok=True)
    return folder


class Workshop:
    """Builds programs, each file of `_native` and each program once for each set of flags.

    Whichever process of the test run needs a file first compiles it; the others wait for that.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sanitizers(self) -> str:
        """The flags of a build with sanitizers, or a skip where the compiler has none."""
        with tempfile.TemporaryDirectory(dir=self._folder) as own:
            trial = Path(own, "trial.c")
            trial.write_text("int main(void) { return 0; }\n")
            command = [*compiler(), *SANITIZERS.split(), trial, "-o", Path(own, "trial")]
            if subprocess.run(command, capture_output=True).returncode:
                pytest.skip("this compiler has no sanitizer libraries")
        return SANITIZERS

    def program(self, name: str, flags: str) -> Path:
        """A program, all warnings errors."""
        command = [*compiler(), "-std=c11", *flags.split(), *WARNINGS, f"-I{NATIVE}"]
        objects = [self._made(command, [source], ["-c"]) for source in native_sources()]
        return self._made(command, [*program_sources(name), *objects], LINKED.get(name, []))

    def _made(self, command: list[str], sources: list[Path], others: list[str]) -> Path:
        """The output of a compiler: an earlier one if there is one."""
        words = [*command, *others, *map(str, sources)]
        name = hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]
        target = self._folder / f"{sources[0].stem}-{name}"
        if "-c" in others:
            target = target.with_suffix(".o")
        with (self._folder / f"{target.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():
                unfinished = target.with_suffix(".unfinished")
                run([*command, *sources, *others, "-o", unfinished])
                unfinished.rename(target)
        return target
