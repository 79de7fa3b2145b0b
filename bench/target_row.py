"""One goal of speed as a ratio, measured: what `bench/targets.py` prints for each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TargetRow:
    """A measured `value` beside its `goal`, which is an upper bound unless `at_most` is false."""

    section: str
    name: str
    goal: float
    value: float
    at_most: bool = True
    note: str = ""

    @property
    def met(self) -> bool:
        """True if the value reaches its goal."""
        return self.value <= self.goal if self.at_most else self.value >= self.goal
