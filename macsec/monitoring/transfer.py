"""The model as JSON, from the process that has the ports to the process that asks."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import Any

from .model import Monitored

FORMAT = "macsec/monitored/1"


def to_text(observation: Monitored) -> str:
    """Return an observation as JSON."""
    return json.dumps({"schema": FORMAT, **asdict(observation)})


def from_text(text: str) -> Monitored:
    """Return the observation of a JSON text. Raises ValueError for any other text."""
    given = json.loads(text)
    if not isinstance(given, dict) or given.pop("schema", None) != FORMAT:
        raise ValueError(f"no {FORMAT}")
    found: Monitored = _reader().validate_python(given)
    return found


@cache
def _reader() -> Any:
    # Late: a process that has ports reads none.
    from pydantic import TypeAdapter

    return TypeAdapter(Monitored)
