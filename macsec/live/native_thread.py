"""A thread that runs a loop without the GIL until it is stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from macsec.errors import MACsecError

Loop = Callable[[int], int]
"""Runs until its eventfd can be read, and returns 0; or returns the errno of a failure."""


class NativeThread:
    """A thread for one loop, usually in C; it runs from the constructor to `stop`."""

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
        """Return an eventfd that can be read once the loop ended by itself; until `stop`."""
        return self._ended

    @property
    def alive(self) -> bool:
        """True while it runs."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def end(self) -> None:
        """Make it end, without waiting: then `fileno` can be read."""
        if self._thread is not None and os.getpid() == self._owner:
            os.eventfd_write(self._stop, 1)

    def stop(self) -> bool:
        """End it and wait for that; return False if it was stopped before.

        In the child of a fork this only closes descriptors: the loop is the parent's.
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
        """Raise MACsecError if the loop failed; `what` names it."""
        if self.failed:
            raise MACsecError(f"{what} failed: {os.strerror(abs(self.failed))}")
