"""`bench throughput` from the outside; no time is asserted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.planes import PLANES

KERNELS = [plane.kernel for plane in PLANES if plane.kernel]
SMALL = ("bench", "throughput", "--sizes", "64,200,300", "--batch", "4", "--rounds", "1")


def test_json_has_rows_of_ours_and_of_a_peer(desk):
    """One object; rows of both stages, of ours and of a peer."""
    picture = desk.path("out.svg")
    pages = ("--picture", picture, "--report", "page.html")
    found = desk.json(*SMALL, "--peers", "cryptography", *pages)
    assert found["schema"] == "macsec/bench-throughput/1"
    assert {"cpu", "flags", "kernel", "compiler", "versions", "commit"} <= set(found["machine"])
    assert "cryptography" in found["machine"]["versions"]
    rows = {(row["stage"], row["backend"], row["frame_octets"]) for row in found["rows"]}
    ours = "native" if KERNELS else "reference"
    for stage in ("protect", "validate"):
        for size in (64, 200, 300):
            assert {(stage, ours, size), (stage, "cryptography", size)} <= rows
    assert found["fit"]
    assert bool(found["ratios"]) == bool(KERNELS)
    assert Path(picture).read_text().startswith("<svg")
    assert "million frames/s" in Path("page.html").read_text()


def test_table_has_head_sizes_mixes_and_lines(desk):
    """Text for people, with the head, the sizes, the mixes and the lines."""
    words = ("--frame-size", "genome:ab", "--frame-size", "imix", "--peers", "none")
    text = desk.run(*SMALL, *words, "--integrity", "--stages", "protect").stdout
    for wanted in ("CPU", "genome:ab", "imix", "ns a frame", "integrity", "fitted line"):
        assert wanted in text
    assert "validate" not in text


def test_markdown_has_tables(desk):
    """Tables for a document."""
    text = desk.run(*SMALL, "--peers", "cryptography", "--markdown").stdout
    assert text.startswith("- CPU: ")
    assert "| ns a frame | 64 | 200 | 300 |\n| --- | ---: | ---: | ---: |\n" in text


def test_suites_batches_and_the_reference_plane_are_rows(desk):
    """Other suites, more than one batch, the reference plane."""
    args = ("--sizes", "64", "--suites", "gcm-aes-xpn-256,gcm-aes-256", "--batch", "1,2")
    more = ("--kernels", "reference", "--peers", "none", "--rounds", "1")
    found = desk.json("bench", "throughput", *args, *more)
    assert {row["suite"] for row in found["rows"]} == {"gcm-aes-xpn-256", "gcm-aes-256"}
    assert "reference" in {row["backend"] for row in found["rows"]}
    assert {row["batch"] for row in found["rows"]} >= {1, 2}
    assert found["fit"] == []


@pytest.mark.skipif(not KERNELS, reason="the native data plane was not built")
def test_chosen_kernel_alone_is_measured(desk):
    """MACSEC_KERNEL chooses; the chosen one comes first."""
    desk.environment["MACSEC_KERNEL"] = KERNELS[-1]
    found = desk.json(*SMALL, "--kernels", "chosen", "--peers", "none")
    assert found["chosen_kernel"] == KERNELS[-1]
    assert {row["kernel"] for row in found["rows"]} == {KERNELS[-1]}


@pytest.mark.skipif(not KERNELS, reason="the native data plane was not built")
def test_one_contestant_has_no_table_of_ratios(desk):
    """A head without rows would say nothing."""
    for form in ((), ("--markdown",)):
        text = desk.run(*SMALL, "--kernels", "chosen", "--peers", "none", *form).stdout
        assert "ns a frame" in text
        assert "our time ÷ time of" not in text


def test_peer_that_is_missing_is_named_with_its_remedy(desk, monkeypatch):
    """A line on stderr says how to install it; the rest is measured."""
    monkeypatch.setattr("macsec.measure.compiled.compiler", lambda: None)
    from macsec.measure.compiled import library

    library.cache_clear()
    result = desk.run(*SMALL, "--peers", "openssl", "--json")
    assert "peer openssl: not found" in result.stderr
    assert "apt install libssl-dev" in result.stderr
    assert list(json.loads(result.stdout)["not_found"]) == ["openssl"]
    library.cache_clear()


@pytest.mark.parametrize(
    "args, why",
    [
        (("--sizes", "64,13"), "frame size '13'"),
        (("--frame-size", "genome:xyz"), "RFC 6985"),
        (("--suites", "gcm"), "suite 'gcm'"),
        (("--suites", ","), "no suite"),
        (("--stages", "wire"), "stage 'wire'"),
        (("--peers", "unknown"), "peer 'unknown'"),
        (("--batch", "0"), "batch '0'"),
        (("--rounds", "0"), "rounds"),
        (("--picture", "out.gif"), ".svg or .png"),
    ],
)
def test_wrong_usage_is_exit_2(desk, args, why):
    """Options that cannot be measured are refused before any measurement."""
    assert why in desk.run("bench", "throughput", *args, code=2).stderr


@pytest.mark.skipif(not KERNELS, reason="the native data plane was not built")
def test_unknown_kernel_is_exit_2(desk):
    """Named with the known ones."""
    assert "portable" in desk.run("bench", "throughput", "--kernels", "none", code=2).stderr
