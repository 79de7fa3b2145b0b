"""Goals of speed: their rows as JSON, and the exit status. No time is asserted."""

from __future__ import annotations

import json
import math

import pytest
import targets
from target_row import TargetRow
from targets import Measured

from macsec.measure.other_work import OtherWork


def others_with(share: float) -> OtherWork:
    """Return what other programs did, with their share of the CPUs."""
    others = OtherWork()
    others.share = share
    return others


IDLE, BUSY = others_with(0.0), others_with(0.5)
GOOD = TargetRow("1", "a call", 2.0, 1.5)
BAD = TargetRow("1", "a rate", 3.0, 1.5, at_most=False)
ABSENT = TargetRow("1", "a peer", 1.0, math.nan)


@pytest.mark.parametrize(
    ("rows", "others", "code", "met"),
    [
        ([GOOD], IDLE, 0, [True]),
        ([GOOD, BAD], IDLE, 1, [True, False]),
        ([GOOD, ABSENT], IDLE, 5, [True, None]),
        ([GOOD, BAD], BUSY, 5, [None, None]),
    ],
)
def test_each_goal_has_a_row_and_a_busy_machine_no_verdict(
    rows: list[TargetRow],
    others: OtherWork,
    code: int,
    met: list[bool | None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Goal, class, value, limit, met; the exit status says what is missing."""
    monkeypatch.setattr(targets, "measured", lambda module: Measured(module, rows, others))
    assert targets.main(["call_cost", "--json"]) == code
    found = json.loads(capsys.readouterr().out)["goals"]
    assert [row["met"] for row in found] == met
    assert [row["goal"] for row in found] == [row.name for row in rows]
    assert [row["limit"] for row in found] == [row.goal for row in rows]
    assert {row["class"] for row in found} <= {"A", "B"}
    assert found[0]["value"] == 1.5


@pytest.mark.parametrize(
    ("flags", "wanted"), [({"avx512f", "gfni", "vaes", "aes"}, "A"), ({"avx2", "vaes"}, "B")]
)
def test_class_of_a_cpu_is_that_of_its_widest_instructions(flags: set[str], wanted: str) -> None:
    """AVX-512 with GFNI and VAES is class A."""
    assert targets.cpu_class(sorted(flags)) == wanted
