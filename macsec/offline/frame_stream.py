"""A capture in, a capture out: batches with what is beside them, through stages of work."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from macsec import captures
from macsec.captures import Beside
from macsec.captures.formats import MAX_CAPTURED
from macsec.captures.output import Sink
from macsec.errors import FormatError
from macsec.frames import FrameBatch
from macsec.frames.signs import FrameSigns
from macsec.secy import Outcome, Verdict

from . import pipeline
from .pipeline import Last

LOG = logging.getLogger("macsec")

RECORD_HEADER = {"pcap": 16, "pcapng": 32}
"""Octets of a file beside each frame, for the progress bar."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A batch of a capture, and what is beside it. `first`: the number of its first frame."""

    batch: FrameBatch
    first: int
    beside: Beside
    octets: int  # of the capture, up to the end of this batch


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A batch for OUT, with what is beside it, and `lines` for the file of verdicts."""

    batch: FrameBatch
    beside: Beside | None = None
    comments: Sequence[str | None] | None = None
    lines: bytes = b""


class FrameStream:
    """The batches of a capture. A fault ends them and is kept in `fault`, for after the output.

    Use it as an iterable of batches, where `rows` counts the frames before the current batch; or
    call `take` for each piece, and `show` when the work on that piece is done.
    """

    def __init__(self, reader: captures.Reader) -> None:
        self._reader = reader
        self.fault: FormatError | None = None
        self.rows = 0
        self.signs = FrameSigns()
        self._warned = False
        self._beside: Counter[str] = Counter()
        self._pieces = self._walk()

    def _walk(self) -> Iterator[Piece]:
        reader, header = self._reader, RECORD_HEADER[self._reader.format]
        try:
            for batch in reader:
                self.signs.add(batch)
                frames = reader.frames
                octets = reader.octets + header * frames
                yield Piece(batch, frames - len(batch), reader.beside, octets)
        except FormatError as fault:
            if not (fault.truncated and self.stopped):
                self.fault = fault

    @property
    def stopped(self) -> bool:
        """Return whether a caller ended the input early."""
        return False

    def working(self) -> AbstractContextManager[Any]:
        """Return the context of the work on all pieces."""
        return nullcontext()

    def take(self) -> Piece | None:
        """Return the next piece, None after the last."""
        return next(self._pieces, None)

    def behind(self) -> Beside:
        """Return what comes behind the last frame, after the last piece."""
        return self._reader.behind()

    def show(self, piece: Piece) -> None:
        """Note that the work on a piece is done."""

    def __iter__(self) -> Iterator[FrameBatch]:
        while (piece := self.take()) is not None:
            self._beside += piece.beside.all_lost()
            self.rows = piece.first
            yield piece.batch
            self.show(piece)

    def beside_frames(self) -> Counter[str]:
        """Return what was beside the frames of all batches, and behind them, by name."""
        return self._beside + self.behind().all_lost()

    @property
    def truncated(self) -> int:
        """Frames that a snap length cut."""
        return self._reader.truncated

    @property
    def format(self) -> str:
        """The format of the input: pcap or pcapng."""
        return self._reader.format

    def warn(self) -> None:
        """Report once what is odd in the frames so far."""
        if self._warned:
            return
        self._warned = True
        if self._reader.clamped:
            LOG.warning("times outside of 1677 to 2262 moved there: %d", self._reader.clamped)
        if self._reader.empty:
            LOG.warning("records without octets, as in a tail of zeros: %d", self._reader.empty)
        for hint in self.signs.fcs_hints():
            LOG.warning("%s", hint)


Stage = Callable[[Piece, Any], Any]
"""Takes a piece and the result of the stage before it: the first stage, the batch of the piece."""


def _as_it_is(beside: Beside) -> Beside:
    return beside


def transform(
    stream: FrameStream,
    sink: captures.Writer,
    stages: Sequence[Stage],
    jobs: int,
    lines: Sink | None = None,
    behind: Callable[[Beside], Beside] = _as_it_is,
) -> None:
    """Send every piece of `stream` through `stages`, and write the results to `sink`.

    `behind` chooses what is kept of that which comes behind the last frame. At a signal the input
    ends, and all that was read goes through.

    The last stage returns a Product. A stage that returns a Last ends the stream after this piece.
    With `jobs` above 1 different pieces are in different stages at a time, and the output is the
    same.
    """
    *before, last = stages

    def take() -> tuple[Piece, FrameBatch] | None:
        piece = stream.take()
        return None if piece is None else (piece, piece.batch)

    def compose(item: tuple[Piece, Any]) -> tuple[Piece, list[memoryview], bytes]:
        product: Product = last(*item)
        octets = sink.compose(product.batch, product.comments, beside=product.beside)
        return item[0], octets, product.lines

    def put(item: tuple[Piece, list[memoryview], bytes]) -> None:
        piece, octets, text = item
        sink.put(octets)
        if lines is not None:
            lines.write(memoryview(text))
        stream.show(piece)

    with stream.working():
        pipeline.run(take, (*map(_with_piece, before), compose, put), jobs)
    sink.write(FrameBatch.from_frames([]), beside=behind(stream.behind()))
    stream.warn()
    warn_of_losses(sink)


def warn_of_losses(sink: captures.Writer) -> None:
    """Report what the output does not hold."""
    if sink.clamped:
        LOG.warning("times that %s cannot hold, moved: %d", sink.format, sink.clamped)
    if sink.lost:
        names = ", ".join(f"{count:,} x {name}" for name, count in sorted(sink.lost.items()))
        LOG.warning("left out of the output: %s", names)


def _with_piece(stage: Stage) -> pipeline.Stage:
    """Make a stage of one argument, which hands its piece on."""

    def step(item: tuple[Piece, Any]) -> Any:
        piece, given = item
        result = stage(piece, given)
        return Last((piece, result.item)) if isinstance(result, Last) else (piece, result)

    return step


def fitted(batch: FrameBatch) -> FrameBatch:
    """Cut frames that are longer than a capture can hold, with a warning.

    A cut frame keeps its `wire_length`, so that every reader knows that it was cut.
    """
    over = int(np.count_nonzero(batch.length > MAX_CAPTURED))
    if not over:
        return batch
    LOG.warning("frames cut to the %d octets that a capture holds: %d", MAX_CAPTURED, over)
    length = np.minimum(batch.length, MAX_CAPTURED)
    return FrameBatch.trusted(
        batch.arena, batch.start, length, batch.time_ns, batch.source, batch.wire_length
    )


class VerdictCount:
    """Number of frames that ended in each verdict."""

    def __init__(self) -> None:
        self._frames = np.zeros(len(Verdict), np.int64)

    def add(self, outcome: Outcome) -> None:
        """Count a batch."""
        self._frames += np.bincount(outcome.codes, minlength=len(Verdict))

    def __getitem__(self, verdict: Verdict) -> int:
        return int(self._frames[verdict])

    @property
    def frames(self) -> int:
        """Number of all frames."""
        return int(self._frames.sum())

    @property
    def delivered(self) -> int:
        """Number of frames that were delivered or sent."""
        return sum(self[verdict] for verdict in Verdict if verdict.delivered)

    def labels(self) -> dict[str, int]:
        """Return label to number of frames, for the verdicts that occurred."""
        return {verdict.label: self[verdict] for verdict in Verdict if self[verdict]}
