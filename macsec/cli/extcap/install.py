"""The script by which Wireshark finds `macsec extcap`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from macsec.errors import ConfigError, MACsecError
from macsec.whole_file import write_whole

NAME = "macsec-extcap"
FOLDERS = ("~/.local/lib/wireshark/extcap", "~/.config/wireshark/extcap")
"""Personal extcap folders: of Wireshark 4.2 and later, and of older ones."""


def install(folder: str | None) -> list[str]:
    """Write the script into a folder, or into both personal ones; return the paths."""
    script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m macsec extcap "$@"\n'
    written = []
    for place in [folder] if folder else FOLDERS:
        target = Path(place).expanduser() / NAME
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, script, mode=0o755)
        except OSError as error:
            raise MACsecError(f"cannot write {target}: {error.strerror}") from None
        written.append(str(target))
    return written


def uninstall(folder: str | None) -> list[str]:
    """Remove the script; return the paths. Raises ConfigError if there was none."""
    removed = []
    for place in [folder] if folder else FOLDERS:
        target = Path(place).expanduser() / NAME
        if target.exists():
            target.unlink()
            removed.append(str(target))
    if not removed:
        raise ConfigError("macsec extcap is not installed")
    return removed
