"""Frames between a clear end and a wire end in real time, through one SecY, by a thread in C."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol, Self

from macsec.errors import EnvironmentLacks, MACsecError
from macsec.live.native_thread import NativeThread
from macsec.native import load
from macsec.secy import SecY

COUNTS = (
    *("frames_in", "octets_in", "batches", "frames_out", "octets_out"),
    *("too_long", "dropped", "blocked"),
)
TO_WIRE, FROM_WIRE = 0, 1
ENDS = ("the pump", "the clear end", "the wire end")
"""By macsec_which_end: the first two words of an error."""


class FrameEnd(Protocol):
    """An open file that reads and writes one frame at a time, and does not block."""

    def fileno(self) -> int:
        """Return the file descriptor."""


class Traffic(NamedTuple):
    """Counts of a pump in each direction.

    `frames_in`, `octets_in`: read from one end, in `batches` batches. `frames_out`, `octets_out`:
    written to the other. `too_long`, `dropped`: refused by the other end, for their length or
    because it is full or down. `blocked`: the Controlled Port was closed. The SecY's counters have
    all other frames that came in and did not go out.
    """

    to_wire: Mapping[str, int]
    from_wire: Mapping[str, int]


class Pump:
    """Moves frames from `start()` to `stop()`, once, in a thread without the GIL.

    It holds the SecY for one batch at a time: management and counters have their turn in between,
    and closing the SecY stops the pump. The caller owns `clear` and `wire`: stop the pump before
    closing them. `opened`: the Controlled Port is open from the start; a closed one passes nothing.
    """

    def __init__(
        self, clear: int | FrameEnd, wire: int | FrameEnd, secy: SecY, *, opened: bool = True
    ) -> None:
        self._ends, self._secy = (clear, wire), secy
        self._opened = opened
        self._pump: Any = None
        self._library: Any = None
        self._failed: Any = None
        self._thread: NativeThread | None = None
        self._guard = threading.Lock()

    def start(self) -> Self:
        """Start the thread. Raises EnvironmentLacks for a SecY on the reference data plane."""
        with self._guard:
            if self._pump is not None:
                raise MACsecError("a pump runs once: make a new one")
            loan = self._secy.lend(self.stop)
            library = self._library = load("native", needs="macsec_pump_new")
            ffi, lib = library.ffi, library.lib
            made = lib.macsec_pump_new(loan.secy, loan.lock, *map(_descriptor, self._ends))
            if made == ffi.NULL:
                self._secy.take_back(self.stop)
                raise EnvironmentLacks("no memory for the batches of a pump")
            pump = self._pump = ffi.gc(made, lib.macsec_pump_free)
            lib.macsec_pump_open(pump, self._opened)
            self._failed = failed = ffi.new("macsec_which_end *")
            run = partial(_run, self, lib.macsec_pump_run, pump, failed)
            self._thread = NativeThread("macsec pump", run)
        return self

    @property
    def secy(self) -> SecY:
        """The SecY that frames go through."""
        return self._secy

    def open(self, opened: bool) -> None:
        """Open or close the Controlled Port. A closed one passes nothing once this has returned."""
        with self._guard:
            self._opened = opened
            if self._thread is not None:
                self._library.lib.macsec_pump_open(self._pump, opened)

    def fileno(self) -> int:
        """Return an eventfd that can be read once it ended by itself; between start and stop."""
        if self._thread is None:
            raise MACsecError("the pump was not started")
        return self._thread.fileno()

    def end(self) -> None:
        """Make it end, from any thread, without waiting."""
        if self._thread is not None:
            self._thread.end()

    def stop(self) -> None:
        """Stop, and wait for that. Frames of its last batch may be dropped; the counts stay."""
        with self._guard:
            if self._thread is not None and self._thread.stop():
                self._secy.take_back(self.stop)

    @property
    def running(self) -> bool:
        """True while it moves frames."""
        return self._thread is not None and self._thread.alive

    def check(self) -> None:
        """Raise MACsecError if it ended because one of its ends failed."""
        if self._thread is not None:
            self._thread.check(ENDS[self._failed[0]])

    @property
    def traffic(self) -> Traffic:
        """The counts so far, also while it runs."""
        return Traffic(self._counts(TO_WIRE), self._counts(FROM_WIRE))

    def _counts(self, way: int) -> Mapping[str, int]:
        if self._pump is None:
            return dict.fromkeys(COUNTS, 0)
        ffi, lib = self._library.ffi, self._library.lib
        counts = ffi.new("macsec_pump_counts *")
        lib.macsec_pump_read(self._pump, way, counts)
        return {name: getattr(counts, name) for name in COUNTS}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _run(pump: Pump, run: Any, in_c: Any, failed: Any, stop: int) -> int:
    """Run the loop in C; the thread holds the pump, and so the SecY, meanwhile."""
    return int(run(in_c, stop, failed))


def _descriptor(end: int | FrameEnd) -> int:
    return end if isinstance(end, int) else end.fileno()
