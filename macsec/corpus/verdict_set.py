"""Parquet data set of verdicts: a folder `capture=NAME` for each capture."""

from __future__ import annotations

from urllib.parse import quote

from .store import joined

FOLDER = "_verdicts"


def part_url(dest: str, name: str, part: int) -> str:
    """Return where the verdicts of a capture, or of a part of it, are."""
    return joined(dest, f"{FOLDER}/capture={quote(name, safe='')}/part-{part:05d}.parquet")
