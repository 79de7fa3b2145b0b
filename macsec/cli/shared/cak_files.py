"""CAKs from a file into the hands of holders, for the verbs that listen to key agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from macsec.kay.cak_holder import MemoryHolder


def holders_in(path: str) -> list[MemoryHolder]:
    """A holder for each CAK of a file (`--cak FILE`). Raises ConfigError."""
    from macsec.config.caks import load_caks
    from macsec.kay.cak_holder import MemoryHolder

    return [MemoryHolder(cak, ckn) for ckn, cak in load_caks(path).items()]
