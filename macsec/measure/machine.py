"""The machine of a measurement."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypedDict

from macsec import __version__, trust
from macsec.measure.compiled import FLAGS, compiler_version

CPU_FLAGS = (
    *("aes", "pclmulqdq", "ssse3", "sse4_1", "avx", "avx2", "vaes", "vpclmulqdq", "gfni"),
    *("sha_ni", "avx512f", "avx512bw", "avx512vl"),
    *("pmull", "sha3", "asimd", "sve"),
)
PACKAGES = ("cffi", "numpy", "cryptography", "scapy")


class MachineJson(TypedDict):
    """CPU, system, compiler, versions and commit; null where one is not known.

    `others`: share of all CPUs that other programs had during the measurement.
    """

    cpu: str
    cpu_family_model: str
    flags: list[str]
    hypervisor: bool
    cores: int | None
    load: list[float]
    others: float | None
    governor: str | None
    kernel: str
    compiler: str | None
    peer_flags: str
    python: str
    versions: dict[str, str | None]
    commit: str | None


def machine() -> MachineJson:
    """Return the facts about this machine."""
    info = _cpu_info()
    have = (info.get("flags") or info.get("features") or "").split()
    return {
        "cpu": info.get("model name") or platform.processor() or platform.machine(),
        "cpu_family_model": "/".join(
            info.get(name, "?") for name in ("cpu family", "model", "stepping")
        ),
        "flags": [name for name in CPU_FLAGS if name in have],
        "hypervisor": "hypervisor" in have,
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "others": None,
        "governor": _first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "kernel": f"{platform.system()} {platform.release()}",
        "compiler": compiler_version(),
        "peer_flags": " ".join(FLAGS),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {"macsec": __version__, **{name: _version(name) for name in PACKAGES}},
        "commit": _commit(),
    }


def _cpu_info() -> dict[str, str]:
    info: dict[str, str] = {}
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return info
    for row in text.splitlines():
        name, _, value = row.partition(":")
        info.setdefault(name.strip().lower(), value.strip())
    return info


def _first_line(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit of the checkout of this package, with "+" if it has changes."""
    root = Path(__file__).parents[2]
    git = trust.program("git")
    if git is None or not (root / ".git").exists():
        return None
    head = _git(git, root, "rev-parse", "--short=12", "HEAD")
    if head is None or not re.fullmatch(r"[0-9a-f]+", head):
        return None
    changed = _git(git, root, "status", "--porcelain", "--", "macsec", "_native")
    return head + ("+" if changed else "")


def _git(git: str, root: Path, *arguments: str) -> str | None:
    # By its full path, with fixed arguments, in the checkout of this package.
    done = subprocess.run(  # noqa: S603
        [git, "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=trust.environment(),
    )
    return done.stdout.strip() if done.returncode == 0 else None
