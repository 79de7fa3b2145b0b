"""A chain of two SecYs that handles one frame at a time: protect, then validate, each timed alone.

`NativeChain` runs and is timed in C (`_native/measure/latency.c`); `PythonChain` is its twin on the
reference plane, timed by `perf_counter_ns`.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np

from macsec.errors import ConfigError, MACsecError
from macsec.frames import FrameBatch
from macsec.measure.latency.histogram import Histogram, NativeHistogram, PythonHistogram
from macsec.measure.latency.offered import Offered, deadline, offer
from macsec.measure.task import ROOM, receiving_plane, sending_plane
from macsec.native import load
from macsec.secy.plane import DataPlane
from macsec.secy.verdict import Verdict
from macsec.suites import CipherSuite
from macsec.time_units import NS_PER_S

AREAS = 4
CALIBRATION_NS = 20_000_000
EMPTY_ROUNDS = 10_000
LANES = ("clock", "clear", "protect", "validate", "both")
"""The intervals of a frame: nothing, a copy, protect, validate, and the last two together."""


class IntervalClock(NamedTuple):
    """The clock that measures intervals.

    `empty_ns` is its own time, which is subtracted. It counts in steps of `step_ns`: many
    processors advance their counter in steps far coarser than its unit, and times are whole steps.
    """

    source: str
    ns_per_tick: float
    empty_ns: float
    step_ns: float


class Load(NamedTuple):
    """Frames offered at a rate, their fates, and their latency from when they were due."""

    frames_per_s: float
    offered: Offered
    latency: Histogram


class Chain(Protocol):
    """Two SecYs, one sending to the other, and frames of one length that come in turn."""

    @property
    def backend(self) -> str:
        """The data plane."""

    @property
    def kernel(self) -> str:
        """Its AES-GCM kernel."""

    @property
    def clock(self) -> IntervalClock:
        """The clock that measures."""

    def lanes(self, frames: int) -> dict[str, Histogram]:
        """Time n frames in every lane. Raises MACsecError if one did not come back."""

    def load(self, frames_per_s: float, frames: int, ring: int) -> Load:
        """Offer n frames at a rate, through a ring. Raises ConfigError and MACsecError."""

    def close(self) -> None:
        """Wipe the keys."""


def make_chain(
    suite: CipherSuite, encrypt: bool, frames: FrameBatch, backend: str, kernel: str | None
) -> Chain:
    """Make a chain on a data plane; `auto` is the native one where it was built.

    Raises ConfigError where there is no frame.
    """
    if len(frames) == 0:
        raise ConfigError("no frames: there is nothing to time")
    tx = sending_plane(suite, encrypt, backend, kernel)
    rx = receiving_plane(suite, encrypt, backend, kernel)
    return (PythonChain if tx.name == "reference" else NativeChain)(tx, rx, frames)


class NativeChain:
    """A chain of two native planes."""

    def __init__(self, tx: Any, rx: Any, frames: FrameBatch) -> None:
        self._native, self._planes = load("native", needs="macsec_chain_lanes"), (tx, rx)
        ffi, lib = self._native.ffi, self._native.lib
        self.backend, self.kernel = tx.name, tx.kernel
        area = int(frames.length.max()) + ROOM
        self._room = np.zeros(AREAS * area, np.uint8)
        self._given = ffi.new("macsec_frames *")
        # Named, so that they stay: C holds bare addresses.
        self._columns = [
            ffi.from_buffer("uint8_t[]", frames.arena),
            ffi.from_buffer("int64_t[]", frames.start),
            ffi.from_buffer("int64_t[]", frames.length),
        ]
        self._given.arena, self._given.start, self._given.length = self._columns
        self._given.wire_length, self._given.count = self._given.length, len(frames)
        chain = self._chain = ffi.new("macsec_chain *")
        chain.given, chain.area = self._given, area
        chain.room = ffi.from_buffer("uint8_t[]", self._room, require_writable=True)
        chain.ns_per_tick = lib.macsec_clock_ns_per_tick(CALIBRATION_NS)
        chain.empty_ticks = lib.macsec_clock_empty(EMPTY_ROUNDS)
        source = "time stamp counter" if lib.macsec_clock_is_tsc() else "clock_gettime"
        step, scale = lib.macsec_clock_step(EMPTY_ROUNDS), chain.ns_per_tick
        self.clock = IntervalClock(source, scale, chain.empty_ticks * scale, step * scale)

    def lanes(self, frames: int) -> dict[str, Histogram]:
        """Time n frames in every lane."""
        ffi, lib = self._native.ffi, self._native.lib
        histograms = {name: NativeHistogram(self._native) for name in LANES}
        pointers = {name: each.pointer for name, each in histograms.items()}
        lib.macsec_chain_lanes(self._open(), ffi.new("macsec_lanes *", pointers), frames)
        _check(self._chain.faults)
        return dict(histograms)

    def load(self, frames_per_s: float, frames: int, ring: int) -> Load:
        """Offer n frames at a rate."""
        ffi, lib = self._native.ffi, self._native.lib
        _check_load(frames_per_s, ring)
        latency, places = NativeHistogram(self._native), np.zeros(ring, np.int64)
        given = ffi.new("macsec_offer *")
        given.interval_ticks = NS_PER_S / frames_per_s / self._chain.ns_per_tick
        given.deadline_ticks = deadline(given.interval_ticks, frames)
        given.frames, given.capacity, given.latency = frames, ring, latency.pointer
        given.ring = ffi.from_buffer("int64_t[]", places, require_writable=True)
        lib.macsec_chain_offer(self._open(), given)
        _check(self._chain.faults)
        offered = Offered(frames, given.handled, given.late, given.lost, given.ticks)
        return Load(frames_per_s, offered, latency)

    def close(self) -> None:
        """Wipe the keys."""
        _close(self._planes)

    def _open(self) -> Any:
        """Return the argument of the C calls. Raises MACsecError once the keys are wiped."""
        self._chain.tx, self._chain.rx = (plane._open() for plane in self._planes)
        return self._chain


class PythonChain:
    """A chain of two reference planes."""

    def __init__(self, tx: DataPlane, rx: DataPlane, frames: FrameBatch) -> None:
        self._tx, self._rx, self._frames, self._next = tx, rx, frames.frames(), 0
        self.backend, self.kernel = tx.name, tx.kernel
        self._faults = 0
        empty = [_empty_interval() for _ in range(EMPTY_ROUNDS)]
        steps = {abs(a - b) for a, b in pairwise(empty)} - {0}
        self._empty = min(empty)
        self.clock = IntervalClock("perf_counter_ns", 1.0, self._empty, min(steps, default=1))

    def lanes(self, frames: int) -> dict[str, Histogram]:
        """Time n frames in every lane."""
        histograms: dict[str, Histogram] = {name: PythonHistogram() for name in LANES}
        for row in range(frames):
            frame = self._following()
            self._count(histograms["clock"], _empty_interval())
            steps = (self._time_clear, self._time_protected)
            for step in reversed(steps) if row & 1 else steps:
                step(histograms, frame)
        _check(self._faults)
        return histograms

    def load(self, frames_per_s: float, frames: int, ring: int) -> Load:
        """Offer n frames at a rate."""
        _check_load(frames_per_s, ring)
        latency = PythonHistogram()
        offered = offer(self, NS_PER_S / frames_per_s, frames, ring, latency.record)
        _check(self._faults)
        return Load(frames_per_s, offered, latency)

    def close(self) -> None:
        """Wipe the keys."""
        _close((self._tx, self._rx))

    # ---------------------------------------------------------------- a Server

    def now(self) -> int:
        """Return the time in ns."""
        return time.perf_counter_ns()

    def wait(self, due: int) -> None:
        """Return at once: a sleep would be too coarse."""

    def handle(self) -> None:
        """Send one frame across the chain."""
        frame = self._following()
        _, sent = self._tx.protect_frame(frame)
        self._receive(frame, sent)

    # ---------------------------------------------------------------- one frame

    def _following(self) -> bytes:
        frame = self._frames[self._next]
        self._next = (self._next + 1) % len(self._frames)
        return frame

    def _receive(self, frame: bytes, sent: bytes | None) -> None:
        verdict, back = self._rx.validate_frame(sent or b"")
        self._faults += verdict is not Verdict.OK or back != frame

    def _count(self, histogram: Histogram, interval: int) -> None:
        histogram.record(interval - self._empty)

    def _time_clear(self, histograms: dict[str, Histogram], frame: bytes) -> None:
        begin = time.perf_counter_ns()
        bytearray(frame)
        self._count(histograms["clear"], time.perf_counter_ns() - begin)

    def _time_protected(self, histograms: dict[str, Histogram], frame: bytes) -> None:
        begin = time.perf_counter_ns()
        _, sent = self._tx.protect_frame(frame)
        between = time.perf_counter_ns()
        self._receive(frame, sent)
        protect, validate = between - begin, time.perf_counter_ns() - between
        self._count(histograms["protect"], protect)
        self._count(histograms["validate"], validate)
        self._count(histograms["both"], protect + validate - self._empty)


def _empty_interval() -> int:
    begin = time.perf_counter_ns()
    return time.perf_counter_ns() - begin


def _check_load(frames_per_s: float, ring: int) -> None:
    if frames_per_s <= 0 or ring < 1:
        raise ConfigError(f"{frames_per_s} frames a second through a ring of {ring}: above 0, both")


def _check(faults: int) -> None:
    if faults:
        raise MACsecError(f"{faults} frames did not come back as they were: nothing is measured")


def _close(planes: tuple[DataPlane, DataPlane]) -> None:
    for plane in planes:
        plane.close()
