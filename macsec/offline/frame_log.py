"""Account of the verdicts of a capture for a report: counts over time, and samples of frames.

Bounded, however long the capture is: a fixed number of bins, whose width doubles as needed, and a
fixed number of frames of each verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from macsec.frames import Column, FrameBatch
from macsec.secy import Outcome, Verdict

from .replay import ReceivedBatch

BINS = 120
FIRST_WIDTH_NS = 1_000
KEPT = 4
"""Frames that are kept of each verdict that refuses."""
OCTETS = 512
"""Octets that are kept of a frame."""

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class RefusedFrame:
    """A frame that was not delivered: its number from 0, and its first octets."""

    index: int
    time_ns: int
    verdict: Verdict
    sci: int | None
    an: int | None
    pn: int | None
    length: int
    octets: bytes
    way: str = ""


class FrameLog:
    """Verdicts so far. Call `add` in the order of the frames."""

    def __init__(self) -> None:
        self.frames = 0
        self.start_ns: int | None = None
        self.width_ns = FIRST_WIDTH_NS
        self.refused: list[RefusedFrame] = []
        self._bins: NDArray[np.int64] = np.zeros((len(Verdict), BINS), np.int64)
        self._kept = dict.fromkeys(Verdict, 0)

    def validated(self, outcome: Outcome, batch: FrameBatch, first: int) -> None:
        """Take the outcome of a batch of received frames; `first` is the index of its first."""
        self._count(outcome.codes, batch.time_ns)
        for row in self._to_keep(outcome.codes):
            self._keep(outcome, row, batch, row, first + row)

    def replayed(self, received: ReceivedBatch, first: int, ways: tuple[str, str]) -> None:
        """Take the outcome of a clear batch across a link: each frame is judged where it ended."""
        codes = np.full(len(received.clear), Verdict.OK, np.uint8)
        for part in received.parts:
            codes[part.rows] = part.protected.codes
            codes[part.sent] = part.validated.codes
        self._count(codes, received.clear.time_ns)
        kept = self._to_keep(codes)
        for part in received.parts:
            on_wire = {row: at for at, row in enumerate(part.sent.tolist())} if kept else {}
            at_sender = {row: at for at, row in enumerate(part.rows.tolist())} if kept else {}
            for row in kept:
                number, way = first + row, ways[part.side]
                if row in on_wire:
                    at = on_wire[row]
                    self._keep(part.validated, at, part.protected.batch, at, number, way)
                elif row in at_sender:
                    self._keep(part.protected, at_sender[row], received.clear, row, number, way)

    def counts(self) -> dict[Verdict, int]:
        """Return the frames of each verdict that occurred."""
        totals = self._bins.sum(axis=1).tolist()
        return {verdict: totals[verdict] for verdict in Verdict if totals[verdict]}

    def over_time(self) -> Mapping[Verdict, list[int]]:
        """Return the frames of each verdict that occurred, bin by bin up to the last used one."""
        used = np.flatnonzero(self._bins.any(axis=0))
        last = int(used[-1]) + 1 if len(used) else 0
        return {verdict: self._bins[verdict, :last].tolist() for verdict in self.counts()}

    def _count(self, codes: Codes, time_ns: Column) -> None:
        self.frames += len(codes)
        if not len(codes):
            return
        if self.start_ns is None:
            self.start_ns = int(time_ns[0])
        since = np.maximum(time_ns - self.start_ns, 0)
        while int(since.max()) >= self.width_ns * BINS:
            self._widen()
        flat = codes.astype(np.int64) * BINS + since // self.width_ns
        self._bins += np.bincount(flat, minlength=self._bins.size).reshape(self._bins.shape)

    def _widen(self) -> None:
        halved = self._bins.reshape(len(Verdict), BINS // 2, 2).sum(axis=2)
        self._bins[:, : BINS // 2], self._bins[:, BINS // 2 :] = halved, 0
        self.width_ns *= 2

    def _to_keep(self, codes: Codes) -> list[int]:
        """Return the rows of refused frames that are kept: the first ones of each verdict."""
        rows: list[int] = []
        for code in np.unique(codes).tolist():
            verdict = tuple(Verdict)[code]
            more = KEPT - self._kept[verdict]
            if not verdict.delivered and more > 0:
                found = np.flatnonzero(codes == code)[:more].tolist()
                self._kept[verdict] += len(found)
                rows += found
        return sorted(rows)

    def _keep(
        self, outcome: Outcome, at: int, batch: FrameBatch, row: int, index: int, way: str = ""
    ) -> None:
        octets = bytes(batch[row])
        self.refused.append(
            RefusedFrame(
                index,
                int(batch.time_ns[row]),
                tuple(Verdict)[int(outcome.codes[at])],
                *outcome.sci_an_pn(at),
                len(octets),
                octets[:OCTETS],
                way,
            )
        )
