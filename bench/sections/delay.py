"""Sections made of `macsec bench latency`: one frame in the process, round trips over TAPs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sections.tables import command, table
from sections.throughput import bench

LATENCY_RUN = ("--frames", "1000000", "--json")
TRIPS_RUN = (
    *("--sizes", "64,128,256,512,1024,1280,1518,9018", "--frames", "1000", "--loads", "none"),
    *("--tap", "5000", "--iperf", "3", "--json"),
)
LANES = {"clear": "a copy", "protect": "protect", "validate": "validate", "both": "both"}
TIMES = ("p50", "p90", "p99", "p99.9")
RESULTS = {True: "met", False: "missed", None: "not judged"}
"""A target that is not judged: other programs used the machine."""
ALL_TIMES = ("min", *TIMES, "p99.99", "max", "pdv")


def latency() -> Iterator[str]:
    """Yield latencies, each kind of time in its own tables."""
    found = json.loads(bench("latency", *LATENCY_RUN))
    yield command("macsec bench latency", *LATENCY_RUN)
    yield (
        "Sizes count the FCS. Processing of one frame at a time, ns; the clock counts in steps of "
        f"{found['clock']['step_ns']:.0f} ns, and its own time is subtracted:\n"
    )
    rows = {
        f"{row['frame_octets']}, {LANES[row['path']]}": [f"{row[f'{c}_ns']:,}" for c in ALL_TIMES]
        for row in found["processing"]
        if row["path"] in LANES
    }
    yield table("octets, path", ALL_TIMES, rows)
    yield "Rates without loss, protect and validate on one core, thousand frames a second:\n"
    yield table("octets", ("NDR", "PDR"), _rates(found["throughput"]))
    yield "Latency from when a frame was due, ns:\n"
    rows = {
        f"{row['frame_octets']}, {row['percent_of_ndr']} % of NDR": [
            f"{row[f'{c}_ns']:,}" for c in TIMES
        ]
        for row in found["load"]
    }
    yield table("octets, load", TIMES, rows)
    yield "Exact: picoseconds that MACsec adds to a frame's serialisation, for any size:\n"
    yield _serialisation(found["serialisation"])
    yield _targets(found)


def _rates(trials: list[dict[str, Any]]) -> dict[str, list[str]]:
    rates: dict[str, list[str]] = {}
    for row in trials:
        rate = row["frames_per_s"]
        shown = "none" if rate is None else f"{rate / 1000:,.0f}"
        rates.setdefault(str(row["frame_octets"]), []).append(shown)
    return rates


def _serialisation(found: list[dict[str, Any]]) -> str:
    added: dict[str, dict[str, str]] = {}
    for row in found:
        rate = f"{row['link_gbit_per_s']} Gbit/s"
        added.setdefault(f"{row['overhead_octets']} octets", {})[rate] = f"{row['added_ps']:,}"
    rates = tuple(next(iter(added.values())))
    return table("", rates, {name: list(each.values()) for name, each in added.items()})


def round_trips() -> Iterator[str]:
    """Yield latencies of programs in real time, over TAP devices: root only."""
    found = json.loads(bench("latency", *TRIPS_RUN))
    real = found["real_time"]
    yield command("macsec bench latency", *TRIPS_RUN)
    yield (
        f"Two hosts with user-space MACsec between them ({real['suite']}), beside the same hosts "
        "and the same pumps without, in turn; UDP there and back, us, from when each was due:\n"
    )
    rows = {
        f"{row['frame_octets']}, {row['path']}": [
            *(f"{row[f'{c}_ns'] / 1000:,.1f}" for c in TIMES),
            str(row["lost"]),
            "" if row["path"] == "clear" else f"{row['p50_ratio']:.3f}",
        ]
        for row in found["round_trips"]
    }
    yield table("octets, path", (*TIMES, "lost", "p50 to clear"), rows)
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
                RESULTS[each["met"]],
            ]
            for each in found["targets"]
            if not words or any(word in each["name"] for word in words)
        },
    )
