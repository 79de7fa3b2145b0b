"""The outcome of attacks as a page of HTML: a table of all, and each with its counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from macsec.attacks import Finding
from macsec.report.attacks.outcome import AttackRun
from macsec.report.html import page, tables
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import HtmlPage, PageSection
from macsec.report.table import Table


def to_html(run: AttackRun, origin: Mapping[str, str]) -> str:
    """Return the text of the file."""
    setting = run.setting
    passed = len(run.findings) - run.failed
    facts = {
        "result": f"{passed} of {len(run.findings)} attacks ended exactly as the standard says",
        "profile": setting.profile,
        "cipher suite": setting.cipher,
        "data plane": f"{run.backend}/{run.kernel}",
    }
    sections = [PageSection("attacks", "Attacks", [_table(run.findings)], ABOUT)]
    sections += [_section(at, finding) for at, finding in enumerate(run.findings)]
    lead = "An attacker on the wire; every counter, delivered frame and PN is compared."
    return page.render(HtmlPage("macsec attack run", lead, facts, sections, origin))


ABOUT = (
    "Passed means: every counter, delivered frame and PN is as it must be. "
    "Some attacks succeed by the standard, such as a replay inside the window."
)


def _table(findings: Sequence[Finding]) -> Html:
    rows = [
        [
            finding.attack.name,
            "yes" if finding.passed else "no",
            f"{finding.delivered:,} of {finding.frames:,}",
            finding.attack.clause,
            finding.attack.does,
        ]
        for finding in findings
    ]
    head = ("attack", "passed", "delivered", "clause", "the attacker")
    marks = ["" if finding.passed else "bad" for finding in findings]
    caption = "Attacks and their outcome"
    table = Table(caption, head, rows, len(head), marks, "no attack can run in this setting.")
    return tables.draw(table, prose=True)


def _section(at: int, finding: Finding) -> PageSection:
    attack = finding.attack
    facts = {
        "the attacker": attack.does,
        "needs": attack.needs,
        "decided by": f"{attack.clause}: {attack.why}",
        "cipher suite": finding.cipher,
        "delivered": f"{finding.delivered:,} of {finding.frames:,}, "
        f"as it must be {finding.must_deliver:,}",
    }
    facts |= {f"gained {number}": note for number, note in enumerate(finding.notes, 1)}
    body = [page.facts(facts), *_faults(finding), _counters(finding)]
    return PageSection(f"attack{at}", attack.name, body)


def _faults(finding: Finding) -> list[Html]:
    return [tag("p", fault, class_="alarm") for fault in finding.faults]


def _counters(finding: Finding) -> Html:
    names = sorted(finding.expected.keys() | finding.observed.keys())
    pairs = [(finding.expected.get(name, 0), finding.observed.get(name, 0)) for name in names]
    rows = [
        [name, f"{right:,}", f"{found:,}"]
        for name, (right, found) in zip(names, pairs, strict=True)
    ]
    marks = ["" if right == found else "bad" for right, found in pairs]
    head = ("counter", "expected", "observed")
    caption = "Counters that moved, or had to"
    return tables.draw(Table(caption, head, rows, 1, marks, "none moved, and none had to."))
