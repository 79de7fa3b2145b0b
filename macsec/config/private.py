"""Write files with secrets: complete, readable by their owner only, never over another file."""

from __future__ import annotations

from pathlib import Path

from macsec.whole_file import write_whole


def write_private(path: Path, octets: bytes, mode: int = 0o600, replace: bool = False) -> None:
    """Write a file completely and flush it to the disk, or leave no file.

    Raises ConfigError if the file exists and `replace` is False, or if it cannot be created;
    MACsecError if it cannot be written.
    """
    write_whole(path, octets, mode=mode, new=not replace)
