"""One direction of a link for frames by the batch, on the C twin of a lane or on the lane itself.

For traffic whose times are known beforehand, a capture for one: no engine and no ports. Seed, name
and direction give the same history as on a Link that is alone on an engine, digest and all.
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
from macsec.wire.engine import HORIZON_PS
from macsec.wire.fields import turned
from macsec.wire.impairments import Starts, starts
from macsec.wire.lane import Lane, LinkStats, Sent
from macsec.wire.native_lane import Ends, NativeLane, Picked
from macsec.wire.params import LinkParams
from macsec.wire.trace import RECORDS, Fate, Record, Trace, pack


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """What came out of a wire.

    `batch`: the frames that arrived, in that order and as they arrived; `time_ns` is when, cut
    off. `time_ps`: exactly when. `number`: of each, its number among all sent, from 1. `ends`:
    every end in order, of those that did not arrive too.
    """

    batch: FrameBatch
    time_ps: Column
    number: Column
    ends: Ends


_NONE: Column = np.zeros(0, np.int64)


class _Runner(Protocol):
    """A lane, driven by columns."""

    @property
    def stats(self) -> LinkStats: ...
    def send(self, batch: FrameBatch, time_ps: Column) -> Ends: ...
    def drain(self) -> Ends: ...
    def oldest(self) -> int | None: ...
    def gather(self, arenas: list[Octets], source: Column, pick: Picked) -> Octets: ...


class Carrier:
    """A wire in one direction, 0 (a to b) or 1. One thread at a time.

    `backend`: "native", "reference", or "auto" for the first that is there.
    """

    def __init__(
        self,
        params: LinkParams,
        seed: int = 0,
        name: str = "wire",
        direction: int = 0,
        backend: str = "auto",
    ) -> None:
        start = starts(params, seed, name, direction)
        library = load(backend, needs="macsec_wire_new")
        self._lane: _Runner = (
            _ReferenceLane(params, start, direction)
            if library is None
            else NativeLane(params, start, direction, library.ffi, library.lib)
        )
        self._trace = Trace()
        self._trace.name(0, name)
        self._now_ps = 0
        # Batches of which frames are on their way, and the number of their first.
        self._kept: deque[FrameBatch] = deque()
        self._first = 1

    @property
    def stats(self) -> LinkStats:
        """What happened so far."""
        return self._lane.stats

    @property
    def digest(self) -> str:
        """SHA-256 of the trace so far, in hex."""
        return self._trace.digest

    def carry(self, batch: FrameBatch, time_ps: ArrayLike | None = None) -> Carried:
        """Send frames at their `time_ns`, or at `time_ps`; gives what came out up to the last.

        Raises ConfigError for times that go back, also behind those of the batch before.
        """
        given = batch.time_ns * PS_PER_NS if time_ps is None else time_ps
        times = np.ascontiguousarray(given, np.int64)
        self._check(batch, times)
        self._kept.append(batch)
        return self._carried(self._lane.send(batch, times))

    def finish(self) -> Carried:
        """Let come out what is on its way."""
        return self._carried(self._lane.drain())

    def _check(self, batch: FrameBatch, times: Column) -> None:
        if times.shape != batch.start.shape:
            raise ConfigError(f"time_ps: {len(times)} times for {len(batch)} frames")
        if (batch.length != batch.wire_length).any():
            raise ConfigError("batch: the capture cut frames short; they cannot be sent again")
        if len(times) and (
            times[-1] > HORIZON_PS or (np.diff(times, prepend=self._now_ps) < 0).any()
        ):
            raise ConfigError("time_ps: times have to rise, from 0 to 53 days; sort the frames")
        self._now_ps = int(times[-1]) if len(times) else self._now_ps

    def _carried(self, ends: Ends) -> Carried:
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
        """The frames of these numbers, with the bits that turned on the way."""
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


class _ReferenceLane:
    """The lane itself, driven by columns."""

    def __init__(self, params: LinkParams, start: Starts, direction: int) -> None:
        self._lane = Lane(params, start, self._note)
        self._direction = direction
        self._rows: list[tuple[int, int, bytes]] = []

    @property
    def stats(self) -> LinkStats:
        return self._lane.stats

    def send(self, batch: FrameBatch, time_ps: Column) -> Ends:
        for frame, now_ps in zip(batch.frames(), time_ps.tolist(), strict=True):
            self._pop_until(now_ps)
            self._lane.send(now_ps, frame)
        return self._ends()

    def drain(self) -> Ends:
        self._pop_until(HORIZON_PS)
        return self._ends()

    def oldest(self) -> int | None:
        return min(self._lane.waiting(), default=None)

    def gather(self, arenas: list[Octets], source: Column, pick: Picked) -> Octets:
        parts = []
        for at, start, length, bit in zip(source, *pick, strict=True):
            frame = arenas[at][start : start + length].tobytes()
            parts.append(turned(frame, int(bit)) if bit >= 0 else frame)
        return np.frombuffer(b"".join(parts), np.uint8)

    def _pop_until(self, until_ps: int) -> None:
        while (due := self._lane.next_ps) is not None and due <= until_ps:
            popped = self._lane.pop(due)
            if popped is not None and popped[0] is Fate.ARRIVED:
                self._note(due, *popped)

    def _note(self, time_ps: int, fate: Fate, sent: Sent) -> None:
        record = Record.of(time_ps, 0, self._direction, fate, sent.mark, sent.frame)
        self._rows.append((sent.number, sent.bit, pack(record)))

    def _ends(self) -> Ends:
        rows, self._rows = self._rows, []
        number = np.array([row[0] for row in rows], np.int64)
        bit = np.array([row[1] for row in rows], np.int64)
        return Ends(number, bit, np.frombuffer(b"".join(row[2] for row in rows), RECORDS))
