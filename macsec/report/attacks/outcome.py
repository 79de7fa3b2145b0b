"""The outcome of attacks: JSON, a table of several, and one in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from rich.text import Text

from macsec.attacks import Attack, Finding, Setting
from macsec.attacks.ledger import SUMS
from macsec.report.fields import Counts
from macsec.report.page import CLAUSES, Columns, Page, columns, heading, indented

SHOWN = "InPkts"
"""The table of several attacks shows the receiver's frame counters; JSON has all counters."""


class AttackJson(TypedDict):
    """One attack: counters that had to move, and every counter that moved."""

    name: str
    expected: Counts
    observed: Counts
    passed: bool
    cipher: str
    does: str
    needs: str
    clause: str
    why: str
    frames: int
    delivered: int
    must_deliver: int
    notes: list[str]
    faults: list[str]


class AttacksJson(TypedDict):
    """`macsec/attack/1`: counters that attacks had to move, and all that moved."""

    schema: Literal["macsec/attack/1"]
    passed: int
    failed: int
    profile: str
    seed: int
    backend: str
    kernel: str
    attacks: list[AttackJson]


class NamedAttackJson(TypedDict):
    """A built-in attack, or one of an installed package, whose texts are null until it runs."""

    name: str
    does: str | None
    needs: str | None
    clause: str | None


class AttackListJson(TypedDict):
    """`macsec/attack-list/1`: the attacks that can be run."""

    schema: Literal["macsec/attack-list/1"]
    attacks: list[NamedAttackJson]


def list_json(names: Sequence[str], known: Mapping[str, Attack]) -> AttackListJson:
    """Return the JSON of names of attacks."""
    return {
        "schema": "macsec/attack-list/1",
        "attacks": [_named(name, known.get(name)) for name in names],
    }


def _named(name: str, attack: Attack | None) -> NamedAttackJson:
    if attack is None:
        return {"name": name, "does": None, "needs": None, "clause": None}
    return {"name": name, "does": attack.does, "needs": attack.needs, "clause": attack.clause}


@dataclass(frozen=True, slots=True)
class AttackRun:
    """Attacks that were run, with their setting and data plane."""

    setting: Setting
    backend: str
    kernel: str
    findings: Sequence[Finding]

    @property
    def failed(self) -> int:
        """The number of attacks whose outcome was not exactly the expected one."""
        return sum(not finding.passed for finding in self.findings)


def to_json(run: AttackRun) -> AttacksJson:
    """Return the JSON of a run of attacks."""
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


def _attack(finding: Finding) -> AttackJson:
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


def to_page(page: Page, run: AttackRun) -> None:
    """Print one attack in full, or a table of several; then all faults."""
    many = len(run.findings) != 1
    name = "macsec attack" if many else run.findings[0].attack.name
    setting = run.setting
    cipher = setting.cipher if many else run.findings[0].cipher
    plane = f"{run.backend}/{run.kernel}"
    page.add(heading(name, f"{cipher}, profile {setting.profile}, {plane}, seed {setting.seed}"))
    if many:
        between = "\n" if page.is_terminal else ", "  # a pipe has one line an attack
        page.add(Text(), *indented(_table(run.findings, between)))
    else:
        page.add(Text(), *indented(*_in_full(run.findings[0])))
    page.lines(
        [
            Text.assemble(("failed", "bold red"), f"  {finding.attack.name}: {fault}")
            for finding in run.findings
            for fault in finding.faults
        ]
    )
    page.lines([Text(), Text(CLAUSES, "dim")])


def _table(findings: Sequence[Finding], between: str) -> Columns:
    """Return a row for each attack, with `between` its counters."""
    table = columns("left", "left", "right", "left", "left", "left")
    table.head = ("attack", "passed", "delivered", "clause", "the attacker", "counters")
    table.parts = ("", "passed", "delivered", "clause", "", "")
    table.add_row(*(Text(head, "dim") for head in table.head))
    for finding in findings:
        attack, counters = finding.attack, Text(between).join(_counters(finding))
        facts = (_passed(finding), _delivered(finding), attack.clause, attack.does)
        table.add_row(attack.name, *facts, counters)
    return table


def _delivered(finding: Finding) -> str:
    wrong = "" if finding.delivered == finding.must_deliver else f", not {finding.must_deliver:,}"
    return f"{finding.delivered:,} of {finding.frames:,}{wrong}"


def _passed(finding: Finding) -> Text:
    return Text("yes", "green") if finding.passed else Text("no", "bold red")


def _counters(finding: Finding) -> list[Text]:
    """Return receive counters that moved or had to; not the 2018 sums, which add no information."""
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
    facts = columns("left", "left")
    facts.add_row("the attacker", attack.does)
    facts.add_row("needs", attack.needs)
    facts.add_row("decided by", f"{attack.clause}: {attack.why}")
    facts.add_row("delivered", _delivered(finding))
    for note in finding.notes:
        facts.add_row("gained", note)
    facts.add_row("passed", _passed(finding))
    return [facts, _counter_table(finding)]


def _counter_table(finding: Finding) -> Columns:
    table = columns("left", "right", "right")
    table.add_row(*(Text(head, "dim") for head in ("counter", "expected", "observed")))
    for name in _names(finding):
        found, right = finding.observed.get(name, 0), finding.expected.get(name, 0)
        style = "" if found == right else "red"
        table.add_row(name, f"{right:,}", Text(f"{found:,}", style))
    return table
