"""Options that take several words, separated by commas."""

from __future__ import annotations

from collections.abc import Sequence

from macsec.errors import ConfigError


def words(text: str) -> list[str]:
    """Split a list at its commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def among(kind: str, text: str, known: list[str], every: str = "all") -> list[str]:
    """Return the named words of `known`, each once; all for `every`. Raises ConfigError."""
    if text == every:
        return known
    named = list(dict.fromkeys(words(text)))
    for word in named:
        if word not in known:
            raise ConfigError(f"{kind} {word!r} is unknown: {every}, or some of {', '.join(known)}")
    if not named:
        raise ConfigError(f"no {kind} is named: {every}, or some of {', '.join(known)}")
    return named


def numbers(kind: str, text: str, least: int, most: int) -> Sequence[int]:
    """Return the named whole numbers, each once and in a range. Raises ConfigError."""
    named = list(dict.fromkeys(words(text)))
    for word in named:
        if not word.isdecimal() or not least <= int(word) <= most:
            raise ConfigError(f"{kind} {word!r}: not a number from {least} to {most}")
    if not named:
        raise ConfigError(f"no {kind} is named: numbers from {least} to {most}")
    return [int(word) for word in named]
