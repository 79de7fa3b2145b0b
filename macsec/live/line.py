"""A link's impairments in real time: frames from one end leave at the other when they are due."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Self

from macsec.errors import EnvironmentLacks, MACsecError
from macsec.live.native_thread import NativeThread
from macsec.live.pump import FrameEnd
from macsec.native import load
from macsec.wire.impairments import starts
from macsec.wire.lane import LinkStats
from macsec.wire.native_lane import NativeLane, stats_of
from macsec.wire.params import LinkParams

ENDS = ("", "end a of ", "end b of ")


class LineStats(NamedTuple):
    """Counts of a direction. `dropped`: the far end refused the frame. `refused`: over 64 KiB."""

    wire: LinkStats
    dropped: int
    refused: int


class Line:
    """Moves frames between two ends, from `start()` to `stop()`, in a thread without the GIL.

    `params`: from `a` to `b`, and back; the wire is the one of virtual time, with its random
    streams. The caller owns the ends: stop the line before closing them. Delays are exact to some
    50 us, as fast as the system wakes a thread; virtual time is exact.
    """

    def __init__(
        self,
        a: FrameEnd,
        b: FrameEnd,
        params: tuple[LinkParams, LinkParams],
        seed: int = 0,
        name: str = "wire",
    ) -> None:
        library = load("auto", needs="macsec_line_new")
        if library is None:
            raise EnvironmentLacks("a line in real time needs the native data plane, on Linux")
        self._ffi, self._lib = library.ffi, library.lib
        self.name = name
        self._ends = a, b
        self._lanes = [
            NativeLane(given, starts(given, seed, name, way), way, self._ffi, self._lib)
            for way, given in enumerate(params)
        ]
        wires = [lane.wire for lane in self._lanes]
        made = self._lib.macsec_line_new(*wires, a.fileno(), b.fileno())
        if made == self._ffi.NULL:
            raise EnvironmentLacks("no memory for the frames on a line")
        self._line = self._ffi.gc(made, self._lib.macsec_line_free)
        self._failed: Any = self._ffi.new("macsec_which_end *")
        self._thread: NativeThread | None = None

    def step(self, now_ps: int) -> None:
        """Run one round at a time that the caller chooses, of a line that was not started."""
        self._check(self._lib.macsec_line_step(self._line, now_ps, self._failed))

    def start(self) -> Self:
        """Start the thread."""
        if self._thread is not None:
            raise MACsecError("a line runs once: make a new one")
        self._thread = NativeThread(f"macsec line {self.name}", self._run)
        return self

    def _run(self, stop: int) -> int:
        # A method, so that the lanes live as long as the thread.
        return int(self._lib.macsec_line_run(self._line, stop, self._failed))

    def stop(self) -> None:
        """Stop. Frames in flight are lost; the counts stay."""
        if self._thread is not None:
            self._thread.stop()

    def fileno(self) -> int:
        """Return an eventfd that can be read once it ended by itself; between start and stop."""
        if self._thread is None:
            raise MACsecError("the line does not run")
        return self._thread.fileno()

    def check(self) -> None:
        """Raise MACsecError if it ended because one of its ends failed."""
        if self._thread is not None:
            self._thread.check(self._what())

    @property
    def stats(self) -> tuple[LineStats, LineStats]:
        """The counts of both directions so far, also while it runs."""
        return self._stats(0), self._stats(1)

    def _stats(self, way: int) -> LineStats:
        stats: Any = self._ffi.new("macsec_wire_stats *")
        counts = self._ffi.new("macsec_line_counts *")
        self._lib.macsec_line_read(self._line, way, stats, counts)
        return LineStats(stats_of(stats), counts.dropped, counts.refused)

    def _check(self, failed: int) -> None:
        if failed:
            raise MACsecError(f"{self._what()} failed: {os.strerror(failed)}")

    def _what(self) -> str:
        """Name the end that failed, by macsec_which_end, or the line where none did."""
        return f"{ENDS[self._failed[0]]}the line {self.name}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
