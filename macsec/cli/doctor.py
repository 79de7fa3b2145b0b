"""`macsec doctor`: what this machine can do."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from typing import TYPE_CHECKING

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, LACKING, stdout

if TYPE_CHECKING:
    from macsec.report.doctor import ChosenJson, CpuJson, FactsJson, KernelJson, PlaneJson

DEPENDENCIES = (
    "cffi",
    "click",
    "cryptography",
    "numpy",
    "pydantic",
    "PyYAML",
    "rich",
    "scapy",
    "zstandard",
)
PROGRAMS = ("tcpdump", "tshark", "ip", "wpa_supplicant")
COMPILERS = ("cc", "gcc", "clang")
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
FLAGS = ("aes", "pclmulqdq", "ssse3", "sse4_1", "avx", "avx2", "vaes", "vpclmulqdq", "avx512f")
ARM_FLAGS = ("aes", "pmull", "asimd", "sve")
NET_ADMIN = 1 << 12
TUN = "/dev/net/tun"


@click.command("doctor", short_help="What this machine can do.")
@options.json_data
def command(as_json: bool) -> int:
    """Report the data planes and AES-GCM kernels, privileges, devices and programs found here.

    Exit 5 if no data plane works; whatever else is missing is only reported.
    """
    import json

    from macsec.report import doctor as report
    from macsec.report.page import Page

    facts = examine()
    if as_json:
        click.echo(json.dumps({"schema": "macsec/doctor/1", **facts}))
    else:
        report.to_page(Page(stdout()), facts)
    return GOOD if any(plane["works"] for plane in facts["data_planes"].values()) else LACKING


def examine() -> FactsJson:
    """All facts, as in the JSON."""
    from macsec import __version__

    return {
        "version": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(),
        "dependencies": {name: _version(name) for name in DEPENDENCIES},
        "data_planes": {name: _plane(name) for name in ("native", "reference")},
        "chosen": _chosen(),
        "kernels": _kernels(),
        "cpu": _cpu(),
        "compiler": next(filter(None, map(_program, COMPILERS)), None),
        "privileges": {"root": os.geteuid() == 0, "net_admin": _net_admin()},
        "tun": os.access(TUN, os.R_OK | os.W_OK),
        "compression": {"gzip": _importable("zlib"), "zstd": _zstd()},
        "programs": {name: _program(name) for name in PROGRAMS},
    }


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _plane(backend: str) -> PlaneJson:
    """Whether a frame survives a data plane, or why not."""
    from macsec import SecY, Verdict
    from macsec.errors import MACsecError

    channel = {"sci": 0x02000000000A0001, "sa": {0: {"key": os.urandom(16)}}}
    frame = bytes(range(80))
    try:
        with SecY.from_config({"tx": channel, "rx": [channel]}, backend) as secy:
            verdict, clear = secy.validate_frame(secy.protect_frame(frame) or b"")
            works = verdict is Verdict.OK and clear == frame
            return {"works": works, "why": None if works else "a frame did not survive it"}
    except MACsecError as error:
        return {"works": False, "why": str(error)}


def _chosen() -> ChosenJson:
    from macsec import SecY
    from macsec.cli.shared.data_plane import chosen_plane
    from macsec.errors import MACsecError

    try:
        with SecY(None, *chosen_plane("auto")) as secy:
            return {"backend": secy.backend, "kernel": secy.kernel, "why": None}
    except MACsecError as error:
        return {"backend": None, "kernel": None, "why": str(error)}


def _kernels() -> list[KernelJson]:
    """The AES-GCM kernels of the native data plane, fastest first."""
    try:
        from macsec._native import ffi, lib
    except ImportError:
        return []
    return [
        {
            "name": ffi.string(lib.macsec_kernel_name(index)).decode(),
            "needs": ffi.string(lib.macsec_kernel_description(index)).decode(),
            "supported": bool(lib.macsec_kernel_supported(index)),
            "self_test": lib.macsec_kernel_selftest(index, 0) == 0
            if lib.macsec_kernel_supported(index)
            else None,
        }
        for index in range(lib.macsec_kernel_count())
    ]


def _cpu() -> CpuJson:
    """Model and the flags that matter here, as Linux tells them."""
    told: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                told.setdefault(name.strip().lower(), value.strip())
    except OSError:
        pass
    have = (told.get("flags") or told.get("features") or "").split()
    known = FLAGS if "flags" in told else ARM_FLAGS
    model = told.get("model name") or platform.processor() or platform.machine()
    return {"model": model, "flags": {name: name in have for name in known}}


def _net_admin() -> bool:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            held = next(line.split()[1] for line in file if line.startswith("CapEff:"))
    except (OSError, StopIteration):
        return False
    return bool(int(held, 16) & NET_ADMIN)


def _program(name: str) -> str | None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
    return shutil.which(name, path=path)


def _importable(name: str) -> bool:
    from importlib import import_module

    try:
        import_module(name)
    except ImportError:
        return False
    return True


def _zstd() -> bool:
    return _importable("compression.zstd" if sys.version_info >= (3, 14) else "zstandard")
