"""Results of checks: the first difference, one result for each vector and target, a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from macsec.conformance.targets import NotRun, Target

SCHEMA: Literal["macsec/conformance/1"] = "macsec/conformance/1"

SECRETS = frozenset({"sak", "key", "cak", "kek", "ick", "msk", "output", "unwrapped key"})
"""Fields whose octets never appear in a text."""

SHOWN_LENGTH = 60


class CountJson(TypedDict):
    """Numbers of passed and failed vectors or cases."""

    passed: int
    failed: int


class SuiteJson(CountJson):
    """The vectors of a suite, and of each kind in it."""

    by_kind: dict[str, CountJson]


class FailureJson(TypedDict):
    """A failed vector or case; `backends` lists the targets that it failed on."""

    id: str
    why: str
    file: str
    clause: str
    backends: list[str]


class CasesJson(CountJson):
    """The named cases."""

    failures: list[FailureJson]


class TargetJson(TypedDict):
    """A data plane and kernel that were checked."""

    backend: str
    kernel: str | None


class NotRunJson(TargetJson):
    """A data plane and kernel that were left out."""

    reason: str


class ConformanceJson(CountJson):
    """`macsec/conformance/1`: vectors that passed and failed, by suite, with the reasons."""

    schema: Literal["macsec/conformance/1"]
    by_suite: dict[str, SuiteJson]
    failures: list[FailureJson]
    dpdk: CasesJson
    backends: list[TargetJson]
    not_run: list[NotRunJson]


class Mismatch(Exception):
    """A field that is not what it should be. The text is one line, and holds no key.

    "expected" is what the vector says, or what follows from it; "got" is what came.
    """

    def __init__(self, field: str, text: str, clause: str = "") -> None:
        self.field, self.clause = field, clause
        super().__init__(f"{field}: {text}")


def expect(field: str, expected: object, got: object, clause: str = "") -> None:
    """Raise Mismatch unless the two are equal."""
    if expected != got:
        raise Mismatch(field, _difference(field, expected, got), clause)


def require(holds: bool, field: str, text: str, clause: str = "") -> None:
    """Raise Mismatch with a text unless a condition holds."""
    if not holds:
        raise Mismatch(field, text, clause)


def _difference(field: str, expected: object, got: object) -> str:
    if field in SECRETS:
        return "differs"
    if isinstance(expected, bytes) and isinstance(got, bytes):
        return _first_octet(expected, got)
    return f"expected {shown(expected)}, got {shown(got)}"


def _first_octet(expected: bytes, got: bytes) -> str:
    if len(expected) != len(got):
        return f"expected {len(expected)} octets, got {len(got)}"
    at = next(i for i in range(len(got)) if expected[i] != got[i])
    shown = slice(at, at + 4)
    wanted, came = expected[shown].hex(), got[shown].hex()
    return f"expected {wanted}, got {came} at octet {at + 1} of {len(got)}"


def shown(value: object) -> str:
    """Return a value as one short line of text; octets in hex."""
    text = value.hex() if isinstance(value, bytes) else str(value)
    if isinstance(value, Mapping):
        text = ", ".join(f"{name} {count}" for name, count in value.items()) or "nothing"
    return text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"


@dataclass(frozen=True, slots=True)
class Result:
    """One vector, or one named case, on one target."""

    file: str
    id: str
    suite: str
    kind: str
    target: Target
    passed: bool
    why: str = ""
    """Of a failure: the field, what was expected and what came instead."""
    clause: str = ""


@dataclass(slots=True)
class PassCount:
    """The numbers of passed and failed vectors."""

    passed: int = 0
    failed: int = 0

    def add(self, passed: bool) -> None:
        """Count one."""
        if passed:
            self.passed += 1
        else:
            self.failed += 1

    def as_json(self) -> CountJson:
        """Return the counts as a JSON object."""
        return {"passed": self.passed, "failed": self.failed}


@dataclass(frozen=True, slots=True)
class Report:
    """All results of a run. A vector counts once: it is failed if it fails on one target."""

    results: tuple[Result, ...]
    cases: tuple[Result, ...]
    """The named cases, counted apart from the vectors."""
    targets: tuple[Target, ...]
    not_run: tuple[NotRun, ...]

    @property
    def vectors(self) -> PassCount:
        """All vectors."""
        return _count(_merge(self.results).values())

    @property
    def named_cases(self) -> PassCount:
        """All named cases."""
        return _count(_merge(self.cases).values())

    @property
    def good(self) -> bool:
        """True if nothing failed and no kernel that should run was left out."""
        return not self.failures() and not any(left_out.broken for left_out in self.not_run)

    def failures(self) -> list[Result]:
        """Every failed result, vectors before cases."""
        return [result for result in self.results + self.cases if not result.passed]

    def by_kind(self) -> dict[tuple[str, str], PassCount]:
        """Vectors and named cases by suite and kind; each counts once."""
        table: dict[tuple[str, str], PassCount] = defaultdict(PassCount)
        for merged in _merge(self.results + self.cases).values():
            table[merged.suite, merged.kind].add(merged.passed)
        return dict(sorted(table.items()))

    def by_suite(self) -> dict[str, dict[str, PassCount]]:
        """Vectors by suite, then kind."""
        table: dict[str, dict[str, PassCount]] = defaultdict(lambda: defaultdict(PassCount))
        for merged in _merge(self.results).values():
            table[merged.suite][merged.kind].add(merged.passed)
        return {suite: dict(kinds) for suite, kinds in sorted(table.items())}

    def by_target(self) -> dict[tuple[str, str], dict[Target, PassCount]]:
        """Results, the named cases among them, by suite and kind, then target."""
        table: dict[tuple[str, str], dict[Target, PassCount]] = defaultdict(
            lambda: defaultdict(PassCount)
        )
        for result in self.results + self.cases:
            table[result.suite, result.kind][result.target].add(result.passed)
        return {key: dict(counts) for key, counts in sorted(table.items())}

    def as_json(self) -> ConformanceJson:
        """Return the object that `macsec conformance --json` prints."""
        return {
            "schema": SCHEMA,
            **self.vectors.as_json(),
            "by_suite": {
                suite: {
                    **_total(kinds).as_json(),
                    "by_kind": {kind: count.as_json() for kind, count in sorted(kinds.items())},
                }
                for suite, kinds in self.by_suite().items()
            },
            "failures": _failures(self.results),
            "dpdk": {**self.named_cases.as_json(), "failures": _failures(self.cases)},
            "backends": [{"backend": t.backend, "kernel": t.kernel} for t in self.targets],
            "not_run": [
                {"backend": n.backend, "kernel": n.kernel, "reason": n.reason} for n in self.not_run
            ],
        }


def _merge(results: Iterable[Result]) -> dict[tuple[str, str], Result]:
    """One result a vector: the first failure if there is one."""
    merged: dict[tuple[str, str], Result] = {}
    for result in results:
        known = merged.setdefault((result.file, result.id), result)
        if known.passed and not result.passed:
            merged[result.file, result.id] = result
    return merged


def _failures(results: Iterable[Result]) -> list[FailureJson]:
    """One entry a failed vector, with the targets that it failed on."""
    failed: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        if not result.passed:
            failed[result.file, result.id].append(result)
    return [
        {
            "id": same[0].id,
            "why": same[0].why,
            "file": same[0].file,
            "clause": same[0].clause,
            "backends": [result.target.label for result in same],
        }
        for same in failed.values()
    ]


def _count(results: Iterable[Result]) -> PassCount:
    count = PassCount()
    for result in results:
        count.add(result.passed)
    return count


def _total(counts: Mapping[str, PassCount]) -> PassCount:
    return PassCount(
        sum(count.passed for count in counts.values()), sum(c.failed for c in counts.values())
    )
