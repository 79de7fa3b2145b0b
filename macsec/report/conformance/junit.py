"""Results of test plans as JUnit XML, as CI servers read it."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from macsec.conformance.suites import CaseResult, CaseVerdict
from macsec.report.visible import visible

from .outcome import SuitesRun, verdicts


def junit_of(run: SuitesRun) -> str:
    """Return the text of the file: a testsuite for each plan, a testcase for each case."""
    root = ET.Element("testsuites", _counts(run.results), name="macsec conformance")
    for suite, results in run.by_suite:
        plan = ET.SubElement(root, "testsuite", _counts(results), name=suite.name)
        for result in results:
            _add(plan, suite.name, result)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(results: Sequence[CaseResult]) -> dict[str, str]:
    counts = verdicts(results)
    return {
        "tests": str(len(results)),
        "failures": str(counts["fail"]),
        "errors": "0",
        "skipped": str(counts["not applicable"]),
    }


def _add(plan: ET.Element, suite: str, result: CaseResult) -> None:
    case = ET.SubElement(plan, "testcase", classname=f"macsec.{suite}", name=result.case.id)
    if result.verdict is CaseVerdict.FAILED:
        ET.SubElement(case, "failure", message=visible(result.why))
    elif result.verdict is CaseVerdict.NOT_APPLICABLE:
        ET.SubElement(case, "skipped", message=visible(result.why))
    lines = [f"demand: {result.case.demand}", *(f"step: {step}" for step in result.steps)]
    if result.verdict is CaseVerdict.PART:
        lines.insert(1, f"part: {result.why}")
    ET.SubElement(case, "system-out").text = "\n".join(map(visible, lines))
