"""Options that take several words, separated by commas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from macsec.errors import ConfigError

Word = TypeVar("Word", bound=str)


def words(text: str) -> list[str]:
    """Split a list at its commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def among(kind: str, text: str, known: list[Word], every: str = "all") -> list[Word]:
    """Return the named words of `known`, each once; all for `every`. Raises ConfigError."""
    if text == every:
        return known
    by_text: dict[str, Word] = {word: word for word in known}
    named = list(dict.fromkeys(words(text)))
    for word in named:
        if word not in by_text:
            raise ConfigError(f"{kind} {word!r} is unknown: {every}, or some of {', '.join(known)}")
    if not named:
        raise ConfigError(f"no {kind} is named: {every}, or some of {', '.join(known)}")
    return [by_text[word] for word in named]


def numbers(kind: str, text: str, least: int, most: int) -> Sequence[int]:
    """Return the named whole numbers, each once and in a range. Raises ConfigError."""
    named = list(dict.fromkeys(words(text)))
    for word in named:
        if not word.isdecimal() or not least <= int(word) <= most:
            raise ConfigError(f"{kind} {word!r}: not a number from {least} to {most}")
    if not named:
        raise ConfigError(f"no {kind} is named: numbers from {least} to {most}")
    return [int(word) for word in named]
