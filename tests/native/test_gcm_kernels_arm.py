"""The AES-GCM kernels for 64-bit ARM: built by a cross compiler, run by qemu-user."""

import shutil
from pathlib import Path

import pytest
from support.native.harness import NATIVE, PROGRAMS, WARNINGS, program_sources, run

pytestmark = [pytest.mark.as_built, pytest.mark.exhaustive]

COMPILER, QEMU = "aarch64-linux-gnu-gcc", "qemu-aarch64"
SOURCES = [
    *sorted(path for path in NATIVE.glob("gcm/**/*.c") if path.name != "api.c"),  # their caller
    *(NATIVE / "base" / name for name in ("cpu.c", "secret.c")),
    *program_sources("gcm_check"),
]
LACKS = [PROGRAMS / "cpu_lacks.c", "-Wl,--wrap=getauxval"]
FOLDED, SINGLE, ANY = "armv8-eor3", "armv8", "portable"


def tool(name: str, package: str) -> str:
    """The path of a program, or a skip that names its package."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} (Debian: {package}): the kernels for ARM are not checked")
    return found


def build(target: Path, *more: str | Path) -> Path:
    """The check program for 64-bit ARM, all warnings errors."""
    compiler = tool(COMPILER, "gcc-aarch64-linux-gnu and libc6-dev-arm64-cross")
    flags = ["-std=c11", "-O3", "-static", *WARNINGS, f"-I{NATIVE}"]
    run([compiler, *flags, *SOURCES, *more, "-o", target])
    return target


def kernels_on(cpu: str, program: Path) -> list[str]:
    """Run all checks on a CPU of qemu; the kernels that ran."""
    output = run([tool(QEMU, "qemu-user"), "-cpu", cpu, program])
    last = output.strip().splitlines()[-1]
    assert last.startswith("gcm: ")
    assert "FAILED" not in last
    return last.partition("kernels: ")[2].split()


def test_kernels_for_arm_give_equal_results(tmp_path: Path) -> None:
    """On CPUs with and without EOR3 all kernels give the reference's and each other's results."""
    program = build(tmp_path / "gcm_check")
    assert kernels_on("max", program) == [FOLDED, SINGLE, ANY]
    assert kernels_on("cortex-a72", program) == [SINGLE, ANY]


def test_arm_without_crypto_runs_portable_alone(tmp_path: Path) -> None:
    """A kernel whose instructions the system does not report is not used."""
    assert kernels_on("cortex-a53", build(tmp_path / "gcm_check", *LACKS)) == [ANY]
