"""Write RESULTS.md and throughput.svg from real runs: about six minutes, as root.

Best on a quiet machine.

The text of RESULTS.md before the heading "Against the targets" and from "What the figures mean" on
is kept: it is written by hand, and has to be checked after each run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "RESULTS.md"
FIRST, LAST = "## Against the targets", "## What the figures mean"
STAGES = ("protect", "validate")
IPSEC_MB = "intel-ipsec-mb"
MUST = {"64": 0.70, "128": 0.68, "256": 0.66, "512": 0.64, "1024": 0.60, "1514": 0.58, "9014": 0.58}
MODES = ("confidentiality", "integrity")
SUITES = ("gcm-aes-128", "gcm-aes-256", "gcm-aes-xpn-128", "gcm-aes-xpn-256")
SUITE_SIZES = ("64", "256", "1514")
# The chosen kernel beside the peer's own choice, and both as on a CPU without AVX-512.
PAIRS = (("", IPSEC_MB), ("vaes-avx2", f"{IPSEC_MB}/avx2"))
BATCHES = ("1", "4", "16", "64", "256", "1024", "4096")
SCS_AT_MOST, THREADS_AT_LEAST = 1.35, 1.8
THREADS_SIZES = ("64", "imix", "1514")

TARGETS_RUN = ("--sizes", ",".join(MUST), "--rounds", "25")
SUITES_RUN = (
    *("--sizes", ",".join(SUITE_SIZES), "--suites", "all", "--integrity"),
    *("--kernels", "chosen", "--peers", f"{IPSEC_MB},openssl"),
)
BATCHES_RUN = (
    *("--sizes", "64,1514", "--batch", ",".join(BATCHES)),
    *("--kernels", "chosen", "--peers", f"{IPSEC_MB},openssl"),
)
LATENCY_RUN = ("--frames", "1000000", "--json")
TRIPS_RUN = (
    *("--sizes", "64,128,256,512,1024,1280,1518,9018", "--frames", "1000", "--loads", "none"),
    *("--tap", "5000", "--iperf", "3", "--json"),
)
LANES = {"clear": "a copy", "protect": "protect", "validate": "validate", "both": "both"}
EVERYTHING_RUN = ("--picture", "bench/throughput.svg", "--markdown")


class BenchRun:
    """The JSON of one run, with access to rows and ratios by their members."""

    def __init__(self, *arguments: str) -> None:
        self.json: dict[str, Any] = json.loads(bench(*arguments, "--json"))
        self.kernel = str(self.json["chosen_kernel"])

    def ns(self, **wanted: Any) -> float:
        """Return the ns a frame of one row."""
        return float(_only(self.json["rows"], wanted)["ns_per_frame"])

    def ratio(self, **wanted: Any) -> float:
        """Return one ratio."""
        return float(_only(self.json["ratios"], wanted)["ratio"])


def _only(rows: list[dict[str, Any]], wanted: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in rows if wanted.items() <= row.items())


def bench(*arguments: str, verb: str = "throughput") -> str:
    """Return the output of `macsec bench` of this checkout."""
    command = [sys.executable, "-m", "macsec", "bench", verb, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def command(arguments: tuple[str, ...], verb: str = "throughput") -> str:
    """Return a command line as a block of a document."""
    return f"```\nmacsec bench {verb} {' '.join(arguments)}\n```\n"


def table(title: str, columns: tuple[str, ...], rows: dict[str, list[str]]) -> str:
    """Return a table of numbers."""
    lines = [f"| {title} | {' | '.join(columns)} |", "| --- |" + " ---: |" * len(columns)]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join(lines) + "\n"


def targets(runs: list[BenchRun]) -> Iterator[str]:
    """Yield the ratios that have a target."""
    yield (
        f"{FIRST}\n\nTime of ours (complete protect or validate) "
        f"÷ {IPSEC_MB} (bare seal or open), GCM-AES-128, batches of 256, three runs in a row. "
        "Bold: at or below the target.\n"
    )
    yield command(TARGETS_RUN)
    for named, peer in PAIRS:
        kernel = named or runs[0].kernel
        rows = {"must be at most": [f"{most:.2f}" for most in MUST.values()]}
        for stage in STAGES:
            for number, run in enumerate(runs, 1):
                wanted = {"stage": stage, "kernel": kernel, "backend": "native", "peer": peer}
                found = {size: run.ratio(workload=size, **wanted) for size in MUST}
                rows[f"{stage}, run {number}"] = [
                    f"**{ratio:.2f}**" if ratio <= MUST[size] else f"{ratio:.2f}"
                    for size, ratio in found.items()
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


def suites(run: BenchRun) -> Iterator[str]:
    """Yield all suites, both modes."""
    yield "## Suites, and integrity only\n"
    yield command(SUITES_RUN)
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


def batches(run: BenchRun) -> Iterator[str]:
    """Yield times by the number of frames of a call."""
    yield "## Batches\n"
    yield command(BATCHES_RUN)
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


def bold(number: float, good: bool) -> str:
    """Return a number, bold if it meets its target."""
    return f"**{number:.2f}**" if good else f"{number:.2f}"


def many_scs() -> Iterator[str]:
    """Yield the cost of ten thousand receive SCs."""
    from races.scale import BATCH, FRAMES, MANY, measure

    from macsec.secy.native import usable_kernels

    yield (
        f"## {MANY:,} receive SCs\n\nValidate, GCM-AES-128: {FRAMES:,} frames of 64 to 1514 octets "
        f"in batches of {BATCH}, from {MANY:,} SCs with four SAs each, SC and AN random, and the "
        f"same from one SC. In turn; the ratio, of three runs, is to be at most {SCS_AT_MOST}.\n"
    )
    rows = {}
    for kernel in usable_kernels():
        if kernel == "portable":
            continue  # a hundred times as slow: memory does not matter
        runs = [measure(kernel) for _ in range(3)]
        ns = [f"{median(run[at].ns_per_frame for run in runs):.1f}" for at in (0, 1)]
        ratios = [many.ratio(one) for one, many in runs]
        rows[f"`{kernel}`"] = ns + [bold(ratio, ratio <= SCS_AT_MOST) for ratio in ratios]
    yield table("", ("1, ns a frame", f"{MANY:,}, ns a frame", "÷", "÷", "÷"), rows)


def two_threads() -> Iterator[str]:
    """Yield the gain of a second thread."""
    from races.threads import FRAMES, measure

    from macsec.measure.workload import parse

    yield (
        "## Two threads\n\nRate of two threads over that of one, each with a SecY of its own, "
        f"{FRAMES:,} frames a call through Python: to be at least {THREADS_AT_LEAST}. Rounds in "
        "which other programs had a core are run again; disturbed rounds never had both.\n"
    )
    rows = {}
    for row in measure([parse(size) for size in THREADS_SIZES]):
        rows[f"{row.task.stage}, {row.task.workload.name}"] = [
            bold(row.speedup, row.speedup >= THREADS_AT_LEAST),
            f"{min(row.rounds):.2f} to {max(row.rounds):.2f}",
            str(row.disturbed),
        ]
    yield table("", ("median", "of rounds from", "disturbed"), rows)


def latency() -> Iterator[str]:
    """Yield latencies, each kind of time in its own tables."""
    found = json.loads(bench(*LATENCY_RUN, verb="latency"))
    clock = found["clock"]
    yield "## Latency\n"
    yield command(LATENCY_RUN, verb="latency")
    yield (
        "Sizes count the FCS. Processing of one frame at a time, ns; the clock counts in steps of "
        f"{clock['step_ns']:.0f} ns, and its own time is subtracted:\n"
    )
    columns = ("min", "p50", "p90", "p99", "p99.9", "p99.99", "max", "pdv")
    rows = {
        f"{row['frame_octets']}, {LANES[row['path']]}": [f"{row[f'{c}_ns']:,}" for c in columns]
        for row in found["processing"]
        if row["path"] in LANES
    }
    yield table("octets, path", columns, rows)
    yield "Rates without loss, protect and validate on one core, thousand frames a second:\n"
    rates: dict[str, list[str]] = {}
    for row in found["throughput"]:
        rate = row["frames_per_s"]
        shown = "none" if rate is None else f"{rate / 1000:,.0f}"
        rates.setdefault(str(row["frame_octets"]), []).append(shown)
    yield table("octets", ("NDR", "PDR"), rates)
    yield "Latency from when a frame was due, ns:\n"
    columns = ("p50", "p90", "p99", "p99.9")  # type: ignore[assignment]
    rows = {
        f"{row['frame_octets']}, {row['percent_of_ndr']} % of NDR": [
            f"{row[f'{c}_ns']:,}" for c in columns
        ]
        for row in found["load"]
    }
    yield table("octets, load", columns, rows)
    yield "Exact: picoseconds that MACsec adds to a frame's serialisation, for any size:\n"
    added: dict[str, dict[str, str]] = {}
    for row in found["serialisation"]:
        rate = f"{row['link_gbit_per_s']} Gbit/s"
        added.setdefault(f"{row['overhead_octets']} octets", {})[rate] = f"{row['added_ps']:,}"
    rates_of = tuple(next(iter(added.values())))
    yield table("", rates_of, {name: list(each.values()) for name, each in added.items()})
    yield _targets(found)


def round_trips() -> Iterator[str]:
    """Yield latencies of programs in real time, over TAP devices: root only."""
    found = json.loads(bench(*TRIPS_RUN, verb="latency"))
    real = found["real_time"]
    yield "## Round trips and throughput over TAP devices\n"
    yield command(TRIPS_RUN, verb="latency")
    yield (
        f"Two hosts with user-space MACsec between them ({real['suite']}), beside the same hosts "
        "and the same pumps without, in turn; UDP there and back, us, from when each was due:\n"
    )
    columns = ("p50", "p90", "p99", "p99.9")
    rows = {
        f"{row['frame_octets']}, {row['path']}": [
            *(f"{row[f'{c}_ns'] / 1000:,.1f}" for c in columns),
            str(row["lost"]),
            "" if row["path"] == "clear" else f"{row['p50_ratio']:.3f}",
        ]
        for row in found["round_trips"]
    }
    yield table("octets, path", (*columns, "lost", "p50 to clear"), rows)
    yield "iperf3, TCP, Gbit/s of each run:\n"
    runs = real["iperf3_gbit_per_s"]
    head = tuple(f"run {at}" for at in range(1, 1 + len(runs["clear"])))
    yield table("path", head, {path: [f"{v:.2f}" for v in each] for path, each in runs.items()})
    yield _targets(found, "round trip", "iperf3")


def _targets(found: dict[str, Any], *words: str) -> str:
    """Return the targets with one of the words in their name, or all."""
    return table(
        "target",
        ("value", "limit", "unit", "result"),
        {
            each["name"]: [
                f"{each['value']:.4g}",
                f"at {'least' if each.get('at_least') else 'most'} {each['limit']:g}",
                each["unit"],
                "met" if each["met"] else "missed",
            ]
            for each in found["targets"]
            if not words or any(word in each["name"] for word in words)
        },
    )


def main() -> None:
    """Measure and write."""
    sys.path.insert(0, str(ROOT))  # this checkout, not the installed package
    kept = RESULTS.read_text()
    parts = [kept.partition(FIRST)[0].rstrip() + "\n"]
    parts += targets([BenchRun(*TARGETS_RUN) for _ in range(3)])
    parts += suites(BenchRun(*SUITES_RUN))
    parts += batches(BenchRun(*BATCHES_RUN))
    parts += many_scs()
    parts += two_threads()
    parts += latency()
    parts += round_trips()
    everything = bench(*EVERYTHING_RUN)
    parts.append("## Everything\n")
    parts.append(command(EVERYTHING_RUN))
    parts.append("![Throughput against frame size](throughput.svg)\n")
    parts.append(everything)
    parts.append(LAST + kept.partition(LAST)[2].rstrip())
    RESULTS.write_text("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
