"""The number of threads of a verb: what this machine has, and what its files allow."""

from __future__ import annotations

import os
import stat
import sys
from typing import Any


def usual_jobs() -> int:
    """Return 2: writing takes as long as all the rest. Return 1 where this process has one core."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = os.cpu_count() if affinity is None else len(affinity(0))
    return min(cores or 1, 2)


def allowed(jobs: int, source: str, *targets: str | None) -> int:
    """Return `jobs`; 1 where reading or writing can block, as with a pipe.

    A thread that waits at a pipe sees no signal, only the main thread does: it does all work then.
    """
    waiting = _blocks(source, sys.stdin) or any(
        _blocks(target, sys.stdout) for target in targets if target is not None
    )
    return 1 if waiting else jobs


def _blocks(name: str, standard: Any) -> bool:
    """Return whether this is neither a regular file, nor a new one, nor /dev/null."""
    try:
        status = os.fstat(standard.fileno()) if name == "-" else os.stat(name)
    except FileNotFoundError:
        return False
    except (AttributeError, OSError, ValueError):
        return True
    return not (stat.S_ISREG(status.st_mode) or os.path.samestat(status, os.stat(os.devnull)))
