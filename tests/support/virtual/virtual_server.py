"""A server in virtual time, for tests of offered load and of the search for rates."""

from __future__ import annotations

from collections.abc import Sequence


class VirtualServer:
    """A server in virtual time: handling a frame takes one of the given times."""

    def __init__(self, service: Sequence[int]) -> None:
        self._service, self._handled, self._now = service, 0, 0

    def now(self) -> int:
        """Return the time."""
        return self._now

    def wait(self, due: int) -> None:
        """Advance the clock to `due`."""
        self._now = max(self._now, due)

    def handle(self) -> None:
        """Advance the clock by the next time."""
        self._now += self._service[self._handled]
        self._handled += 1
