"""Verdicts on the cases of test plans, and their reports."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from macsec import cli
from macsec.conformance import available
from macsec.conformance.suites import CaseResult, CaseRun, CaseVerdict, Suite, catalog, run_suites
from macsec.conformance.suites.catalog import suites_named
from macsec.errors import ConfigError
from macsec.report.conformance import SuitesRun, junit_of, page_of, to_json
from macsec.secy import Controls

Results = dict[str, CaseResult]
Capture = pytest.CaptureFixture[str]
TARGETS = available()[0][:2]


def plan() -> Suite:
    """Return a plan with a case of each verdict, and two that must not pass."""
    suite = Suite("plan", "A plan", "its source")

    @suite.case("ok", "holds", clause="10.5")
    def holds(run: CaseRun) -> None:
        run.expect("backend", run.target.backend, run.secy(Controls()).backend)

    @suite.case("half", "holds as far as it is software", part="the log-in is a device's")
    def half(run: CaseRun) -> None:
        run.require("half of it holds", True)

    @suite.case("silent", "reports no step")
    def silent(run: CaseRun) -> None:
        run.target.secy(Controls())

    @suite.case("odd", "holds on one data plane only")
    def odd(run: CaseRun) -> None:
        run.expect("backend", TARGETS[0].backend, run.target.backend)

    @suite.case("impossible", "asks for controls that no SecY takes", on_data_plane=False)
    def impossible(run: CaseRun) -> None:
        logging.getLogger("macsec").warning("a warning of a case")
        run.secy(Controls(offset=7))

    suite.not_applicable("never", "needs a chassis", "there is no chassis")
    return suite


@pytest.fixture(scope="module")
def results() -> Results:
    """Return the results of the plan, by ID."""
    return {result.case.id: result for result in run_suites([plan()], TARGETS)}


def test_a_case_passes_if_its_steps_hold(results: Results) -> None:
    """Check the verdict, the steps and the data planes."""
    assert results["ok"].verdict is CaseVerdict.PASSED
    assert results["ok"].steps == (f"backend: {TARGETS[0].backend}",)
    assert results["ok"].targets == TARGETS


def test_a_case_that_is_not_all_software_is_part_and_says_why(results: Results) -> None:
    """Check verdict and reason."""
    assert results["half"].verdict is CaseVerdict.PART
    assert results["half"].why == "the log-in is a device's"


def test_a_case_without_a_step_fails(results: Results) -> None:
    """Nothing is called passed whose steps did not run."""
    assert (results["silent"].verdict, results["silent"].why) == (CaseVerdict.FAILED, "no step ran")


@pytest.mark.skipif(len(TARGETS) < 2, reason="the native data plane is not built")
def test_a_case_fails_if_one_data_plane_fails(results: Results) -> None:
    """Check the first difference, and where it was."""
    assert results["odd"].verdict is CaseVerdict.FAILED
    assert results["odd"].targets == TARGETS[1:]
    assert results["odd"].why == "backend: expected reference, got native"


def test_a_case_whose_steps_cannot_run_fails(results: Results) -> None:
    """A typed error of the scene is a failure with its text."""
    assert results["impossible"].verdict is CaseVerdict.FAILED
    assert results["impossible"].why.startswith("cannot be run: ConfigError: offset 7")


def test_warnings_of_a_case_are_kept_back(caplog: pytest.LogCaptureFixture) -> None:
    """The log is as it was before."""
    with caplog.at_level(logging.WARNING, "macsec"):
        run_suites([plan().only(["impossible"])], TARGETS)
    assert not caplog.records
    assert not logging.getLogger("macsec").disabled


def test_a_case_that_is_not_applicable_does_not_run(results: Results) -> None:
    """It has a reason, and neither steps nor data planes."""
    assert results["never"].verdict is CaseVerdict.NOT_APPLICABLE
    assert (results["never"].steps, results["never"].targets) == ((), ())


def test_a_plan_takes_each_id_once_and_a_reason_for_each_case_without_check() -> None:
    """Check both errors."""
    suite = plan()
    with pytest.raises(ValueError, match="two cases never"):
        suite.not_applicable("never", "again", "why")
    with pytest.raises(ValueError, match="without a reason"):
        suite.not_applicable("bare", "needs a chassis", "")


def test_reports_count_each_verdict(results: Results) -> None:
    """JSON, JUnit XML and page have every case."""
    run = SuitesRun(list(results.values()), TARGETS)
    wanted = {"pass": 1, "fail": 3 if len(TARGETS) > 1 else 2, "part": 1, "not applicable": 1}
    found = to_json(run)
    assert (found["schema"], found["backends"]) == (
        "macsec/suite/1",
        [target.label for target in TARGETS],
    )
    names = {verdict: verdict + "ed" for verdict in ("pass", "fail")}
    counts = {names.get(name, name.replace(" ", "_")): count for name, count in wanted.items()}
    assert found["suites"] == {plan().name: counts}
    assert [(case["suite"], case["id"]) for case in found["cases"]] == [
        (plan().name, case) for case in results
    ]
    root = ET.fromstring(junit_of(run))
    assert root.get("failures") == str(wanted["fail"])
    assert [case.get("name") for case in root.iter("testcase")] == list(results)
    skipped = root.find(".//testcase[@name='never']/skipped")
    assert skipped is not None
    assert skipped.get("message") == "there is no chassis"
    page = page_of(run)
    assert all(f">{case}<" in page for case in results)


def test_an_unknown_plan_is_a_typed_error() -> None:
    """The error names the plans."""
    with pytest.raises(ConfigError, match="suite 'none': one of openconfig"):
        suites_named(["none"])


def test_all_is_every_plan_once() -> None:
    """A plan named twice runs once."""
    names = [suite.name for suite in suites_named(["vectors", "all"])]
    assert sorted(names) == sorted(catalog.NAMES)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the plans by the one above."""
    monkeypatch.setattr("macsec.cli.conformance.suites.suites_named", lambda _: [plan()])


def run_command(*args: str) -> int:
    """Run `macsec conformance --suite vectors` with arguments; return the exit code."""
    with pytest.raises(SystemExit) as end:
        cli.cli.main(["conformance", "--suite", "vectors", *args])
    return int(end.value.code or 0)


def test_the_command_prints_each_case_and_exits_with_3_if_one_failed(
    offered: None, capsys: Capture
) -> None:
    """Check lines and exit code."""
    assert run_command() == 3
    out = capsys.readouterr().out
    assert "  pass  ok  holds" in out
    assert "  n/a   never  needs a chassis" in out


def test_the_command_runs_only_named_cases(offered: None, capsys: Capture) -> None:
    """An ID that no case has is a mistake of the caller."""
    assert run_command("--case", "ok", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(case["id"], case["verdict"]) for case in found["cases"]] == [("ok", "pass")]
    assert run_command("--case", "absent") == 2


def test_the_command_writes_page_and_junit(offered: None, tmp_path: Path) -> None:
    """Both files are whole."""
    page, junit = tmp_path / "plans.html", tmp_path / "plans.xml"
    assert run_command("--case", "half", "--report", str(page), "--junit", str(junit)) == 0
    assert "the log-in is a device&#x27;s" in page.read_text()
    assert ET.parse(junit).getroot().get("tests") == "1"


def test_case_and_report_need_a_suite(capsys: Capture) -> None:
    """The error says what is missing."""
    with pytest.raises(SystemExit) as end:
        cli.cli.main(["conformance", "--case", "ok"])
    assert end.value.code == 2
    assert "--suite" in capsys.readouterr().err
