"""Checks of `--json` outputs against their JSON Schemas."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from macsec.report.schemas import json_schema


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the validator of an output; its schema is itself checked."""
    schema = json_schema(name)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def checked(text: str | bytes) -> dict[str, Any]:
    """Return the object of a `--json` output. Raises ValidationError if it breaks its schema."""
    found: dict[str, Any] = json.loads(text)
    validator(found["schema"]).validate(found)
    return found
