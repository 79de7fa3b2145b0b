"""Holders of the CAKs of a file, for the verbs that read key agreement from captures."""

from __future__ import annotations

from macsec.config.caks import load_caks
from macsec.kay.keys.cak_holder import MemoryHolder


def holders_in(path: str) -> list[MemoryHolder]:
    """Return a holder for each CAK of a file (`--cak FILE`). Raises ConfigError."""
    return [MemoryHolder(cak, ckn) for ckn, caks in load_caks(path).items() for cak in caks]
