"""Files that `keys export` and `keys import` wrote, without their keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

Direction = Literal["export", "import"]


class WrittenJson(TypedDict):
    """A file; `secret`: it holds a key, and only its owner can read it."""

    name: str
    secret: bool


class ExchangeJson(TypedDict):
    """`macsec/exchange/1`: a format, the files written, and what they do not say.

    `files` is empty if the text went to stdout.
    """

    schema: Literal["macsec/exchange/1"]
    direction: Direction
    format: str
    files: list[WrittenJson]
    notes: list[str]
    warnings: NotRequired[list[str]]


def exchange_json(
    direction: Direction,
    name: str,
    files: Sequence[tuple[str, bool]],
    notes: Sequence[str],
    warnings: Sequence[str] = (),
) -> str:
    """Return the object as text. `files`: names, and whether each holds a key."""
    result: ExchangeJson = {
        "schema": "macsec/exchange/1",
        "direction": direction,
        "format": name,
        "files": [{"name": each, "secret": secret} for each, secret in files],
        "notes": list(notes),
    }
    if warnings:
        result["warnings"] = list(warnings)
    return json.dumps(result)
