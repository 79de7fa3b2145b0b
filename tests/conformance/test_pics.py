"""`macsec conformance --pics`: a yes is a check that ran, and a broken rule turns its row red."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from macsec import cli
from macsec.conformance import Target, available
from macsec.conformance.pics import PicsRow, Support, state, statements
from macsec.conformance.pics.item import Pics
from macsec.conformance.suites import CaseRun
from macsec.secy import SecY
from macsec.secy.management import PointToPoint
from macsec.secy.management.locks import Locks
from macsec.secy.reference import state as reference_state


def planes() -> list[Target]:
    """The reference, and the fastest kernel of native."""
    targets, _ = available((), ())
    return list({target.backend: target for target in reversed(targets)}.values())


def rows() -> dict[str, PicsRow]:
    """All rows by item, on the reference data plane."""
    reference = [target for target in planes() if target.backend == "reference"]
    return {row.item: row for row in state(statements(), reference)}


def test_no_mandatory_item_is_missing_on_any_data_plane() -> None:
    """Every mandatory row is yes, each with the steps that showed it."""
    stated = state(statements(), planes())
    assert [row.item for row in stated if row.missing] == []
    assert len({row.item for row in stated}) == len(stated) > 45
    for row in stated:
        assert row.evidence, row.item
        assert (row.support is Support.YES) == bool(row.backends), row.item


def test_an_item_without_a_check_is_never_a_yes() -> None:
    """A check without a step fails, and an unsupported item is a no."""
    table = Pics("table", "A table", "nowhere")
    table.unsupported("A", "M", "10.4", "asks", "not built")
    table.not_applicable("B", "M", "10.4", "asks", "no such thing")

    @table.item("C", "M", "10.4", "asks")
    def nothing(_: CaseRun) -> None:
        """Check nothing."""

    stated = list(table.rows(planes()[:1]))
    wanted = [Support.NO, Support.NOT_APPLICABLE, Support.FAILED]
    assert [row.support for row in stated] == wanted
    assert [row.missing for row in stated] == [True, False, True]


BREAKS: dict[str, tuple[Any, str, Any]] = {
    "STAT-1, STAT-5": (PointToPoint, "oper", lambda _, determined: determined),
    "MGT2-8 to 14; MGT3, locks": (Locks, "check", lambda *_: None),
    "MGT1-6, 7, 10, 11, 13": (SecY, "keep_time", lambda *_: None),
    "STAT-2, 3, 4": (SecY, "set_common_port", lambda _, **changes: None),
    "MGT4-1 to 7": (reference_state, "BROADCAST", b""),
}


@pytest.mark.parametrize("item", BREAKS)
def test_a_broken_rule_turns_its_row_red(monkeypatch: pytest.MonkeyPatch, item: str) -> None:
    """The row of the rule that is broken says no, and what differs."""
    assert rows()[item].support is Support.YES
    monkeypatch.setattr(*BREAKS[item])
    row = rows()[item]
    assert (row.support, row.missing) == (Support.FAILED, True)
    assert row.evidence


def invoke(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    """Exit code and stdout of one command line."""
    with pytest.raises(SystemExit) as ended:
        cli.cli.main(["conformance", "--pics", *args])
    return int(ended.value.code or 0), capsys.readouterr().out


def test_the_command_prints_json_and_writes_a_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit 0; the page has every item; Table 10-3 is measured."""
    page = tmp_path / "pics.html"
    code, out = invoke(capsys, "--json", "--report", str(page))
    stated = json.loads(out)
    assert (code, stated["schema"], stated["missing"]) == (0, "macsec/pics/1", 0)
    perf = stated["items"][-1]
    assert perf["item"] == "PERF"
    assert "Gbit/s" in perf["evidence"]
    shown = {True: "yes", False: "no: its check failed"}
    assert all(
        shown.get(item["passed"], item["support"]) == item["support"] for item in stated["items"]
    )
    assert all(item["passed"] for item in stated["items"][:-1] if item["status"] == "M")
    assert all(item["clause"] for item in stated["items"])
    text = page.read_text()
    assert all(item["item"] in text for item in stated["items"])


def test_a_failed_check_is_exit_code_three(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in the other runs of `conformance`."""
    monkeypatch.setattr(Locks, "check", lambda *_: None)
    code, out = invoke(capsys, "--backend", "reference")
    assert code == 3
    assert "no: its check failed" in out


def test_the_command_refuses_other_options_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A plan and a statement are two runs."""
    assert invoke(capsys, "--suite", "vectors")[0] == 2
