"""Parquet data set of verdicts: a folder `capture=NAME` for each capture."""

from __future__ import annotations

import os
from urllib.parse import quote

from .store import joined

FOLDER = "_verdicts"


def part_url(dest: str, name: str, part: int) -> str:
    """Return where the verdicts of a capture, or of a part of it, are."""
    quoted = quote(os.fsencode(name), safe="")
    return joined(dest, f"{FOLDER}/capture={quoted}/part-{part:05d}.parquet")


def set_url(dest: str) -> str:
    """Return the folder of the data set."""
    return joined(dest, FOLDER)
