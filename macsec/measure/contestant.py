"""The interface of a contestant in a measurement."""

from __future__ import annotations

from typing import Protocol


class Contestant(Protocol):
    """A contestant that handles a batch of frames at each repetition.

    Its first output is checked when it is made.
    """

    @property
    def backend(self) -> str:
        """The name of the implementation."""

    @property
    def kernel(self) -> str:
        """The name of its kernel."""

    @property
    def frames(self) -> int:
        """Frames that one repetition handles."""

    @property
    def batch(self) -> int:
        """Frames a call."""

    def run(self, times: int) -> None:
        """Do the work `times` times."""

    def check(self) -> None:
        """Raise MACsecError if the last repetition did not do all of it."""

    def close(self) -> None:
        """Free its resources."""
