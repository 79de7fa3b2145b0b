"""The table of throughput beside its JSON: every run, the medians, and the missing peers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from macsec.measure.latency.round_trips import RealTime, TripPlan
from macsec.report.latency import outcome
from macsec.suites import SUITES


def test_the_table_of_throughput_has_what_the_json_has() -> None:
    """Paths and peers run by run, and why a peer is missing."""
    real = RealTime(TripPlan(SUITES["gcm-aes-128"], (64,)))
    real.gbit_per_s = {"clear": [2.0, 4.25, 1.0], "protected": [1.0, 4.5, 0.9]}
    real.peers = {"veth": [30.0, 31.0, 29.5]}
    real.missing = {"linux-esp": "this kernel has no ESP"}
    results = cast("Any", SimpleNamespace(real=real))
    item = outcome._real_item(results)
    assert item is not None
    *_, runs, missing = outcome._trip_tables(results)
    shown = {row[0]: row[1:] for row in runs.rows}
    wanted = {**item["iperf3_gbit_per_s"], **item["iperf3_peers_gbit_per_s"]}
    assert shown.keys() == wanted.keys()
    for name, values in wanted.items():
        middle = sorted(values)[len(values) // 2]
        assert shown[name] == [f"{value:.2f}" for value in (middle, *values)]
    assert dict(missing.rows) == item["peers_missing"]
