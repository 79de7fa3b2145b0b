"""Our Python inside the guest: the host's files, the guest's kernel."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .kpeer import KernelPeer

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
ROOT = Path(__file__).resolve().parents[3]
_MOUNT = "mkdir -p /all; mount -r -t hostfs -o / hostfs /all && mount --bind /proc /all/proc"
_LOADER = f"/all{LIBRARIES}/ld-linux-x86-64.so.2 --library-path /all{LIBRARIES}"
_CHROOT = f"{_LOADER} /all/usr/sbin/chroot"


def mount(kernel: KernelPeer) -> None:
    """Give the guest the files of this machine, for reading, at /all."""
    kernel.ok(_MOUNT)


def command(*words: str) -> str:
    """Return the shell command that runs our Python in the guest, by `python WORDS`."""
    path = f"PYTHONPATH={ROOT}:{os.environ.get('PYTHONPATH', '')}"
    return f"cd /; {_CHROOT} /all /usr/bin/env {path} {sys.executable} {' '.join(words)}"
