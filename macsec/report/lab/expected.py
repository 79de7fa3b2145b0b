"""The question of a topology, its answer, and whether this run shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from macsec.errors import ConfigError
from macsec.report.table import Table

_MISSING = object()


class ExpectationJson(TypedDict):
    """A place in the JSON of a run, the value that is wanted there, and the one that is there."""

    place: str
    wanted: Any
    found: Any
    met: bool


class AnswerJson(TypedDict):
    """A question, its answer, and what this run shows of it."""

    question: str
    answer: str
    shown: bool
    expected: list[ExpectationJson]


@dataclass(frozen=True, slots=True)
class Expectation:
    """A place in the JSON of a run with the wanted value, or [least, most], and the found one."""

    place: str
    wanted: Any
    found: Any

    @property
    def met(self) -> bool:
        """True if the found value is the wanted one, or within the bounds."""
        if isinstance(self.wanted, list):
            least, most = self.wanted
            return isinstance(self.found, int | float) and least <= self.found <= most
        if isinstance(self.found, str):  # a CKN may have the digits of a number
            return self.found == str(self.wanted)
        return bool(self.found == self.wanted)


def expectations(wanted: Mapping[str, Any], outcome: Mapping[str, Any]) -> list[Expectation]:
    """Return every expectation with the value in the JSON of a run. Raises ConfigError."""
    return [Expectation(place, value, _found(place, outcome)) for place, value in wanted.items()]


def answer_json(question: str, answer: str, found: list[Expectation]) -> AnswerJson:
    """Return the JSON of a question and its answer."""
    return {
        "question": question,
        "answer": answer,
        "shown": all(each.met for each in found),
        "expected": [
            {"place": each.place, "wanted": each.wanted, "found": each.found, "met": each.met}
            for each in found
        ],
    }


def table(found: list[Expectation]) -> Table:
    """Return a row for each expectation."""
    rows = [[each.place, _text(each.wanted), _text(each.found)] for each in found]
    marks = ["" if each.met else "bad" for each in found]
    return Table("What this run shows", ("place", "wanted", "found"), rows, names=3, marks=marks)


def _text(value: Any) -> str:
    return "{} to {}".format(*value) if isinstance(value, list) else str(value)


def _found(place: str, outcome: Mapping[str, Any]) -> Any:
    """Return the value at a place: names of members, or of entries of a list, or their numbers.

    Dots separate them; or slashes, where a name has a dot.
    """
    value: Any = outcome
    for part in place.split("/" if "/" in place else "."):
        value = _step(value, part)
        if value is _MISSING:
            raise ConfigError(f"expect {place}: this run has no {part} there")
    return value


def _step(value: Any, part: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(part, _MISSING)
    if isinstance(value, list):
        named = [each for each in value if isinstance(each, Mapping) and each.get("name") == part]
        if named:
            return named[0]
        if part.isdecimal() and int(part) < len(value):
            return value[int(part)]
    return _MISSING
