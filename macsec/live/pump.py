"""Frames between a clear end and a wire end in real time, through one SecY, by a thread in C."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol, Self

from macsec.errors import EnvironmentLacks, MACsecError
from macsec.live.native_thread import Running
from macsec.native import load
from macsec.secy import SecY

COUNTS = (
    *("frames_in", "octets_in", "batches", "frames_out", "octets_out"),
    *("too_long", "dropped", "blocked"),
)
TO_WIRE, FROM_WIRE = 0, 1
ENDS = ("the pump", "the clear end", "the wire end")
"""By macsec_which_end: the first two words of an error."""


class End(Protocol):
    """What has a file descriptor that keeps frames apart and does not block."""

    def fileno(self) -> int:
        """The file descriptor."""


class Traffic(NamedTuple):
    """What a pump moved in each direction.

    `frames_in`, `octets_in`: read from one end, in so many `batches`. `frames_out`, `octets_out`:
    written to the other. `too_long`, `dropped`: the other end refused them, for their length or
    because it is full or down. `blocked`: the Controlled Port was closed. What else lies between
    in and out, the SecY's counters tell.
    """

    to_wire: Mapping[str, int]
    from_wire: Mapping[str, int]


class Pump:
    """Moves frames from `start()` to `stop()`, once, in a thread that does without the GIL.

    Meanwhile it has the SecY a batch at a time: management and counters go in between, and closing
    the SecY stops the pump. `clear` and `wire` stay the caller's: stop it before closing them.
    `opened`: whether the Controlled Port is open from the start; while it is not, nothing passes.
    """

    def __init__(
        self, clear: int | End, wire: int | End, secy: SecY, *, opened: bool = True
    ) -> None:
        self._ends, self._secy = (clear, wire), secy
        self._opened = opened
        self._pump: Any = None
        self._library: Any = None
        self._failed: Any = None
        self._running: Running | None = None
        self._guard = threading.Lock()

    def start(self) -> Self:
        """Begin. Raises EnvironmentLacks for a SecY on the reference data plane."""
        with self._guard:
            if self._pump is not None:
                raise MACsecError("a pump runs once: make another")
            loan = self._secy.lend(self.stop)
            library = self._library = load("native", needs="macsec_pump_new")
            ffi, lib = library.ffi, library.lib
            made = lib.macsec_pump_new(loan.secy, loan.lock, *map(_descriptor, self._ends))
            if made == ffi.NULL:
                self._secy.take_back(self.stop)
                raise EnvironmentLacks("no memory for the frames that a pump has in hand")
            pump = self._pump = ffi.gc(made, lib.macsec_pump_free)
            lib.macsec_pump_open(pump, self._opened)
            self._failed = failed = ffi.new("macsec_which_end *")
            run = partial(_run, self, lib.macsec_pump_run, pump, failed)
            self._running = Running("macsec pump", run)
        return self

    @property
    def secy(self) -> SecY:
        """The SecY that frames go through."""
        return self._secy

    def open(self, opened: bool) -> None:
        """Open or close the Controlled Port. Once this returns, a closed one lets nothing in."""
        with self._guard:
            self._opened = opened
            if self._running is not None:
                self._library.lib.macsec_pump_open(self._pump, opened)

    def fileno(self) -> int:
        """An eventfd that can be read once the pump ended by itself; between start and stop."""
        if self._running is None:
            raise MACsecError("the pump was not started")
        return self._running.fileno()

    def end(self) -> None:
        """Ask it to end, from any thread, and do not wait."""
        if self._running is not None:
            self._running.end()

    def stop(self) -> None:
        """End, and wait for it. Frames in hand are let go; the counts stay."""
        with self._guard:
            if self._running is not None and self._running.stop():
                self._secy.take_back(self.stop)

    @property
    def running(self) -> bool:
        """Whether it moves frames now."""
        return self._running is not None and self._running.alive

    def check(self) -> None:
        """Raise MACsecError if it ended because one of its ends failed."""
        if self._running is not None:
            self._running.check(ENDS[self._failed[0]])

    @property
    def traffic(self) -> Traffic:
        """The counts as they stand, also while it runs."""
        return Traffic(self._counts(TO_WIRE), self._counts(FROM_WIRE))

    def _counts(self, way: int) -> Mapping[str, int]:
        if self._pump is None:
            return dict.fromkeys(COUNTS, 0)
        ffi, lib = self._library.ffi, self._library.lib
        told = ffi.new("macsec_pump_counts *")
        lib.macsec_pump_read(self._pump, way, told)
        return {name: getattr(told, name) for name in COUNTS}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _run(pump: Pump, run: Any, in_c: Any, failed: Any, stop: int) -> int:
    """Run the loop in C. `pump` keeps the pump, and with it the SecY, as long as the thread."""
    return int(run(in_c, stop, failed))


def _descriptor(end: int | End) -> int:
    return end if isinstance(end, int) else end.fileno()
