"""What came of attacks: JSON, a table of many, and one in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from macsec.attacks import Finding, Setting
from macsec.attacks.ledger import SUMS
from macsec.report.page import Page, grid, heading, indented

SHOWN = "InPkts"
"""The table of many shows what the receiver counted frames in; JSON has everything."""

WIDE = 130
"""Columns from which a row has room for what the attacker does."""


@dataclass(frozen=True, slots=True)
class Run:
    """The attacks that were run, and in what setting."""

    setting: Setting
    backend: str
    kernel: str
    findings: Sequence[Finding]

    @property
    def failed(self) -> int:
        """Attacks that did not come out exactly as they must."""
        return sum(not finding.passed for finding in self.findings)


def to_json(run: Run) -> dict[str, Any]:
    """`macsec/attack/1`."""
    return {
        "schema": "macsec/attack/1",
        "passed": len(run.findings) - run.failed,
        "failed": run.failed,
        "profile": run.setting.profile,
        "seed": run.setting.seed,
        "backend": run.backend,
        "kernel": run.kernel,
        "attacks": [_attack(finding) for finding in run.findings],
    }


def _attack(finding: Finding) -> dict[str, Any]:
    attack = finding.attack
    return {
        "name": attack.name,
        "expected": finding.expected,
        "observed": finding.observed,
        "passed": finding.passed,
        "cipher": finding.cipher,
        "does": attack.does,
        "needs": attack.needs,
        "clause": attack.clause,
        "why": attack.why,
        "frames": finding.frames,
        "delivered": finding.delivered,
        "must_deliver": finding.must_deliver,
        "notes": list(finding.notes),
        "faults": list(finding.faults),
    }


def to_page(page: Page, run: Run) -> None:
    """One attack in full, or a table of several; then everything that was wrong."""
    many = len(run.findings) != 1
    name = "macsec attack" if many else run.findings[0].attack.name
    setting = run.setting
    cipher = setting.cipher if many else run.findings[0].cipher
    plane = f"{run.backend}/{run.kernel}"
    page.add(heading(name, f"{cipher}, profile {setting.profile}, {plane}, seed {setting.seed}"))
    if many:
        page.add(_table(run.findings, page.width >= WIDE))
    else:
        page.add(Text(), *indented(*_in_full(run.findings[0])))
    page.lines(
        [
            Text.assemble(("failed", "bold red"), f"  {finding.attack.name}: {fault}")
            for finding in run.findings
            for fault in finding.faults
        ]
    )


def _table(findings: Sequence[Finding], wide: bool) -> Table:
    """A row an attack; where it is narrow, what the attacker does stands below the name."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("attack", no_wrap=wide)
    if wide:
        table.add_column("what the attacker does")
    table.add_column("delivered", justify="right", no_wrap=True)
    table.add_column("counters", no_wrap=True)
    table.add_column("passed", no_wrap=True)
    if wide:
        table.add_column("clause")
    for finding in findings:
        attack = finding.attack
        counters = Text("\n").join(_counters(finding))
        came = _delivered(finding), counters, _passed(finding)
        if wide:
            table.add_row(attack.name, attack.does, *came, attack.clause)
        else:
            below = f"{attack.does} ({attack.clause})"
            table.add_row(Text.assemble(attack.name, "\n", (below, "dim")), *came)
    return table


def _delivered(finding: Finding) -> str:
    wrong = "" if finding.delivered == finding.must_deliver else f", not {finding.must_deliver:,}"
    return f"{finding.delivered:,} of {finding.frames:,}{wrong}"


def _passed(finding: Finding) -> Text:
    return Text("yes", "green") if finding.passed else Text("no", "bold red")


def _counters(finding: Finding) -> list[Text]:
    """Receive counters that moved, or had to; the 2018 sums say nothing new."""
    names = (
        name for name in _names(finding) if name.startswith(SHOWN) and name not in SUMS.values()
    )
    return [_counter(name, finding) for name in names]


def _names(finding: Finding) -> list[str]:
    return sorted(finding.expected.keys() | finding.observed.keys())


def _counter(name: str, finding: Finding) -> Text:
    found, right = finding.observed.get(name, 0), finding.expected.get(name, 0)
    if found == right:
        return Text(f"{name} {found:,}")
    return Text(f"{name} {found:,} (expected {right:,})", "red")


def _in_full(finding: Finding) -> list[Any]:
    attack = finding.attack
    told = grid("left", "left")
    told.add_row("the attacker", attack.does)
    told.add_row("needs", attack.needs)
    told.add_row("decided by", f"{attack.clause}: {attack.why}")
    told.add_row("delivered", _delivered(finding))
    for note in finding.notes:
        told.add_row("learnt", note)
    told.add_row("passed", _passed(finding))
    return [told, _counter_table(finding)]


def _counter_table(finding: Finding) -> Table:
    table = grid("left", "right", "right")
    table.add_row(*(Text(head, "dim") for head in ("counter", "expected", "observed")))
    for name in _names(finding):
        found, right = finding.observed.get(name, 0), finding.expected.get(name, 0)
        style = "" if found == right else "red"
        table.add_row(name, f"{right:,}", Text(f"{found:,}", style))
    return table
