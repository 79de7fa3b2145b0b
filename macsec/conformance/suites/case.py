"""A case of a test plan: its ID, its demand in our words, and the steps that check it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from macsec.conformance import outcome
from macsec.conformance.targets import Target
from macsec.secy import Controls, SecY


@dataclass(slots=True)
class CaseRun:
    """One run of a case on a data plane: a case takes its SecYs here, and reports each step.

    Give it to a scene as the data plane: `MkaSegment(run)`.
    """

    target: Target
    steps: list[str] = field(default_factory=list)
    """The checks that held, in order."""
    fetch: Callable[[Any], Any] | None = None
    """Reads the telemetry of a member from outside; None: from its objects."""

    def secy(self, controls: Controls) -> SecY:
        """Return a SecY on the data plane of this run."""
        return self.target.secy(controls)

    def expect(self, step: str, wanted: object, got: object) -> None:
        """Check that a result is the wanted one. Raises Mismatch."""
        outcome.expect(step, wanted, got)
        self.steps.append(f"{step}: {outcome.shown(wanted)}")

    def require(self, step: str, holds: bool, found: str = "") -> None:
        """Check that a statement holds; `found` says what was seen instead. Raises Mismatch."""
        outcome.require(holds, step, found or "does not hold")
        self.steps.append(step)


Check = Callable[[CaseRun], None]
CheckT = TypeVar("CheckT", bound=Check)


@dataclass(frozen=True, slots=True)
class SuiteCase:
    """A case of a plan. Without a `check` it is not applicable, and `why` says the reason.

    With a check, `why` says which part of the case is not meant for software: the rest runs, and
    the verdict is `part`. `clause`: the rule of 802.1AE or 802.1X behind the demand.
    """

    id: str
    demand: str
    check: Check | None = None
    clause: str = ""
    why: str = ""
    on_data_plane: bool = True
    """False for a case without frames of users: it runs once."""


class Suite:
    """A test plan: a name for the command line, a title, its source, and its cases in order.

        @SUITE.case("MSEC-1.1.1", "the session is secured, with the configured CKN")
        def session(run: CaseRun) -> None:
            segment, a, b = pair(run)
            run.expect("CKN in use", CKN, a.principal.key.ckn)

    Several cases can have one check: put one decorator above the other.
    """

    def __init__(self, name: str, title: str, source: str) -> None:
        self.name, self.title, self.source = name, title, source
        self._cases: dict[str, SuiteCase] = {}

    @property
    def cases(self) -> tuple[SuiteCase, ...]:
        """All cases, in the order of the plan's file."""
        return tuple(self._cases.values())

    def case(
        self,
        identity: str,
        demand: str,
        *,
        clause: str = "",
        part: str = "",
        on_data_plane: bool = True,
    ) -> Callable[[CheckT], CheckT]:
        """Return a decorator that makes a function the check of a case.

        `part`: what of the case is not meant for software, and why.
        """

        def add(check: CheckT) -> CheckT:
            self._add(SuiteCase(identity, demand, check, clause, part, on_data_plane))
            return check

        return add

    def not_applicable(self, identity: str, demand: str, why: str, *, clause: str = "") -> None:
        """Add a case that nothing here can run; `why` is its reason."""
        self._add(SuiteCase(identity, demand, clause=clause, why=why))

    def only(self, beginnings: Sequence[str]) -> Suite:
        """Return the plan with the cases whose ID begins with one of some texts."""
        plan = Suite(self.name, self.title, self.source)
        for case in self.cases:
            if case.id.startswith(tuple(beginnings)):
                plan._add(case)
        return plan

    def _add(self, case: SuiteCase) -> None:
        if case.id in self._cases:
            raise ValueError(f"{self.name} has two cases {case.id}")
        if case.check is None and not case.why:
            raise ValueError(f"{self.name} {case.id}: not applicable, but without a reason")
        self._cases[case.id] = case
