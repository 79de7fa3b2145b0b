"""Types of single JSON values that several reports share, and their patterns in the schemas."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from macsec.secy import Verdict

Counts = dict[str, int]
"""Counts by name."""
Sci = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
Hex = Annotated[str, Field(pattern="^([0-9a-f]{2})*$")]
Integer = Annotated[str, Field(pattern="^-?[0-9]+$", description="an integer, as text")]
"""An integer that may pass 2^53."""
Label = Annotated[str, Field(json_schema_extra={"enum": [verdict.label for verdict in Verdict]})]
"""The name of a verdict."""
SciFrom = Annotated[str, Field(pattern="^(tag|scb|es|peer)$")]
"""The source of an SCI: the tag, its SCB or ES bit, or the only peer."""
Octets = Annotated[list[int], Field(min_length=2, max_length=2, description="start and stop")]
"""A range of octets; `stop` is not included."""
