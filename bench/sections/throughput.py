"""Sections made of `macsec bench throughput`: targets, suites, batches, everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from sections.tables import bold, command, table

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("protect", "validate")
IPSEC_MB = "intel-ipsec-mb"
MUST = {"64": 0.70, "128": 0.68, "256": 0.66, "512": 0.64, "1024": 0.60, "1514": 0.58, "9014": 0.58}
MODES = ("confidentiality", "integrity")
SUITES = ("gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256")
SUITE_SIZES = ("64", "256", "1514")
# The chosen kernel beside the peer's own choice, and both as on a CPU without AVX-512.
PAIRS = (("", IPSEC_MB), ("vaes-avx2", f"{IPSEC_MB}/avx2"))
BATCHES = ("1", "4", "16", "64", "256", "1024", "4096")
RUNS = 3

CHOSEN = ("--kernels", "chosen", "--peers", f"{IPSEC_MB},openssl")
TARGETS_RUN = ("--sizes", ",".join(MUST), "--rounds", "25")
SUITES_RUN = ("--sizes", ",".join(SUITE_SIZES), "--suites", "all", "--integrity", *CHOSEN)
BATCHES_RUN = ("--sizes", "64,1514", "--batch", ",".join(BATCHES), *CHOSEN)
PICTURE = "bench/results/throughput.svg"
EVERYTHING_RUN = ("--picture", PICTURE, "--markdown")


class BenchRun:
    """The JSON of one run, with access to rows and ratios by their members."""

    def __init__(self, *arguments: str) -> None:
        self.json: dict[str, Any] = json.loads(bench("throughput", *arguments, "--json"))
        self.kernel = str(self.json["chosen_kernel"])

    def ns(self, **wanted: Any) -> float:
        """Return the ns a frame of one row."""
        return float(_only(self.json["rows"], wanted)["ns_per_frame"])

    def ratio(self, **wanted: Any) -> float:
        """Return one ratio."""
        return float(_only(self.json["ratios"], wanted)["ratio"])


def _only(rows: list[dict[str, Any]], wanted: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in rows if wanted.items() <= row.items())


def bench(verb: str, *arguments: str) -> str:
    """Return the output of `macsec bench` of this checkout."""
    program = [sys.executable, "-m", "macsec", "bench", verb, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        program, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def targets() -> Iterator[str]:
    """Yield the ratios that have a target, of three runs."""
    runs = [BenchRun(*TARGETS_RUN) for _ in range(RUNS)]
    yield (
        "Time of ours (complete protect or validate) "
        f"÷ {IPSEC_MB} (bare seal or open), GCM-AES-128, batches of 256, three runs in a row. "
        "Bold: at or below the target.\n"
    )
    yield command("macsec bench throughput", *TARGETS_RUN)
    for named, peer in PAIRS:
        kernel = named or runs[0].kernel
        rows = {"must be at most": [f"{most:.2f}" for most in MUST.values()]}
        for stage in STAGES:
            for number, run in enumerate(runs, 1):
                wanted = {"stage": stage, "kernel": kernel, "backend": "native", "peer": peer}
                found = {size: run.ratio(workload=size, **wanted) for size in MUST}
                rows[f"{stage}, run {number}"] = [
                    bold(ratio, ratio <= MUST[size]) for size, ratio in found.items()
                ]
        yield table(f"`{kernel}` ÷ `{peer}`", tuple(MUST), rows)
    yield "Other targets, medians of the three runs:\n"
    yield table("", (*MUST, "target"), _others(runs))


def _others(runs: list[BenchRun]) -> dict[str, list[str]]:
    def times(size: str, run: BenchRun) -> float:
        ns = [run.ns(backend="native", kernel=run.kernel, workload=size, stage=s) for s in STAGES]
        return ns[1] / ns[0]

    rows = {
        "validate ÷ protect": [
            *(f"{median(times(size, run) for run in runs):.2f}" for size in MUST),
            "1.10",
        ]
    }
    for stage in STAGES:
        wanted = {"stage": stage, "backend": "python-api/frame", "peer": "cryptography"}
        rows[f"`{stage}_frame` ÷ `AESGCM` of cryptography"] = [
            *(f"{median(r.ratio(workload=size, **wanted) for r in runs):.2f}" for size in MUST),
            "1.00 at 64",
        ]
    return rows


def suites() -> Iterator[str]:
    """Yield all suites, both modes."""
    run = BenchRun(*SUITES_RUN)
    yield command("macsec bench throughput", *SUITES_RUN)
    yield f"ns a frame on `{run.kernel}`, and the ratios to `{IPSEC_MB}` and `{IPSEC_MB}/avx2`:\n"
    rows = {}
    for stage in STAGES:
        for suite in SUITES:
            for mode in MODES:
                cells = []
                for size in SUITE_SIZES:
                    wanted = {"stage": stage, "suite": suite, "mode": mode, "workload": size}
                    cells.append(f"{run.ns(backend='native', **wanted):.1f}")
                    cells += [
                        f"{run.ratio(backend='native', peer=peer, **wanted):.2f}"
                        for peer in (IPSEC_MB, f"{IPSEC_MB}/avx2")
                    ]
                rows[f"{stage}, {suite}, {mode}"] = cells
    yield table("", tuple(cell for size in SUITE_SIZES for cell in (size, "÷", "÷ /avx2")), rows)


def batches() -> Iterator[str]:
    """Yield times by the number of frames of a call."""
    run = BenchRun(*BATCHES_RUN)
    yield command("macsec bench throughput", *BATCHES_RUN)
    yield "ns a frame; the call from Python is included for all:\n"
    backends = ("native", IPSEC_MB, f"{IPSEC_MB}/avx2", "openssl", "python-api/batch")
    rows = {
        f"{stage}, {size} octets, {backend}": [
            f"{run.ns(stage=stage, workload=size, backend=backend, batch=int(batch)):.1f}"
            for batch in BATCHES
        ]
        for stage in STAGES
        for size in ("64", "1514")
        for backend in backends
    }
    yield table("frames a call", BATCHES, rows)


def everything() -> Iterator[str]:
    """Yield every kernel and peer at every size, and draw the chart."""
    yield command("macsec bench throughput", *EVERYTHING_RUN)
    yield "![Throughput against frame size](throughput.svg)\n"
    yield bench("throughput", *EVERYTHING_RUN)
