"""The AES-GCM kernels, checked by the program in gcm_check, which needs no Python."""

import os
import platform
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from support.native.harness import (
    NATIVE,
    PLAIN,
    WARNINGS,
    Workshop,
    compiler,
    program_sources,
    run,
    shared_folder,
)

pytestmark = pytest.mark.as_built

CHECK = program_sources("gcm_check")
SOURCES = [
    *sorted(path for path in NATIVE.glob("gcm/**/*.c") if path.name != "api.c"),  # their caller
    *(NATIVE / "base" / name for name in ("cpu.c", "secret.c")),
]
# Values may be passed to functions and returned undefined; only a branch or an address counts.
MEMORY_SANITIZER = [
    *("-g1", "-fsanitize=memory", "-fsanitize-recover=memory"),
    "-fno-sanitize-memory-param-retval",
]
VOLUME = "8"
"""Combinations of AAD, key and placement at each data length; all of them are 360."""

# What each kernel asks of the CPU, in the names of /proc/cpuinfo.
CPU_FLAGS = {
    "x86_64": {
        "vaes-avx512": "vaes vpclmulqdq avx512f avx512bw avx512vl avx2 aes pclmulqdq sse4_1",
        "vaes-avx2": "vaes vpclmulqdq avx2 aes pclmulqdq sse4_1",
        "aesni": "aes pclmulqdq sse4_1",
        "portable": "",
    },
    "aarch64": {"armv8-eor3": "aes pmull sha3", "armv8": "aes pmull", "portable": ""},
}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The folder in which the check program is built."""
    return Workshop(shared_folder(tmp_path_factory))


def assert_all_ran(output: str) -> None:
    """Every kernel that is listed as running is in the last line, the portable one at least."""
    *lines, last = output.strip().splitlines()
    runs = [line.split()[0] for line in lines if line.split()[1:2] == ["runs"]]
    assert last.startswith("gcm: ")
    assert "FAILED" not in last
    assert last.partition("kernels: ")[2].split() == runs
    assert "portable" in runs


def assert_as_the_system_says(output: str) -> None:
    """A kernel runs if and only if the system lists its CPU flags: none may quietly drop out."""
    listed = Path("/proc/cpuinfo")
    asked = CPU_FLAGS.get(platform.machine())
    if asked is None or not listed.exists():
        return
    flags = re.search(r"^(?:flags|Features)\s*:(.*)$", listed.read_text(), re.MULTILINE)
    assert flags is not None
    present = set(flags[1].split())
    state = dict(re.findall(r"^(\S+) +(runs|NOT RUN)", output, re.MULTILINE))
    assert set(state) == set(asked)
    for name, needed in asked.items():
        assert (state[name] == "runs") == (set(needed.split()) <= present), name


@pytest.mark.exhaustive
def test_all_kernels_give_equal_results(workshop: Workshop) -> None:
    """All kernels give the known answers, the reference's and each other's, in their buffers."""
    output = run([workshop.program("gcm_check", PLAIN), VOLUME])
    assert_all_ran(output)
    assert_as_the_system_says(output)


@pytest.mark.exhaustive
def test_kernels_agree_sanitized(workshop: Workshop) -> None:
    """The same on fewer combinations, with address and undefined-behaviour sanitizers."""
    assert_all_ran(run([workshop.program("gcm_check", workshop.sanitizers()), "1"]))


@pytest.mark.exhaustive
def test_no_branch_or_address_depends_on_secrets(workshop: Workshop) -> None:
    """Constant time: valgrind follows keys and plaintext through every kernel that it can run."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        pytest.skip("no valgrind: constant time is not checked")
    program = workshop.program("gcm_check", PLAIN)
    alone = subprocess.run([program, "--secret"], stdout=subprocess.PIPE, text=True, check=False)
    if "needs the header" in alone.stdout:
        pytest.skip("no header valgrind/memcheck.h: constant time is not checked")
    output = run([valgrind, "-q", "--log-file=/dev/null", program, "--secret"])
    assert_all_ran(output)


def memory_sanitizer(tmp_path: Path) -> list[str]:
    """A clang that builds with its memory sanitizer, as a command, or a skip that says why."""
    named = shlex.split(os.environ.get("CLANG", ""))
    candidates = [named] if named else [["clang"], *([f"clang-{n}"] for n in range(25, 13, -1))]
    trial = tmp_path / "trial.c"
    trial.write_text("int main(void) { return 0; }\n")
    for command in candidates:
        if shutil.which(command[0]):
            full = [*command, "-std=c11", "-O1", *MEMORY_SANITIZER]
            built = subprocess.run(
                [*full, trial, "-o", tmp_path / "trial"], capture_output=True, check=False
            )
            if built.returncode == 0:
                return full
    pytest.skip("no clang with memory sanitizer (CLANG names one): wide kernels are not checked")


@pytest.mark.exhaustive
def test_no_branch_or_address_depends_on_secrets_in_wide_kernels(tmp_path: Path) -> None:
    """Constant time of every kernel: clang's memory sanitizer knows the instructions of all.

    The program also branches on what each kernel puts out, and fails unless that is reported.
    """
    if platform.machine() != "x86_64":
        pytest.skip("the memory sanitizer does not know PMULL: see test_gcm_kernels_arm.py")
    program = tmp_path / "gcm_check"
    clang = memory_sanitizer(tmp_path)
    run([*clang, *WARNINGS, f"-I{NATIVE}", *SOURCES, *CHECK, "-o", program])
    output = run([program, "--secret"])
    assert_all_ran(output)
    assert_as_the_system_says(output)


@pytest.mark.exhaustive
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_kernel_exports_only_macsec_names(source: Path, tmp_path: Path) -> None:
    """A kernel file exports nothing but names that start with macsec_."""
    symbols = shutil.which("nm")
    if symbols is None:
        pytest.skip("no nm: the exported names are not checked")
    made = tmp_path / "made.o"
    run([*compiler(), "-std=c11", "-O1", f"-I{NATIVE}", "-c", source, "-o", made])
    names = [line.split()[-1] for line in run([symbols, "-g", "--defined-only", made]).splitlines()]
    assert all(name.startswith("macsec_") for name in names), names
