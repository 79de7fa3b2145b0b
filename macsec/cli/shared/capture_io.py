"""A capture in, a capture out: the work that `protect`, `validate` and `replay` share."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

from macsec import captures
from macsec.captures import Beside
from macsec.captures.formats import MAX_CAPTURED
from macsec.captures.output import Sink, open_sink
from macsec.errors import FormatError
from macsec.frames import FrameBatch
from macsec.frames.signs import FrameSigns
from macsec.secy import Outcome, SecY, Verdict

from . import pipeline
from .edge import Terminated, Warnings, say
from .pipeline import Last
from .progress import ProgressBar
from .signals import Interruption

LOG = logging.getLogger("macsec")

COMPRESSED = (".gz", ".zst")
CAPTURE_SUFFIXES = (".pcapng", ".pcap", ".cap")
RECORD_HEADER = {"pcap": 16, "pcapng": 32}
"""Octets of a file beside each frame, for the progress bar."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A batch of a capture, and what is beside it. `first`: the number of its first frame."""

    batch: FrameBatch
    first: int
    beside: Beside
    _octets: int  # of the capture, up to the end of this batch


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A batch for OUT, with what is beside it, and `lines` for the file of verdicts."""

    batch: FrameBatch
    beside: Beside | None = None
    comments: Sequence[str | None] | None = None
    lines: bytes = b""


class Stream:
    """The batches of a capture. A fault ends them and is kept in `fault`, for after the output.

    Use it as an iterable of batches, where `rows` counts the frames before the current batch; or
    call `take` for each piece, and `show` when the work on that piece is done.
    """

    def __init__(
        self, reader: captures.Reader, bar: ProgressBar, interruption: Interruption
    ) -> None:
        self._reader, self._bar, self.interruption = reader, bar, interruption
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
            if not (fault.truncated and self.interruption.number):
                self.fault = fault

    def take(self) -> Piece | None:
        """Return the next piece, None after the last."""
        return next(self._pieces, None)

    def behind(self) -> Beside:
        """Return what comes behind the last frame, after the last piece."""
        return self._reader.behind()

    def show(self, piece: Piece) -> None:
        """Show in the progress bar that the work on a piece is done."""
        self._bar.step(piece.first + len(piece.batch), piece._octets)

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

    def format_for(self, target: str) -> str:
        """Return the format of the output: by its name, else that of the input."""
        return "auto" if stem(target) != bare(target) else self._reader.format

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

    def hint(self, secy: SecY) -> None:
        """Report signs that the configuration of a receiving SecY does not fit the frames."""
        controls = secy.controls
        for hint in self.signs.hints(controls.clear_tags, secy.rx, controls.ethertype):
            LOG.warning("%s", hint)

    def check(self) -> None:
        """Raise what ended the input early, if anything did: a signal, or a fault."""
        self.warn()
        number = self.interruption.number
        if number is not None:
            if self.fault is not None:
                say(str(self.fault))
            kept = f"the output ends after the {self._reader.frames:,} frames read"
            raise Terminated(number, f"interrupted: {kept}")
        if self.fault is not None:
            raise self.fault


Stage = Callable[[Piece, Any], Any]
"""Takes a piece and the result of the stage before it: the first stage, the batch of the piece."""


def _as_it_is(beside: Beside) -> Beside:
    return beside


def transform(
    stream: Stream,
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

    with stream.interruption:
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


@contextmanager
def open_stream(
    verb: str, source: str, fcs: str, backend: str, quiet: bool = False
) -> Iterator[Stream]:
    """Open a capture to read, with a progress bar for `verb`."""
    _keep_freed_memory()
    interruption = Interruption()
    with (
        captures.read(source, fcs=fcs, backend=backend, wait=interruption.wait) as reader,
        ProgressBar(verb, source, quiet) as bar,
    ):
        yield Stream(reader, bar, interruption)


def _keep_freed_memory() -> None:
    """Give the next batch the memory of the one before, not fresh pages of the system.

    The GNU C library returns free memory above a threshold at once, which costs as much as the
    cipher. It raises the threshold to twice the largest block that was freed: this one, of which
    no page is touched. Other C libraries are not changed by this.
    """
    np.empty(16 << 20, np.uint8)


def open_like(
    stream: Stream, target: str, backend: str, keep_secrets: bool = False
) -> captures.Writer:
    """Open an output for what the input holds, of its format if `target` names none."""
    return captures.write(
        target,
        format=stream.format_for(target),
        backend=backend,
        copying=True,
        keep_secrets=keep_secrets,
    )


def open_wire(
    target: str, interfaces: Sequence[str], backend: str, keep_secrets: bool = False
) -> captures.Writer:
    """Open an output of the interfaces of a wire; pcapng on stdout."""
    form = "pcapng" if target == "-" else "auto"
    return captures.write(
        target, format=form, interfaces=interfaces, backend=backend, keep_secrets=keep_secrets
    )


@contextmanager
def open_lines(path: str | None) -> Iterator[Sink | None]:
    """Open a text file that appears whole or not at all; "-" is stdout, None gives None."""
    if path is None:
        yield None
        return
    sink, _ = open_sink(sys.stdout.buffer if path == "-" else path)
    try:
        yield sink
        sink.commit()
    finally:
        sink.discard()


def bare(name: str) -> str:
    """Return a file name without the ending of a compression."""
    return next((name[: -len(end)] for end in COMPRESSED if name.endswith(end)), name)


def stem(name: str) -> str:
    """Return a file name without the endings of a capture."""
    name = bare(name)
    return next((name[: -len(end)] for end in CAPTURE_SUFFIXES if name.endswith(end)), name)


def refuse_same(source: str, *targets: str | None) -> None:
    """Refuse to write a file that is read, or one file twice. Raises UsageError."""
    seen = [source]
    for target in filter(None, targets):
        if target != "-" and any(_same(target, other) for other in seen):
            raise click.UsageError(f"{target} is named twice: IN and OUT must be different files")
        seen.append(target)


def _same(one: str, other: str) -> bool:
    if other == "-":
        return False
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def emit_json(result: Mapping[str, Any], target: str, warnings: Warnings) -> None:
    """Print a JSON object on stdout; on stderr, with the warnings in it, if stdout has OUT."""
    to_stderr = target == "-"
    if to_stderr and warnings.held:
        result, warnings.held = {**result, "warnings": warnings.held}, []
    click.echo(json.dumps(result), err=to_stderr)
