"""An item of a statement of conformance: its status, and the support that a run shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from macsec.conformance.suites.case import CheckT, Suite
from macsec.conformance.suites.run import CaseResult, CaseVerdict, run_case
from macsec.conformance.targets import Target
from macsec.enumerations import WordEnum


class Support(WordEnum):
    """Support of an item: yes only if its check held in this run."""

    YES = "yes"
    NO = "no"
    FAILED = "no: its check failed"
    NOT_APPLICABLE = "n/a"
    NOT_JUDGED = "not judged"
    """Measured while other programs had the machine."""


@dataclass(frozen=True, slots=True)
class PicsRow:
    """A row of the statement: the item with its status, and the result of its check."""

    annex: str
    item: str
    status: str
    clause: str
    asks: str
    support: Support
    evidence: str
    backends: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        """True if a mandatory item is not supported."""
        return self.status.startswith("M") and self.support in (Support.NO, Support.FAILED)

    @property
    def passed(self) -> bool | None:
        """True if the check held, False if it failed; None if there was none to judge."""
        return {Support.YES: True, Support.FAILED: False}.get(self.support)


class Pics:
    """A table of items of one subject; `item` decorates the check of a supported one."""

    def __init__(self, name: str, title: str, source: str) -> None:
        self.suite = Suite(name, title, source)
        self._status: dict[str, str] = {}
        self._absent: dict[str, Support] = {}

    def item(
        self, identity: str, status: str, clause: str, asks: str, *, on_data_plane: bool = True
    ) -> Callable[[CheckT], CheckT]:
        """Return a decorator that makes a function the check of an item."""
        self._status[identity] = status
        return self.suite.case(identity, asks, clause=clause, on_data_plane=on_data_plane)

    def unsupported(self, identity: str, status: str, clause: str, asks: str, why: str) -> None:
        """Add an item that is not supported."""
        self._add(identity, status, clause, asks, why, Support.NO)

    def not_applicable(self, identity: str, status: str, clause: str, asks: str, why: str) -> None:
        """Add an item whose condition does not hold here."""
        self._add(identity, status, clause, asks, why, Support.NOT_APPLICABLE)

    def _add(
        self, identity: str, status: str, clause: str, asks: str, why: str, support: Support
    ) -> None:
        self._status[identity], self._absent[identity] = status, support
        self.suite.not_applicable(identity, asks, why, clause=clause)

    @property
    def items(self) -> tuple[str, ...]:
        """The names of all items, in order."""
        return tuple(self._status)

    def status(self, identity: str) -> str:
        """Return the status of an item: M, O or a condition."""
        return self._status[identity]

    def rows(self, targets: Sequence[Target]) -> Iterator[PicsRow]:
        """Run every check and yield the rows."""
        for case in self.suite.cases:
            yield self._row(run_case(self.suite, case, targets))

    def _row(self, result: CaseResult) -> PicsRow:
        case, support = result.case, Support.YES
        if result.verdict is CaseVerdict.NOT_APPLICABLE:
            support = self._absent[case.id]
        elif result.verdict is CaseVerdict.FAILED:
            support = Support.FAILED
        return PicsRow(
            self.suite.title,
            case.id,
            self._status[case.id],
            case.clause,
            case.demand,
            support,
            result.why or "; ".join(result.steps),
            tuple(target.label for target in result.targets),
        )


def state(
    statements: Sequence[Pics], targets: Sequence[Target], step: Callable[[], None] = lambda: None
) -> list[PicsRow]:
    """Run the checks of some statements and return all rows."""
    rows = []
    for each in statements:
        for row in each.rows(targets):
            rows.append(row)
            step()
    return rows
