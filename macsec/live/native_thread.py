"""A loop in C that runs in a thread without the GIL until it is told to stop."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from macsec.errors import MACsecError

Loop = Callable[[int], int]
"""Runs until the eventfd can be read: 0; or gives the errno of what failed."""


class Running:
    """Such a thread, from `start` to `stop`, once."""

    def __init__(self, name: str, loop: Loop) -> None:
        self.failed = 0
        self._loop = loop
        self._owner = os.getpid()
        self._stop, self._ended = os.eventfd(0), os.eventfd(0)
        self._thread: threading.Thread | None = threading.Thread(
            target=self._run, name=name, daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        self.failed = self._loop(self._stop)
        os.eventfd_write(self._ended, 1)

    def fileno(self) -> int:
        """An eventfd that can be read once the loop ended by itself; until `stop`."""
        return self._ended

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def end(self) -> None:
        """Ask it to end, and do not wait: then `fileno` can be read."""
        if self._thread is not None and os.getpid() == self._owner:
            os.eventfd_write(self._stop, 1)

    def stop(self) -> bool:
        """End it, and wait for that; False where that was done before.

        In the child of a fork only the descriptors are closed: the loop is the parent's.
        """
        if self._thread is None:
            return False
        self.end()
        self._thread.join()
        self._thread = None
        os.close(self._stop)
        os.close(self._ended)
        return True

    def check(self, what: str) -> None:
        """Raise MACsecError if it ended because something failed."""
        if self.failed:
            raise MACsecError(f"{what} failed: {os.strerror(abs(self.failed))}")
