"""Bases of enumerations: what a checker knows of them changes nothing when they run."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from enum import Enum

import pytest

from macsec import Validate, Verdict
from macsec.conformance.suites import CaseVerdict
from macsec.frames import TCI
from macsec.monitoring import SourceKind

WRONG: list[tuple[Callable[..., Enum], tuple[object, ...]]] = [
    (Verdict, ("ok",)),
    (Verdict, (None,)),
    (Verdict, (99,)),
    (Validate, ("strict",)),
    (TCI, ("SC",)),
    (CaseVerdict, (1,)),
    (SourceKind, (b"tap",)),
]


@pytest.mark.parametrize(("kind", "given"), WRONG)
def test_wrong_value_is_a_mistake(kind: Callable[..., Enum], given: tuple[object, ...]) -> None:
    """As in each enumeration of Python."""
    with pytest.raises(ValueError, match="is not a valid"):
        kind(*given)


@pytest.mark.parametrize("member", [Verdict.OK, Validate.STRICT, TCI.SC | TCI.E, *CaseVerdict])
def test_member_is_found_by_its_value(member: Enum) -> None:
    """By its value, and again from a pickle."""
    assert type(member)(member.value) is member
    assert pickle.loads(pickle.dumps(member)) == member


def test_rows_of_verdicts_are_read_only() -> None:
    """A row is for all users of a process."""
    with pytest.raises(AttributeError):
        Verdict.OK.label = "fine"  # type: ignore[misc]
    assert Verdict.OK.label == "ok"
