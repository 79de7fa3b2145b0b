"""Shipped topologies with a question: a run shows the answer, on both engines and data planes."""

from __future__ import annotations

import pytest
from support.planes import PLANES, Plane

from macsec.config import load_topology, shipped
from macsec.config.static_keys import seeded
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.records.captures import record
from macsec.report.lab.expected import expectations
from macsec.report.lab.outcome import LabRun, to_json
from macsec.terms import ETHERTYPE_MACSEC

QUESTIONS = [name for name in shipped() if load_topology(name).question]
QUICK = ["ede", "lag", "ptp", "three-regions", "two-key-servers"]
"""They take well below a second."""


def test_digits_of_a_ckn_are_met_as_text() -> None:
    """The number that a file gives and the text of a run are the same digits."""
    run = {"ckn": "31323334", "frames": 5}
    assert all(each.met for each in expectations({"ckn": 31323334, "frames": [4.5, 5.5]}, run))
    assert not any(each.met for each in expectations({"ckn": 3132, "frames": [5.5, 6]}, run))


def built(name: str, plane: Plane) -> Lab:
    """Return a shipped lab, not run yet."""
    blueprint = Blueprint.of(load_topology(name), seeded(1, "macsec lab"))
    return Lab(blueprint, 1, plane.backend, plane.kernel)


def check_answer(name: str, plane: Plane) -> str:
    """Run a lab and check all that its answer expects; return its digest."""
    with built(name, plane) as lab:
        lab.run()
        outcome = to_json(lab, LabRun(name, 1))
        found = expectations(load_topology(name).expect, outcome)
        assert found
        assert [each for each in found if not each.met] == []
        return lab.digest


@pytest.mark.parametrize("name", QUICK)
def test_a_run_shows_the_answer(name: str) -> None:
    """On the quickest data plane."""
    check_answer(name, PLANES[-1])


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", QUESTIONS)
def test_both_engines_show_the_answer_with_the_same_digest(name: str) -> None:
    """The lab in Python and the lab in C."""
    assert check_answer(name, PLANES[0]) == check_answer(name, PLANES[-1])


def test_equal_frames_differ_on_the_wire_where_their_pn_is_equal() -> None:
    """Under XPN the upper half of the PN is in the IV, not in the SecTAG."""
    with built("xpn-wrap", PLANES[-1]) as lab:
        recorders = {recorder.name: recorder for recorder in record(lab)}
        lab.run()
        frames = [bytes(frame) for frame in recorders["wire-wan"].batch]
    secured = [frame for frame in frames if frame[12:14] == ETHERTYPE_MACSEC.to_bytes(2)]
    by_pn: dict[bytes, set[bytes]] = {}
    for frame in secured:
        by_pn.setdefault(frame[16:20], set()).add(frame)
    twice = [same for same in by_pn.values() if len(same) > 1]
    assert twice
    assert len(set().union(*by_pn.values())) == len(secured)
