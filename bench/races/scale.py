"""Cost of validating by the number of receive SCs: the same lengths from many and from one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from races.crowd import Crowd, make_crowd

from macsec.errors import MACsecError
from macsec.frames import FrameBatch, Octets
from macsec.measure.task import ROOM
from macsec.measure.timing import Timing, race
from macsec.native import load
from macsec.suites import SUITES

BATCH = 256
FRAMES = 200 * BATCH
"""More frames than SAs, and more octets than the caches hold between two rounds."""
MANY = 10_000


@dataclass(frozen=True, slots=True)
class ScaleRow:
    """One number of SCs in the race; times of all frames."""

    kernel: str
    scs: int
    frames: int
    timing: Timing

    @property
    def ns_per_frame(self) -> float:
        """Median over the rounds."""
        return self.timing.median / self.frames

    def ratio(self, one: ScaleRow) -> float:
        """Return the time over that of another row, the median of pairs of adjacent rounds."""
        return self.timing.ratio(one.timing)


class Arriving:
    """A contestant that handles all frames of a crowd, a C call for each batch."""

    backend = "native"
    batch = BATCH

    def __init__(self, crowd: Crowd, kernel: str, out: Octets) -> None:
        library = load("native")
        ffi, lib = library.ffi, library.lib
        self.kernel, self.frames = kernel, len(crowd.sealed)
        self._secy = crowd.receiver("native", kernel)
        self._pointer: Any = self._plane()._open()
        self._call: Callable[[Any, Any, Any], int] = ffi.addressof(lib, "macsec_validate")
        self._wide, self._narrow = np.zeros((5, BATCH), np.int64), np.zeros((2, BATCH), np.uint8)
        self._out = ffi.new("macsec_outcome *")
        self._out.arena = ffi.from_buffer("uint8_t[]", out, require_writable=True)
        self._out.capacity = len(out)
        wide = ffi.from_buffer("int64_t[]", self._wide)
        narrow = ffi.from_buffer("uint8_t[]", self._narrow)
        lib.macsec_outcome_columns(self._out, wide, narrow, BATCH)
        self._sealed = crowd.sealed
        self._given = [
            _given(ffi, crowd.sealed, row, min(BATCH, self.frames - row))
            for row in range(0, self.frames, BATCH)
        ]
        self._seen = 0
        self._check_octets(crowd.clear, out)

    def _plane(self) -> Any:
        return self._secy._plane

    def _check_octets(self, clear: FrameBatch, out: Octets) -> None:
        wanted = iter(clear.frames())
        for given in self._given:
            self._call(self._pointer, given, self._out)
            for start, length in self._wide[:2, : self._out.frames].T.tolist():
                if out[start : start + length].tobytes() != next(wanted, None):
                    raise MACsecError(f"kernel {self.kernel}: a frame is not what it should be")
        self._seen += 1
        self.check()

    def run(self, times: int) -> None:
        """Handle all batches `times` times."""
        call, secy, out = self._call, self._pointer, self._out
        for _ in range(times):
            for given in self._given:
                call(secy, given, out)
        self._seen += times

    def check(self) -> None:
        """Raise MACsecError unless every frame of every repetition was valid."""
        valid = self._secy.counters["InPktsOK"]
        if valid != self._seen * self.frames:
            raise MACsecError(f"kernel {self.kernel}: not all frames were valid")

    def close(self) -> None:
        """Wipe the keys."""
        self._secy.close()


def _given(ffi: Any, batch: FrameBatch, row: int, rows: int) -> Any:
    given = ffi.new("macsec_frames *")
    given.arena = ffi.from_buffer("uint8_t[]", batch.arena)
    given.start = ffi.from_buffer("int64_t[]", batch.start[row:])
    given.length = given.wire_length = ffi.from_buffer("int64_t[]", batch.length[row:])
    given.count = rows
    return given


def measure(
    kernel: str,
    scs: Sequence[int] = (1, MANY),
    frames: int = FRAMES,
    rounds: int = 15,
    step: Callable[[], None] = lambda: None,
) -> list[ScaleRow]:
    """Run a race of numbers of SCs; the first is the base of the ratios."""
    crowds = [make_crowd(SUITES["gcm-aes-128"], each, frames) for each in scs]
    octets = max(int(crowd.sealed.length.max()) for crowd in crowds)
    out: Octets = np.zeros(BATCH * (octets + ROOM), np.uint8)
    entered: list[Arriving] = []
    try:
        entered += (Arriving(crowd, kernel, out) for crowd in crowds)
        timings = race(entered, rounds, step)
        for contestant in entered:
            contestant.check()
    finally:
        for contestant in entered:
            contestant.close()
    return [
        ScaleRow(kernel, crowd.scs, frames, timing)
        for crowd, timing in zip(crowds, timings, strict=True)
    ]
