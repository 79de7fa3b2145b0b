"""Types of single JSON values that several reports share, each with its part of a JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any

from macsec.secy import Verdict


class Keywords:
    """Keywords of JSON Schema that go with a type."""

    def __init__(self, **given: Any) -> None:
        self.given = given


Counts = dict[str, int]
"""Counts by name."""
Sci = Annotated[str, Keywords(pattern="^[0-9a-f]{16}$", description="16 hex digits")]
Hex = Annotated[str, Keywords(pattern="^([0-9a-f]{2})*$", description="hex digits")]
Integer = Annotated[str, Keywords(pattern="^-?[0-9]+$", description="an integer, as text")]
"""An integer that may pass 2^53."""
Label = Annotated[
    str, Keywords(enum=[verdict.label for verdict in Verdict], description="a verdict")
]
"""The name of a verdict."""
SciFrom = Annotated[str, Keywords(pattern="^(tag|scb|es|peer)$")]
"""The source of an SCI: the tag, its SCB or ES bit, or the only peer."""
Octets = Annotated[list[int], Keywords(minItems=2, maxItems=2, description="start and stop")]
"""A range of octets; `stop` is not included."""
