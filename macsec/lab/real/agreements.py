"""Key agreement in real time: the KaYs of a lab's edges, beside the pumps that move its frames."""

from __future__ import annotations

import errno
import os
import select
import threading
from collections.abc import Callable
from typing import Self

from macsec.errors import MACsecError
from macsec.kay.kay import Kay
from macsec.lab.virtual.agreed import Progress
from macsec.live.eapol import Eapol
from macsec.live.native_thread import Running
from macsec.live.pump import Pump
from macsec.port.agreement import Agreement
from macsec.time_units import NS_PER_MS

LONGEST_MS = 1000


class AgreedEnd:
    """One end of a link: a KaY, the SecY and the pump there, and the port for MKPDUs."""

    def __init__(self, kay: Kay, pump: Pump, eapol: Eapol) -> None:
        self.kay = kay
        self.progress = Progress(kay)
        self._agreement = Agreement(kay, pump.secy, eapol.send, pump.open)
        self._eapol = eapol

    @property
    def open(self) -> bool:
        """Whether the Controlled Port lets frames through."""
        return self._agreement.port.enabled

    def fileno(self) -> int:
        """Can be read when MKPDUs have arrived."""
        return self._eapol.fileno()

    def start(self, now_ns: int) -> None:
        """Begin key agreement."""
        self._agreement.start(now_ns)

    def hear(self, now_ns: int) -> None:
        """Take what has arrived."""
        for frame in self._eapol.frames():
            self._agreement.hear(now_ns, frame)
        self.progress.note(now_ns)

    def settle(self, now_ns: int) -> None:
        """Do what is due."""
        self._agreement.settle(now_ns)
        self.progress.note(now_ns)

    def due_ns(self) -> int | None:
        """When it is to settle next."""
        return self._agreement.next_timeout_ns()


class Agreements:
    """The KaYs of a lab, driven by one thread from `start()` to `stop()`.

    `clock()` gives nanoseconds that do not go back; the KaYs' own time begins with the start.
    `lock` is to be held by who looks at an end.
    """

    def __init__(self, ends: list[AgreedEnd], clock: Callable[[], int]) -> None:
        self.ends = ends
        self.lock = threading.Lock()
        self._clock = clock
        self._start_ns = clock()
        self._unsecured = len(ends)
        self._secured = os.eventfd(0 if ends else 1)
        self._running: Running | None = None
        self._failure: Exception | None = None
        for end in ends:
            end.progress.on_secured = self._count

    def start(self) -> Self:
        """Begin."""
        self._start_ns = self._clock()
        for end in self.ends:
            end.start(0)
        self._running = Running("macsec key agreement", self._run)
        return self

    def stop(self) -> None:
        """End, and wipe the CAKs. Nothing is said to anybody; SecYs have their owners."""
        if self._running is not None and self._running.stop():
            for end in self.ends:
                end.kay.chain.wipe()
            os.close(self._secured)

    def fileno(self) -> int:
        """An eventfd that can be read once every end has been secured; until `stop`."""
        return self._secured

    def check(self) -> None:
        """Raise MACsecError if the thread ended by itself."""
        if self._failure is not None:
            raise MACsecError(f"key agreement ended: {self._failure}") from self._failure

    def _count(self) -> None:
        self._unsecured -= 1
        if not self._unsecured:
            os.eventfd_write(self._secured, 1)

    @property
    def _now_ns(self) -> int:
        return self._clock() - self._start_ns

    def _run(self, stop: int) -> int:
        try:
            self._drive(stop)
        except (MACsecError, OSError) as error:
            self._failure = error
            return errno.EIO
        return 0

    def _drive(self, stop: int) -> None:
        poll = select.poll()
        by_descriptor = {end.fileno(): end for end in self.ends}
        for descriptor in (stop, *by_descriptor):
            poll.register(descriptor, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(self._pause_ms())}
            if stop in ready:
                return
            with self.lock:
                for descriptor in ready:
                    by_descriptor[descriptor].hear(self._now_ns)
                self._settle_due()

    def _settle_due(self) -> None:
        for end in self.ends:
            due_ns, now_ns = end.due_ns(), self._now_ns
            if due_ns is not None and due_ns <= now_ns:
                end.settle(now_ns)

    def _pause_ms(self) -> int:
        """How long nothing is due, rounded up: who comes too early has to come again."""
        due = min((at for end in self.ends if (at := end.due_ns()) is not None), default=None)
        if due is None:
            return LONGEST_MS
        return max(0, min(LONGEST_MS, -((self._now_ns - due) // NS_PER_MS)))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
