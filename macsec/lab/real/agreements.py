"""Key agreement of a lab in real time: a thread for the KaYs of all links, beside the pumps."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from macsec.errors import MACsecError
from macsec.lab.link_state import LinkEnd
from macsec.live.driver import Driver, KayPort, Wait, wait_until
from macsec.live.eapol import Eapol
from macsec.live.native_thread import NativeThread


class Agreements:
    """The KaYs of a lab, driven by one thread from `start()` to `stop()`.

    `ends`: each with its socket for MKPDUs. `clock()` gives nanoseconds that never go back; the
    KaYs' own time begins with the start. Hold `lock` to read an end, and change one within
    `changing`.
    """

    def __init__(self, ends: Sequence[tuple[LinkEnd, Eapol]], clock: Callable[[], int]) -> None:
        self._clock = clock
        self._start_ns = clock()
        self._ends = [end for end, _ in ends]
        self._driver = Driver([KayPort(end.agreement, eapol) for end, eapol in ends], self.now_ns)
        self._unsecured = len(ends)
        self._secured = os.eventfd(0 if ends else 1)
        self._changed = os.eventfd(0)
        self._thread: NativeThread | None = None
        self._failure: Exception | None = None
        for end in self._ends:
            end.on_secured = self._count_secured

    @property
    def lock(self) -> threading.Lock:
        """The lock of the driver."""
        return self._driver.lock

    def start(self) -> Self:
        """Start all KaYs and the thread."""
        self._start_ns = self._clock()
        self._driver.start()
        self._thread = NativeThread("macsec key agreement", self._run)
        return self

    def stop(self) -> None:
        """End the thread and wipe the CAKs. Sends nothing; SecYs have their owners."""
        if self._thread is not None and self._thread.stop():
            for end in self._ends:
                end.kay.chain.wipe()
            os.close(self._secured)
            os.close(self._changed)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock, then let the thread do what became due; until `stop`."""
        with self.lock:
            yield
        os.eventfd_write(self._changed, 1)

    def fileno(self) -> int:
        """Return an eventfd that can be read once every end has been secured; until `stop`."""
        return self._secured

    def check(self) -> None:
        """Raise MACsecError if the thread ended by itself."""
        if self._failure is not None:
            raise MACsecError(f"key agreement ended: {self._failure}") from self._failure

    def _count_secured(self) -> None:
        self._unsecured -= 1
        if not self._unsecured:
            os.eventfd_write(self._secured, 1)

    def now_ns(self) -> int:
        """Return the time of the KaYs."""
        return self._clock() - self._start_ns

    def _run(self, stop: int) -> int:
        try:
            self._driver.run(self._wait_until(stop))
        except (MACsecError, OSError) as error:
            self._failure = error
            return errno.EIO
        return 0

    def _wait_until(self, stop: int) -> Wait:
        """Return a `Wait` that also ends when an end was changed."""
        wait = wait_until(stop)

        def woken(descriptors: Sequence[int], pause_ns: int | None) -> Collection[int] | None:
            ready = wait([*descriptors, self._changed], pause_ns)
            if ready is not None and self._changed in ready:
                os.eventfd_read(self._changed)
            return ready

        return woken

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
