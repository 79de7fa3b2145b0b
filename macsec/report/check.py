"""Faults of files that were checked and not used: `config check` and `lab check`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

SCHEMA: Literal["macsec/check/1"] = "macsec/check/1"


class FileJson(TypedDict):
    """A file: its faults, each with its place, and a summary if it has none."""

    file: str
    faults: list[str]
    summary: str | None


class CheckJson(TypedDict):
    """`macsec/check/1`: faults of configurations or topologies.

    `misfits`: in what two files differ that should be ends of one link.
    """

    schema: Literal["macsec/check/1"]
    files: list[FileJson]
    misfits: list[str]


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was checked."""

    file: str
    faults: Sequence[str] = ()
    summary: str = ""


def to_json(files: Sequence[Checked], misfits: Sequence[str] = ()) -> str:
    """Return the JSON of a check."""
    result: CheckJson = {
        "schema": SCHEMA,
        "files": [
            {"file": each.file, "faults": [*each.faults], "summary": each.summary or None}
            for each in files
        ],
        "misfits": [*misfits],
    }
    return json.dumps(result)
