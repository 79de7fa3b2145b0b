"""What takes part in a measurement."""

from __future__ import annotations

from typing import Protocol


class Contestant(Protocol):
    """Handles a batch of frames at each repetition; made with its first output checked."""

    @property
    def backend(self) -> str:
        """Whose code it is."""

    @property
    def kernel(self) -> str:
        """Which of its implementations."""

    @property
    def frames(self) -> int:
        """Frames that one repetition handles."""

    @property
    def batch(self) -> int:
        """Frames a call."""

    def run(self, times: int) -> None:
        """Do the work so many times over."""

    def check(self) -> None:
        """Raise MACsecError if the last repetition did not do all of it."""

    def close(self) -> None:
        """Give back what it holds."""
