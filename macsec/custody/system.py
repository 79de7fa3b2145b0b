"""System calls of custody, in one place so that tests can replace them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class System:
    """Functions of `os`, with their arguments; `lock` locks a file, or raises OSError."""

    open: Callable[..., int] = os.open
    close: Callable[[int], None] = os.close
    read: Callable[[int, int], bytes] = os.read
    write: Callable[[int, bytes], int] = os.write
    fsync: Callable[[int], None] = os.fsync
    fstat: Callable[[int], Any] = os.fstat
    rename: Callable[..., None] = os.rename
    unlink: Callable[..., None] = os.unlink
    mkdir: Callable[..., None] = os.mkdir
    listdir: Callable[[int], list[str]] = os.listdir
    lock: Callable[[int], None] = lambda file: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
