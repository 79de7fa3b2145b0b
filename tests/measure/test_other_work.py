"""Work of other programs during a measurement, read from the system's counts."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from macsec.measure import other_work as module
from macsec.measure.other_work import OtherWork, other_work

TICKS = os.sysconf("SC_CLK_TCK")


class System:
    """Counts of a system, in seconds, as /proc/stat shows them; time of this process."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.stat = folder / "stat"
        self.seconds = dict.fromkeys(module._FIELDS, 1000)
        self.own = 0.0
        patch.setattr(module, "_STAT", self.stat)
        patch.setattr(os, "times", lambda: (self.own, 0.0, 0.0, 0.0, 0.0))
        self.write()

    def write(self, **seconds: int) -> None:
        """Add to the counts."""
        for name, number in seconds.items():
            self.seconds[name] += number
        counts = " ".join(str(number * TICKS) for number in self.seconds.values())
        self.stat.write_text(f"cpu  {counts} 0 0\ncpu0 {counts} 0 0\n")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    """A system at rest."""
    return System(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "passed, own, share, busy",
    [
        (SimpleNamespace(user=10, idle=10), 10.0, 0.0, False),
        (SimpleNamespace(user=10, idle=10), 9.0, 0.05, False),
        (SimpleNamespace(user=10, idle=10), 5.0, 0.25, True),
        (SimpleNamespace(system=4, nice=2, idle=14), 1.0, 0.25, True),
        (SimpleNamespace(steal=4, idle=16), 0.0, 0.2, True),
        (SimpleNamespace(irq=5, softirq=5, iowait=5, idle=5), 0.0, 0.0, False),
        (SimpleNamespace(user=10, idle=10), 12.0, 0.0, False),
    ],
)
def test_share_of_others_decides_about_a_verdict(
    system: System, passed: SimpleNamespace, own: float, share: float, busy: bool
) -> None:
    """Time of other processes and machines counts; our own, idle time and interrupts do not."""
    with other_work() as others:
        system.write(**vars(passed))
        system.own = own
    assert others.share == pytest.approx(share)
    assert others.busy is busy
    assert str(others) == f"other programs had {100 * share:.0f} % of the CPUs"


@pytest.mark.parametrize("content", [None, "", "cpu  1 2 3\n", "intr 1 2 3 4 5 6 7 8 9\n"])
def test_system_without_counts_is_not_busy(system: System, content: str | None) -> None:
    """A system that says nothing leaves the share unknown."""
    system.stat.unlink()
    if content is not None:
        system.stat.write_text(content)
    with other_work() as others:
        pass
    assert others.share is None
    assert not others.busy
    assert "unknown" in str(others)


def test_share_is_unknown_before_the_end() -> None:
    """No share is made up before the measurement has ended."""
    assert OtherWork().share is None
