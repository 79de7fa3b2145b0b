"""`macsec doctor`: data planes, kernels, privileges and programs of this machine."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import click

from macsec import __version__
from macsec.cli.shared import options
from macsec.cli.shared.data_plane import Kernel, chosen_plane, kernels
from macsec.cli.shared.edge import GOOD, LACKING, stdout
from macsec.errors import MACsecError
from macsec.extras import EXTRAS, ZSTD_IN_PYTHON
from macsec.report import doctor as report
from macsec.report.doctor import ChosenJson, CpuJson, FactsJson, KernelJson, PlaneJson
from macsec.report.page import Page
from macsec.secy import SecY, Verdict
from macsec.trust import program

DEPENDENCIES = (
    "cffi",
    "click",
    "cryptography",
    "numpy",
    "pydantic",
    "PyYAML",
    "rich",
)
PROGRAMS = ("tcpdump", "tshark", "ip", "wpa_supplicant")
COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("aes", "pclmulqdq", "ssse3", "sse4_1", "avx", "avx2", "vaes", "vpclmulqdq", "avx512f")
ARM_FLAGS = ("aes", "pmull", "sha3", "asimd", "sve")
NET_ADMIN = 1 << 12
TUN = "/dev/net/tun"
ZSTD = "compression.zstd" if ZSTD_IN_PYTHON else "zstandard"


@click.command("doctor", short_help="Show what this machine can do.")
@options.json_data
def command(as_json: bool) -> int:
    """Report the data planes and AES-GCM kernels, privileges, devices and programs found here.

    Exit 5 if no data plane works. Other missing things are only reported.
    """
    facts = examine()
    if as_json:
        click.echo(json.dumps({"schema": "macsec/doctor/1", **facts}))
    else:
        report.to_page(Page(stdout()), facts)
    return GOOD if any(plane["works"] for plane in facts["data_planes"].values()) else LACKING


def examine() -> FactsJson:
    """Return all facts, as in the JSON."""
    return {
        "version": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(),
        "dependencies": _versions(DEPENDENCIES),
        "extras": {name: _versions(extra.packages) for name, extra in EXTRAS.items()},
        "data_planes": {name: _plane(name) for name in ("native", "reference")},
        "chosen": _chosen(),
        "kernels": [_kernel(kernel) for kernel in kernels()],
        "cpu": _cpu(),
        "compiler": next(filter(None, map(program, COMPILERS)), None),
        "privileges": {"root": os.geteuid() == 0, "net_admin": _net_admin()},
        "tun": os.access(TUN, os.R_OK | os.W_OK),
        "compression": {"gzip": _importable("zlib"), "zstd": _importable(ZSTD)},
        "programs": {name: program(name) for name in PROGRAMS},
    }


def _kernel(kernel: Kernel) -> KernelJson:
    return {
        "name": kernel.name,
        "needs": kernel.needs,
        "supported": kernel.supported,
        "self_test": kernel.self_test,
    }


def _versions(names: Sequence[str]) -> dict[str, str | None]:
    return {name: _version(name) for name in names}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _plane(backend: str) -> PlaneJson:
    """Return if a frame survives a data plane, and the reason if not."""
    channel = {"sci": 0x02000000000A0001, "sa": {0: {"key": os.urandom(16)}}}
    frame = bytes(range(80))
    try:
        with SecY.from_config({"tx": channel, "rx": [channel]}, backend) as secy:
            verdict, clear = secy.validate_frame(secy.protect_frame(frame) or b"")
            works = verdict is Verdict.OK and clear == frame
            return {"works": works, "why": None if works else "a frame did not come back unchanged"}
    except MACsecError as error:
        return {"works": False, "why": str(error)}


def _chosen() -> ChosenJson:
    try:
        with SecY(None, *chosen_plane("auto")) as secy:
            return {"backend": secy.backend, "kernel": secy.kernel, "why": None}
    except MACsecError as error:
        return {"backend": None, "kernel": None, "why": str(error)}


def _cpu() -> CpuJson:
    """Return the model and the flags that matter here, from /proc/cpuinfo."""
    entries: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                entries.setdefault(name.strip().lower(), value.strip())
    except OSError:
        pass
    have = (entries.get("flags") or entries.get("features") or "").split()
    known = FLAGS if "flags" in entries else ARM_FLAGS
    model = entries.get("model name") or platform.processor() or platform.machine()
    return {"model": model, "flags": {name: name in have for name in known}}


def _net_admin() -> bool:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            held = next(line.split()[1] for line in file if line.startswith("CapEff:"))
    except (OSError, StopIteration):
        return False
    return bool(int(held, 16) & NET_ADMIN)


def _importable(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True
