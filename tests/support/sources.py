"""Copies of the sources, for what builds them."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.outputs.pages import ROOT

APART = (".git", ".venv", "*cache*", "build", "dist", "*.egg-info", "*.so", "*.o")
"""Names that git does not keep, and its own folder."""


def sources_in(folder: Path) -> Path:
    """Copy the checkout into a new folder, without what was built."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*APART), symlinks=True)
    return folder
