"""The time of day, and the least interval."""

from __future__ import annotations

from datetime import datetime

LEAST_S = 0.2


def clock() -> str:
    """Return the time of day on this machine."""
    return f"{datetime.now().astimezone():%H:%M:%S}"
