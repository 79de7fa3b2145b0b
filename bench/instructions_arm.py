"""Instructions a frame of the AES-GCM kernels for 64-bit ARM, beside OpenSSL's, counted by qemu.

`python bench/instructions_arm.py [FOLDER]` prints a table: AES-GCM-128, 28 octets of AAD, bare
seal. FOLDER holds Debian's libssl-dev for arm64, unpacked (`apt-get download libssl-dev:arm64`,
`dpkg-deb -x`); without it there is no row of OpenSSL. Needs gcc-aarch64-linux-gnu,
libc6-dev-arm64-cross and qemu-user. It is no measurement of time.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NATIVE, BENCH = ROOT / "_native", ROOT / "bench"
KERNELS, SIZES = ("armv8-eor3", "armv8", "portable"), (64, 1514, 9014)
FEW, MANY = 4, 20


def build(folder: Path, openssl: Path | None) -> tuple[Path, Path]:
    """Build the program and the plugin of qemu."""
    program, plugin = folder / "instructions_arm", folder / "plugin.so"
    sources = [path for path in NATIVE.glob("gcm/**/*.c") if path.name != "api.c"]
    sources += [NATIVE / "base" / "cpu.c", NATIVE / "base" / "secret.c"]
    flags: list[str | Path] = ["-std=c11", "-O3", "-static", f"-I{NATIVE}"]
    libraries: list[str | Path] = []
    if openssl is not None:
        headers = openssl / "usr" / "include"
        flags += ["-DWITH_OPENSSL", f"-I{headers}", f"-I{headers / 'aarch64-linux-gnu'}"]
        libraries += [openssl / "usr/lib/aarch64-linux-gnu/libcrypto.a", "-ldl", "-pthread"]
    source = BENCH / "instructions" / "arm.c"
    command = ["aarch64-linux-gnu-gcc", *flags, source, *sources, *libraries, "-o", program]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    source = BENCH / "instructions" / "arm_plugin.c"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", source, "-o", plugin], check=True)
    return program, plugin


def count(program: Path, plugin: Path, kernel: str, size: int, frames: int) -> int:
    """Return the instructions of one run."""
    qemu = ("qemu-aarch64", "-cpu", "max", "-plugin", plugin, "-d", "plugin")
    run = (*qemu, program, kernel, str(size), str(frames))
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    found = re.search(r"^instructions: (\d+)$", done.stderr, re.MULTILINE)
    if found is None:
        raise ValueError("the plugin printed no sum")
    return int(found[1])


def per_frame(program: Path, plugin: Path, kernel: str, size: int) -> int:
    """Return the instructions of a frame: the difference of two runs, without start and end."""
    counts = [count(program, plugin, kernel, size, frames) for frames in (FEW, MANY)]
    return round((counts[1] - counts[0]) / (MANY - FEW))


def main(arguments: list[str]) -> int:
    """Run the program."""
    openssl = Path(arguments[0]) if arguments else None
    kernels = (*KERNELS, "openssl") if openssl else KERNELS
    say = sys.stdout.write
    say(f"| instructions a frame | {' | '.join(map(str, SIZES))} |\n|---|{'---|' * len(SIZES)}\n")
    with tempfile.TemporaryDirectory() as folder:
        program, plugin = build(Path(folder), openssl)
        for kernel in kernels:
            counts = (f"{per_frame(program, plugin, kernel, size):,}" for size in SIZES)
            say(f"| `{kernel}` | {' | '.join(counts)} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
