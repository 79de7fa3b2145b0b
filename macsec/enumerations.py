"""Bases of enumerations whose look-up by value is typed: `Verdict("ok")` is an error of a checker.

Python's own take any value, and any number of them, for a type checker; at run time a wrong one
raises ValueError. These take a number, or text, for mypy and pyright; at run time they add nothing.
"""

from __future__ import annotations

from enum import Enum, EnumMeta, IntEnum, IntFlag, StrEnum
from typing import TYPE_CHECKING, Self, SupportsIndex, TypeVar

if TYPE_CHECKING:
    # pyright takes the call of the metaclass, mypy takes __new__
    _Member = TypeVar("_Member")

    class _ByNumber(EnumMeta):
        def __call__(  # type: ignore[override]
            cls: type[_Member],
            number: SupportsIndex,
            /,
        ) -> _Member: ...

    class _ByText(EnumMeta):
        def __call__(  # type: ignore[override]
            cls: type[_Member],
            text: str,
            /,
        ) -> _Member: ...

else:
    _ByNumber = _ByText = EnumMeta


class NumberEnum(IntEnum, metaclass=_ByNumber):
    """IntEnum, looked up by a number."""

    if TYPE_CHECKING:

        def __new__(cls, number: SupportsIndex, /) -> Self:
            """Look a member up by its number."""


class FlagEnum(IntFlag, metaclass=_ByNumber):
    """IntFlag, looked up by a number."""

    if TYPE_CHECKING:

        def __new__(cls, number: SupportsIndex, /) -> Self:
            """Look a member up by its number."""


class TextEnum(StrEnum, metaclass=_ByText):
    """StrEnum, looked up by text."""

    if TYPE_CHECKING:

        def __new__(cls, text: str, /) -> Self:
            """Look a member up by its text."""


class WordEnum(Enum, metaclass=_ByText):
    """Enum with text as values, looked up by it; a member is no text itself."""

    _value_: str

    if TYPE_CHECKING:

        def __new__(cls, text: str, /) -> Self:
            """Look a member up by its text."""
