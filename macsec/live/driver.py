"""The loop of KaYs in real time: sockets in, timeouts, MKPDUs out."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from macsec.port import Agreement
from macsec.time_units import NS_PER_MS, NS_PER_S

from .eapol import Eapol

LONGEST_PAUSE_NS = 24 * 3600 * NS_PER_S
"""poll() takes at most 24 days; a CAK may begin years from now."""

Wait = Callable[[Sequence[int], int | None], Collection[int] | None]
"""`wait(descriptors, pause_ns)`: the descriptors that can be read, none of them once the pause is
over, None to end the loop. Without a pause it waits for a descriptor alone."""


class KayPort(NamedTuple):
    """A KaY with its SecY, and the socket for its MKPDUs."""

    agreement: Agreement
    eapol: Eapol


class Driver:
    """Drives KaYs in real time, from `start()` to `stop()`, by `run`.

    `clock()` gives the time of the KaYs in ns; it never goes back. `lock` is held while KaYs run:
    hold it to read them from another thread.
    """

    def __init__(self, ports: Sequence[KayPort], clock: Callable[[], int]) -> None:
        self.lock = threading.Lock()
        self._ports = {port.eapol.fileno(): port for port in ports}
        self._clock = clock

    def start(self) -> None:
        """Start every KaY."""
        with self.lock:
            for port in self._ports.values():
                port.agreement.start(self._clock())

    def stop(self) -> None:
        """Stop every KaY: ports close, SAs are deleted, SAKs wiped. Sends nothing."""
        with self.lock:
            for port in self._ports.values():
                port.agreement.stop(self._clock())

    def run(self, wait: Wait) -> None:
        """Take MKPDUs and do what is due, until `wait` returns None."""
        descriptors = list(self._ports)
        while (ready := wait(descriptors, self.pause_ns())) is not None:
            with self.lock:
                for descriptor, port in self._ports.items():
                    self._turn(port, descriptor in ready)

    def pause_ns(self) -> int | None:
        """Return the time until a KaY has work again; None if only a frame can bring it."""
        with self.lock:
            times = [port.agreement.next_timeout_ns() for port in self._ports.values()]
        due_ns = min((time for time in times if time is not None), default=None)
        return None if due_ns is None else min(max(0, due_ns - self._clock()), LONGEST_PAUSE_NS)

    def _turn(self, port: KayPort, readable: bool) -> None:
        """Take what has arrived, and then do what is due: a late turn loses no peer."""
        now_ns = self._clock()  # before the socket is read, so all that arrived by now is taken
        due_ns = port.agreement.next_timeout_ns()
        if readable or (due_ns is not None and due_ns <= now_ns):
            port.agreement.hear(now_ns, *port.eapol.frames())


def wait_until(stop: int) -> Wait:
    """Return a `Wait` that polls, and ends the loop once the descriptor `stop` can be read."""
    poll = select.poll()
    poll.register(stop, select.POLLIN)

    def wait(descriptors: Sequence[int], pause_ns: int | None) -> Collection[int] | None:
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        # poll() rounds a fraction of a millisecond up, so the loop never wakes too early.
        ready = {each for each, _ in poll.poll(None if pause_ns is None else pause_ns / NS_PER_MS)}
        return None if stop in ready else ready

    return wait
