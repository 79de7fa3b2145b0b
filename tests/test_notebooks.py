"""Results in notebooks: whole HTML without scripts, without keys, and bounded in size."""

from __future__ import annotations

import pytest
from support.outputs.html_pages import Reader
from support.planes import SAK, SCI_A, Plane, frame_of, pair, spoiled

from macsec import FrameBatch, Lab, SecY
from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.lab import Blueprint
from macsec.measure.latency.run import LatencyPlan, LatencyResults
from macsec.notebooks import Displayed
from macsec.report.notebook import to_html

MOST = 100_000
"""Octets of a cell."""


def cell(shown: Displayed) -> Reader:
    """Parse the HTML of a result."""
    text = shown._repr_html_()
    assert len(text) < MOST
    assert SAK[:16].hex() not in text
    read = Reader(text)
    assert not read.named("script")
    assert not read.named("link")
    return read


def test_outcome_shows_verdicts_and_refused_frames(plane: Plane) -> None:
    """Every verdict with its count, and the first refused frames with their reason."""
    sends, receives = pair(plane)
    wire = sends.protect(FrameBatch.from_frames([frame_of(60)] * 5000)).batch.frames()
    wire[1:4000] = map(spoiled, wire[1:4000])
    read = cell(receives.validate(FrameBatch.from_frames(wire)))
    assert "not-valid" in read.text
    assert "3,999" in read.text
    assert read.text.count(SCI_A) == 4


def test_secy_shows_its_sas_and_the_counters_that_moved(plane: Plane) -> None:
    """SCI, AN and next PN of each SA; no counter that is zero everywhere."""
    sends, _ = pair(plane)
    sends.protect(FrameBatch.from_frames([frame_of(60)] * 7))
    read = cell(sends)
    assert SCI_A in read.text
    assert "OutPktsProtected" in read.text or "OutPktsEncrypted" in read.text
    assert "InPktsLate" not in read.text


def test_secy_with_many_scs_says_that_rows_are_left_out() -> None:
    """The cell stays bounded."""
    with SecY() as secy:
        for number in range(200):
            secy.create_rx_sc(f"52540013{number:04x}0001")
        assert "200" in cell(secy).text


def test_lab_shows_its_picture_and_its_links() -> None:
    """Sites, links and traffic of a lab that ran."""
    model = load_topology("two-regions")
    with Lab(Blueprint.of(model, seeded(1, "a notebook"))) as lab:
        lab.run()
        read = cell(lab)
    assert len(read.named("svg")) >= 1
    assert "UNPROTECTED" not in read.text


def test_latency_without_results_has_a_cell() -> None:
    """Nothing measured is no error."""
    assert "limits" in cell(LatencyResults(LatencyPlan(suites=()))).text


def test_other_types_have_no_cell() -> None:
    """A type without HTML is the caller's mistake."""
    with pytest.raises(TypeError, match="int has no HTML for notebooks"):
        to_html(7)
