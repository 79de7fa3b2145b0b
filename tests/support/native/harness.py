"""Compiles and runs the C programs of tests/native."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS, NATIVE = ROOT / "tests" / "native", ROOT / "_native"
WARNINGS = [
    *("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wstrict-prototypes"),
    *("-Wmissing-prototypes", "-Wundef", "-Wvla", "-Werror"),
]
SANITIZERS = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
LINKED = {
    "secy_allocations": ["-Wl,--wrap=malloc,--wrap=calloc,--wrap=free,--wrap=mmap,--wrap=munmap"]
}


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


class Workshop:
    """Builds programs; compiles `_native`, but for its Python part, once for each set of flags."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._objects: dict[str, list[Path]] = {}

    def sanitizers(self) -> str:
        """The flags of a build with sanitizers, or a skip where the compiler has none."""
        trial = self._folder / "trial.c"
        trial.write_text("int main(void) { return 0; }\n")
        command = [*compiler(), *SANITIZERS.split(), trial, "-o", self._folder / "trial"]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("this compiler has no sanitizer libraries")
        return SANITIZERS

    def program(self, name: str, flags: str) -> Path:
        """A program, all warnings errors."""
        target = self._folder / f"{name}{len(self._objects)}"
        command = [*compiler(), "-std=c11", *flags.split(), *WARNINGS, f"-I{NATIVE}"]
        if flags not in self._objects:
            self._objects[flags] = [self._compiled(command, at) for at in native_sources()]
        sources = program_sources(name)
        run([*command, *sources, *self._objects[flags], *LINKED.get(name, []), "-o", target])
        return target

    def _compiled(self, command: list[str], source: Path) -> Path:
        target = self._folder / f"{source.stem}{len(self._objects)}.o"
        run([*command, "-c", source, "-o", target])
        return target
