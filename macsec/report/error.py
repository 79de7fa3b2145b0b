"""An error in place of the JSON of a verb."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, TypedDict


class ErrorJson(TypedDict):
    """`macsec/error/1`: a run with --json that ended before its work, with exit 2 or 5.

    `others`: faults of a configuration behind the first.
    """

    schema: Literal["macsec/error/1"]
    error: str
    others: list[str]
    exit_code: int


def error_json(text: str, others: Sequence[str], code: int) -> str:
    """Return the JSON of an error."""
    result: ErrorJson = {
        "schema": "macsec/error/1",
        "error": text,
        "others": [*others],
        "exit_code": code,
    }
    return json.dumps(result)
