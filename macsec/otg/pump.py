"""Virtual time in step with a clock, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from macsec.time_units import NS_PER_MS, NS_PER_S

from .service import TrafficGenerator

SLICE_NS = 10 * NS_PER_MS
"""Virtual time between which requests are answered, at most."""
LEAST_NS = 10_000
PATIENCE_NS = 50 * NS_PER_MS
"""The time of the clock that a slice should take at most."""


class TimePump:
    """Advances a service at `speed` times the clock, or more slowly if there is too much to do.

    Time that was lost is not caught up: requests never wait for more than a slice. `on_failure` is
    called, and `failure` set, if virtual time cannot go on.
    """

    def __init__(
        self,
        service: TrafficGenerator,
        clock: Callable[[], int],
        speed: float,
        on_failure: Callable[[], None],
    ) -> None:
        self._service = service
        self._clock = clock
        self._speed = speed
        self._on_failure = on_failure
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="otg pump", daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._pump()
        except BaseException as error:
            self.failure = error
            self._on_failure()

    def _pump(self) -> None:
        slice_ns, due_ns, changes = LEAST_NS, self._clock(), 0
        while not self._stop.is_set():
            now_ns = self._clock()
            if now_ns < due_ns:
                self._stop.wait((due_ns - now_ns) / NS_PER_S)
                continue
            if self._service.changes != changes:  # what a slice takes is unknown now
                slice_ns, changes = LEAST_NS, self._service.changes
            if not self._service.advance(slice_ns):
                due_ns = now_ns + SLICE_NS
                continue
            period_ns = max(1, round(slice_ns / self._speed))
            due_ns = max(due_ns, now_ns - 10 * period_ns) + period_ns
            slice_ns = _fitting(slice_ns, self._clock() - now_ns)


def _fitting(slice_ns: int, took_ns: int) -> int:
    """Return the next slice: shorter if the last one took long, so that no request waits for it."""
    if took_ns > PATIENCE_NS:
        return max(LEAST_NS, slice_ns * PATIENCE_NS // took_ns)
    return min(SLICE_NS, 2 * slice_ns)
