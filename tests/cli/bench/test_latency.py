"""`bench latency` from the outside; no time is asserted."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.real.hosts import need

from macsec.measure.latency.round_trips import PATHS

SMALL = (
    *("bench", "latency", "--sizes", "64,1518", "--frames", "30"),
    *("--trial", "0.2", "--slices", "2", "--loads", "20"),
)
DISTRIBUTION = {
    *("count", "min_ns", "mean_ns", "stdev_ns", "p50_ns", "p90_ns", "p99_ns", "p99.9_ns"),
    *("p99.99_ns", "max_ns", "typical_latency_ns", "worst_case_latency_ns", "pdv_ns"),
}


def test_json_has_every_kind_of_time(desk, backend):
    """One object with each kind of time in a list of its own, and the targets."""
    found = desk.json(*SMALL, "--backend", backend)
    assert found["schema"] == "macsec/latency/1"
    assert found["backend"] == backend
    assert {"source", "ns_per_tick", "empty_ns", "step_ns"} == set(found["clock"])
    assert {"cpu", "kernel", "commit"} <= set(found["machine"])
    paths = {(row["path"], row["frame_octets"]) for row in found["processing"]}
    lanes = ("clock", "clear", "protect", "validate", "both")
    assert paths == {(lane, size) for lane in lanes for size in (64, 1518)}
    for row in (*found["processing"], *found["load"]):
        assert set(row) >= DISTRIBUTION
        assert row["typical_latency_ns"] == row["p50_ns"]
        assert row["worst_case_latency_ns"] == row["p99.9_ns"]
        assert row["pdv_ns"] == row["p99.9_ns"] - row["min_ns"]
    assert [(row["frame_octets"], row["goal"]) for row in found["throughput"]] == [
        (size, goal) for size in (64, 1518) for goal in ("NDR", "PDR")
    ]
    assert len(found["secy_delay"]) == 2 * 2 * 8
    measured = {(row["frame_octets"], row["path"]): row for row in found["processing"]}
    for row in found["secy_delay"]:
        path = {"transmit": "protect", "receive": "validate"}[row["direction"]]
        of = measured[row["frame_octets"], path]
        assert (row["delay_ns"], row["variance_ns"]) == (of["p50_ns"], of["pdv_ns"])
        assert row["delay_met"] in (None, 1000 * row["delay_ns"] <= row["limit_ps"])
        assert row["variance_met"] in (None, 1000 * row["variance_ns"] <= row["limit_ps"])
    assert len(found["serialisation"]) == 2 * 2 * 8 * 2
    assert [target["unit"] for target in found["targets"]] == ["us", "%"]
    assert found["targets"][1]["met"]


def test_serialisation_rows_are_exact(desk):
    """Rows of (b) are whole picoseconds and exact shares."""
    found = desk.json(*SMALL, "--loads", "none")
    wanted = {"frame_octets": 1518, "overhead_octets": 32, "link_gbit_per_s": 10}
    near, far = (row for row in found["serialisation"] if wanted.items() <= row.items())
    assert near["added_ps"] == far["added_ps"] == 25_600
    assert near["clear_ps"] == 3_720_800
    assert near["added_share"] == [32, 4651]
    assert near["added_percent"] == pytest.approx(100 * 32 / 4651)
    assert found["throughput"] == found["load"] == []


def test_text_has_every_kind_of_time(desk):
    """Every kind of time under its own heading, the names of RFC 8219, the targets."""
    text = desk.run(*SMALL, "--integrity", "--suites", "gcm-aes-xpn-256").stdout
    parts = (
        "a. processing",
        "a. delays",
        "a. rates",
        "a. latency under load",
        "b. added",
        "targets",
    )
    at = [text.index(part) for part in parts if part in text]
    assert at == sorted(at)
    assert {0, 1, 2, 4, 5} <= {n for n, part in enumerate(parts) if part in text}
    for wanted in ("Typical Latency", "PDV", "gcm-aes-xpn-256, integrity", "between regions"):
        assert wanted in text
    assert "protect and validate, p50, 1518 octets, gcm-aes-xpn-256, confidentiality" in text


def test_report_and_histograms_are_written(desk):
    """A page with the sections and pictures, and a distribution for each histogram."""
    page, folder = desk.path("out.html"), Path(desk.path("hgrm"))
    result = desk.run(*SMALL, "--loads", "none", "--report", page, "--hgrm", str(folder))
    assert f"report: {page}" in result.stderr
    text = Path(page).read_text()
    assert text.startswith("<!DOCTYPE html>")
    for wanted in ('id="processing"', 'id="serialisation"', "<svg", "Typical Latency"):
        assert wanted in text
    assert 'id="throughput"' not in text
    files = {path.name for path in folder.iterdir()}
    assert len(files) == 10
    assert "gcm-aes-128-confidentiality-1518-both.hgrm" in files
    for path in folder.iterdir():
        assert path.read_text().split()[:4] == [
            *("Value", "Percentile", "TotalCount", "1/(1-Percentile)")
        ]


@pytest.mark.parametrize(
    "args, why",
    [
        (("--sizes", "63"), "frame size '63': not a number from 64 to 16004"),
        (("--sizes", ","), "no frame size"),
        (("--suites", "gcm"), "suite 'gcm'"),
        (("--loads", "0"), "load '0': not a number from 1 to 200"),
        (("--frames", "0"), "frames"),
        (("--ring", "0"), "ring"),
        (("--report", "out.pdf"), "the name must end in .html"),
    ],
)
def test_wrong_usage_is_exit_2(desk, args, why):
    """Options that cannot be measured are refused before any measurement."""
    assert why in desk.run("bench", "latency", *args, code=2).stderr


@pytest.mark.exhaustive
def test_round_trips_are_measured_as_root(desk):
    """`--tap`: rows, ratios, both targets, histograms and the page's section."""
    need("iperf3")
    pytest.importorskip("macsec._native", reason="the native data plane is not built")
    page, folder = desk.path("out.html"), Path(desk.path("hgrm"))
    small = (*SMALL, "--loads", "none", "--backend", "native", "--tap", "25", "--iperf", "1")
    found = desk.json(*small, "--report", page, "--hgrm", str(folder))
    rows = [(row["frame_octets"], row["path"]) for row in found["round_trips"]]
    assert rows == [(size, path) for size in (64, 1518) for path in PATHS]
    assert {row["count"] + row["lost"] for row in found["round_trips"]} == {25}
    real = found["real_time"]
    assert {path: len(runs) for path, runs in real["iperf3_gbit_per_s"].items()} == dict.fromkeys(
        PATHS, 5
    )
    peers = {**real["iperf3_peers_gbit_per_s"], **real["peers_missing"]}
    assert set(peers) == {"veth", "wireguard-go", "linux-esp"}
    assert len(real["iperf3_peers_gbit_per_s"]["veth"]) == 5
    assert all(real["peers_missing"].values())
    targets = {target["name"]: target for target in found["targets"]}
    (trip,) = (targets[name] for name in targets if "round trip" in name)
    (through,) = (targets[name] for name in targets if "iperf3" in name)
    assert (trip["value"], trip["limit"]) == (pytest.approx(real["p50_ratio"], abs=1e-5), 1.05)
    assert through["limit"] == 0.85
    assert through["met"] in (real["iperf3_ratio"] >= 0.85, None)  # None: a busy machine
    assert 'id="round_trips"' in Path(page).read_text()
    names = {file.name for file in folder.iterdir()}
    assert "gcm-aes-128-round-trip-1518-protected.hgrm" in names


def test_round_trips_need_root(desk, monkeypatch):
    """Refused before any measurement, with exit 5."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    result = desk.run(*SMALL, "--tap", "5", code=5)
    assert "round trips" in result.stderr
    assert result.stdout == ""


def test_kernel_of_the_environment_is_measured(desk):
    """MACSEC_KERNEL chooses, and an unknown one is refused."""
    desk.environment["MACSEC_KERNEL"] = "none"
    assert "none" in desk.run(*SMALL, code=desk_code()).stderr


def desk_code() -> int:
    """Usage where kernels are known, a lack where the extension was not built."""
    from support.planes import PLANES

    return 2 if len(PLANES) > 1 else 5
