"""One direction of a link for frames in batches, on the C twin of a lane.

For traffic whose times are known in advance, such as a capture: no engine and no ports. Seed, name
and direction give the same history as on a Link that is alone on an engine, digest included.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from macsec.errors import ConfigError
from macsec.frames import Column, FrameBatch, Octets
from macsec.native import load
from macsec.time_units import PS_PER_NS

from .engine import HORIZON_PS
from .impairments import Starts, starts
from .lane import LinkStats
from .native_lane import FrameEnds, NativeLane, Picked
from .params import LinkParams
from .trace import Fate, Trace


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """Frames that came out of a wire.

    `batch`: the frames that arrived, in that order and as they arrived; `time_ns` is the time of
    arrival, rounded down. `time_ps`: the exact time. `number`: of each, its number among all sent,
    from 1. `ends`: all ends in order, including those of frames that did not arrive.
    """

    batch: FrameBatch
    time_ps: Column
    number: Column
    ends: FrameEnds


_NONE: Column = np.zeros(0, np.int64)


class BatchLane(Protocol):
    """A lane that takes columns of frames and returns columns of ends."""

    @property
    def stats(self) -> LinkStats:
        """The counts so far."""

    def send(self, batch: FrameBatch, time_ps: Column) -> FrameEnds:
        """Send each frame at its time, after all that was due up to it."""

    def drain(self) -> FrameEnds:
        """Drain the frames in flight."""

    def oldest(self) -> int | None:
        """Return the lowest number of a frame on its way; None if there is none."""

    def gather(self, arenas: list[Octets], source: Column, pick: Picked) -> Octets:
        """Return the octets of frames, one after another, each from the arena of its `source`."""


class Carrier:
    """A wire in one direction, 0 (a to b) or 1, for one thread at a time.

    Raises EnvironmentLacks without the extension module.
    """

    def __init__(
        self, params: LinkParams, seed: int = 0, name: str = "wire", direction: int = 0
    ) -> None:
        self._lane = self._new_lane(params, starts(params, seed, name, direction), direction)
        self._trace = Trace()
        self._trace.name(0, name)
        self._now_ps = 0
        # Batches with frames on their way, and the number of their first frame.
        self._kept: deque[FrameBatch] = deque()
        self._first = 1

    def _new_lane(self, params: LinkParams, start: Starts, direction: int) -> BatchLane:
        library = load("native", needs="macsec_wire_new")
        return NativeLane(params, start, direction, library.ffi, library.lib)

    @property
    def stats(self) -> LinkStats:
        """The counts so far."""
        return self._lane.stats

    @property
    def digest(self) -> str:
        """SHA-256 of the trace so far, in hex."""
        return self._trace.digest

    def carry(self, batch: FrameBatch, time_ps: ArrayLike | None = None) -> Carried:
        """Send frames at their `time_ns`, or at `time_ps`; return what arrived up to the last.

        Raises ConfigError for times that go back, also behind those of the batch before.
        """
        given = batch.time_ns * PS_PER_NS if time_ps is None else time_ps
        times = np.ascontiguousarray(given, np.int64)
        self._check(batch, times)
        self._kept.append(batch)
        return self._carried(self._lane.send(batch, times))

    def finish(self) -> Carried:
        """Drain the frames in flight."""
        return self._carried(self._lane.drain())

    def _check(self, batch: FrameBatch, times: Column) -> None:
        if times.shape != batch.start.shape:
            raise ConfigError(f"time_ps: {len(times)} times for {len(batch)} frames")
        if (batch.length != batch.wire_length).any():
            raise ConfigError("batch: the capture cut frames short; they cannot be sent again")
        if len(times) and (
            times[-1] > HORIZON_PS or (np.diff(times, prepend=self._now_ps) < 0).any()
        ):
            raise ConfigError("time_ps: times must rise, from 0 to 53 days; sort the frames")
        self._now_ps = int(times[-1]) if len(times) else self._now_ps

    def _carried(self, ends: FrameEnds) -> Carried:
        self._trace.end_many(ends.records)
        arrived = ends.records["fate"] == Fate.ARRIVED
        number = ends.number[arrived]
        time_ps = ends.records["time_ps"][arrived].astype(np.int64)
        batch = self._gathered(number, ends.bit[arrived], time_ps // PS_PER_NS)
        oldest = self._lane.oldest()
        while self._kept and (oldest is None or oldest >= self._first + len(self._kept[0])):
            self._first += len(self._kept.popleft())
        return Carried(batch, time_ps, number, ends)

    def _gathered(self, number: Column, bit: Column, time_ns: Column) -> FrameBatch:
        """Return the frames of these numbers, with the flipped bits."""
        rows = number - self._first
        start, length, source = (
            np.concatenate([getattr(kept, name) for kept in self._kept] or [_NONE])[rows]
            for name in ("start", "length", "source")
        )
        if len(self._kept) == 1 and (bit < 0).all():
            return FrameBatch.trusted(self._kept[0].arena, start, length, time_ns, source)
        ends = np.cumsum([len(kept) for kept in self._kept])
        arenas = [kept.arena for kept in self._kept]
        which = np.searchsorted(ends, rows, "right")
        octets = self._lane.gather(arenas, which, Picked(start, length, bit))
        return FrameBatch.trusted(octets, np.cumsum(length) - length, length, time_ns, source)
