"""The clock of a KaY in virtual time: it can rest, and run fast or slow."""

from __future__ import annotations

TRUE_SPEED = 100
"""Percent of the engine's clock."""


class StationClock:
    """Whole ns, from the time of the engine in ns: equal to it until `rest` or `run_at`."""

    def __init__(self) -> None:
        self.percent = TRUE_SPEED
        self._shown_ns = self._since_ns = 0

    def shown_ns(self, engine_ns: int) -> int:
        """Return the time that it shows, rounded down."""
        return self._shown_ns + (engine_ns - self._since_ns) * self.percent // TRUE_SPEED

    def engine_ns(self, shown_ns: int) -> int:
        """Return the first time of the engine at which it shows a time."""
        return self._since_ns - (self._shown_ns - shown_ns) * TRUE_SPEED // self.percent

    @property
    def behind_ns(self) -> int | None:
        """By how much it is behind the engine's; None at another speed, and ahead of it."""
        behind_ns = self._since_ns - self._shown_ns
        return behind_ns if self.percent == TRUE_SPEED and behind_ns >= 0 else None

    def rest(self, pause_ns: int) -> None:
        """Stop for a time from now on."""
        self._since_ns += pause_ns

    def run_at(self, percent: int, engine_ns: int) -> None:
        """Run at another speed from a time of the engine on."""
        self._shown_ns, self._since_ns = self.shown_ns(engine_ns), engine_ns
        self.percent = percent
