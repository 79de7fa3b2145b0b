"""A small measurement: races, rows, ratios, lines, digests; no time is asserted."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from support.planes import PLANES

from macsec.errors import EnvironmentLacks
from macsec.measure.compiled import Lacking, library
from macsec.measure.machine import machine
from macsec.measure.throughput import run
from macsec.measure.throughput.run import ThroughputPlan, ThroughputResults, measure
from macsec.measure.workload import parse
from macsec.report.drawing.standalone import check_ending, png, save
from macsec.report.throughput.charts import picture
from macsec.report.throughput.outcome import to_json, to_markdown
from macsec.report.throughput.page import to_html
from macsec.suites import SUITES

KERNELS = [plane.kernel for plane in PLANES if plane.kernel]
SIZES = ("64", "300", "imix")
# Digests of frames sealed with GCM-AES-128, 16 frames, PNs from 1: the same on every machine.
DIGESTS = {
    "gcm-aes-128/confidentiality/64/16": "33117ca551a1ef1f",
    "gcm-aes-128/confidentiality/300/16": "065638ae3347a7d2",
    "gcm-aes-128/confidentiality/imix/16": "13d197cfca447887",
}


@pytest.fixture(scope="module")
def results() -> ThroughputResults:
    """Two single sizes and a mix, every kernel, the fast peers."""
    plan = ThroughputPlan(
        workloads=[parse(word) for word in SIZES],
        suites=[SUITES["gcm-aes-128"]],
        kernels=KERNELS or ["reference"],
        peers=["openssl", "intel-ipsec-mb", "cryptography", "ceiling"],
        batches=(16,),
        rounds=1,
    )
    assert plan.races == 6
    return measure(plan)


def test_digests_of_the_timed_frames_are_known(results: ThroughputResults) -> None:
    """The timed frames have not changed."""
    assert results.digests() == DIGESTS


def test_rows_have_the_shape_of_the_contract(results: ThroughputResults) -> None:
    """The shape that the contract gives a row, and arithmetic between its fields."""
    found = to_json(results, machine())
    assert found["schema"] == "macsec/bench-throughput/1"
    for row in found["rows"]:
        assert {
            *("stage", "suite", "backend", "kernel", "frame_octets", "batch"),
            *("ns_per_frame", "gbit_per_s", "mframe_per_s"),
        } <= set(row)
        assert row["gbit_per_s"] == pytest.approx(
            8 * row["frame_octets"] / row["ns_per_frame"], rel=0.01
        )
        assert row["mframe_per_s"] == pytest.approx(1000 / row["ns_per_frame"], rel=0.01)
        assert row["best_ns_per_frame"] <= row["ns_per_frame"]
    for stage in ("protect", "validate"):
        for size in SIZES:
            backends = {
                row["backend"]
                for row in found["rows"]
                if (row["stage"], row["workload"]) == (stage, size)
            }
            assert {"cryptography", "native" if KERNELS else "reference"} <= backends
    assert [row["workload"] for row in found["expected"]] == list(SIZES)


@pytest.mark.skipif(not KERNELS, reason="the native data plane was not built")
def test_ratios_compare_every_kernel_with_every_peer(results: ThroughputResults) -> None:
    """Every kernel against every other implementation; of one round it is the plain ratio."""
    pairs = list(results.ratios())
    for ours, other, ratio in pairs:
        assert ours.task is other.task
        assert ratio == pytest.approx(ours.ns_per_frame / other.ns_per_frame)
    kernels = {ours.kernel for ours, _, _ in pairs if ours.backend == "native"}
    assert kernels == set(KERNELS)
    assert {other.backend for ours, other, _ in pairs if ours.backend == "python-api/frame"} == {
        "cryptography"
    }


def test_a_line_is_fitted_for_each_contestant_and_stage(results: ThroughputResults) -> None:
    """A line for each contestant and stage, over three single sizes; none over two."""
    assert list(results.lines()) == []
    plan = ThroughputPlan(
        workloads=[parse(word) for word in ("64", "128", "256", "imix")],
        suites=[SUITES["gcm-aes-128"]],
        kernels=KERNELS[:1] or ["reference"],
        peers=[],
        batches=(4,),
        rounds=1,
        python=False,
    )
    names = [(row.task.stage, row.backend, row.kernel) for row, _ in measure(plan).lines()]
    assert len(set(names)) == len(names) == 2


def test_markdown_tables_have_rows_of_equal_width(results: ThroughputResults) -> None:
    """Tables of equal width."""
    text = to_markdown(results, machine())
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_picture_names_every_contestant_in_a_panel_for_each_stage(
    results: ThroughputResults, tmp_path: Path
) -> None:
    """An SVG that names every contestant; a panel a stage."""
    drawing = picture(results, machine())
    assert drawing is not None
    path = tmp_path / "picture.svg"
    save(str(path), drawing)
    root = ET.parse(path).getroot()
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    text = " ".join(root.itertext())
    for row in results.rows:
        assert row.backend in text
    assert text.count("batches of 16") == 2
    few = ThroughputResults(results.plan, results.races[:2])
    assert picture(few, machine()) is None


def test_png_without_its_extra_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PNG without resvg is refused, with the remedy."""
    monkeypatch.setattr("macsec.report.drawing.standalone.find_spec", lambda _: None)
    check_ending("a.svg")
    with pytest.raises(EnvironmentLacks, match="picture"):
        check_ending("a.png")


def test_page_has_the_answer_times_and_ratios(results: ThroughputResults) -> None:
    """Rates in words first, then a chart a stage, times, ratios; no line through two sizes."""
    text = to_html(results, machine(), {})
    assert "million frames/s" in text
    assert text.count("batches of 16") >= 2
    assert "a line needs three sizes." in text


@pytest.mark.programs
def test_png_is_the_same_picture(results: ThroughputResults) -> None:
    """resvg draws the SVG at twice its size."""
    pytest.importorskip("resvg_py", reason="PNG needs macsec[picture]")
    drawing = picture(results, machine())
    assert drawing is not None
    width = int(ET.fromstring(drawing).get("width", "0"))
    found = png(drawing)
    assert found.startswith(b"\x89PNG")
    assert int.from_bytes(found[16:20]) == 2 * width


def test_a_missing_peer_is_reported_and_the_rest_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing peer is reported once, and the rest is measured."""

    def nothing(*_: object) -> object:
        raise Lacking("not here")

    library.cache_clear()
    monkeypatch.setattr("macsec.measure.throughput.others.library", nothing)
    monkeypatch.setattr("macsec.measure.throughput.ceiling.library", nothing)
    plan = ThroughputPlan(
        workloads=[parse("64")],
        suites=[SUITES["gcm-aes-128"]],
        kernels=KERNELS[:1] or ["reference"],
        peers=["openssl", "ceiling"],
        batches=(2,),
        rounds=1,
        python=False,
    )
    results = run.measure(plan)
    assert results.lacking == {"openssl": "not here", "ceiling": "not here"}
    assert results.core_ghz() is None
    assert [row.backend for row in results.rows] == ["native" if KERNELS else "reference"] * 2
    assert all(row.cycles_per_frame is None for row in results.rows)
