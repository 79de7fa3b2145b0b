"""Work of other programs on this machine during a measurement, which spoils it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY = 0.05
"""Share of all CPUs that others may have: with more, a measurement gives no verdict."""

_STAT = Path("/proc/stat")
_OTHERS = ("user", "nice", "system", "steal")
_FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


class OtherWork:
    """Share of the time of all CPUs that others had; None where the system does not say.

    Others are all processes but this one and the children that it has waited for, and other
    virtual machines (steal). Interrupts are left out: they serve our own packets too.
    """

    def __init__(self) -> None:
        self.share: float | None = None

    @property
    def busy(self) -> bool:
        """True if the machine was too busy for a verdict."""
        return self.share is not None and self.share > BUSY

    @property
    def rounded(self) -> float | None:
        """The share, for JSON."""
        return None if self.share is None else round(self.share, 4)

    def __str__(self) -> str:
        if self.share is None:
            return "work of other programs unknown"
        return f"other programs had {100 * self.share:.0f} % of the CPUs"


@contextmanager
def other_work() -> Iterator[OtherWork]:
    """Context that measures the work of others, known at its end."""
    work = OtherWork()
    before = _reading()
    yield work
    after = _reading()
    if before is not None and after is not None:
        others, total = (new - old for new, old in zip(after, before, strict=True))
        work.share = max(0.0, others / total) if total > 0 else None


def _reading() -> tuple[float, float] | None:
    """Return seconds of CPU that others had since the start, and seconds of all CPUs."""
    try:
        head = _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return None
    if head[:1] != ["cpu"] or len(head) <= len(_FIELDS):
        return None
    ticks = dict(zip(_FIELDS, map(int, head[1:]), strict=False))
    a_second = os.sysconf("SC_CLK_TCK")
    own = sum(os.times()[:4])
    used = sum(ticks[name] for name in _OTHERS) / a_second
    return used - own, sum(ticks.values()) / a_second
