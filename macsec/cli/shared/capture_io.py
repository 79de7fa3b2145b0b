"""A capture in, a capture out: what `protect`, `validate` and `replay` do alike."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

from macsec import captures
from macsec.captures.formats import MAX_CAPTURED
from macsec.captures.output import Sink, open_sink
from macsec.cli.shared.edge import Warnings
from macsec.cli.shared.progress import Bar
from macsec.errors import FormatError
from macsec.frames import Column, FrameBatch
from macsec.secy import Outcome, Verdict

LOG = logging.getLogger("macsec")

COMPRESSED = (".gz", ".zst")
CAPTURE_SUFFIXES = (".pcapng", ".pcap", ".cap")
RECORD_HEADER = {"pcap": 16, "pcapng": 32}
"""Octets beside each frame, for the progress bar."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A batch of a capture, with what the capture tells beside it.

    `first`: the number of its first frame, from 0. `interfaces`: names of those known by then.
    """

    batch: FrameBatch
    first: int
    interfaces: Sequence[str]
    _octets: int  # of the capture, up to the end of this batch
    _comments: Mapping[int, str]
    _directions: Column

    def comments(self, rows: Column) -> list[str | None] | None:
        """The comments of some rows."""
        given = self._comments
        return [given.get(row) for row in rows.tolist()] if given else None

    def directions(self, rows: Column) -> Column | None:
        """The directions of some rows."""
        given = self._directions
        return given[rows] if given.any() else None


class Stream:
    """The batches of a capture. A fault ends them and is kept in `fault`, for after the output.

    Either as an iterable of batches, where `rows` counts the frames before the one in hand; or one
    piece after the other by `take`, each to be told to `show` when the work on it is done.
    """

    def __init__(self, reader: captures.Reader, bar: Bar) -> None:
        self._reader, self._bar = reader, bar
        self.fault: FormatError | None = None
        self.rows = 0
        self._names: Sequence[str] = ()
        self._pieces = self._walk()
        # Interfaces stand before the frames that name them: the first batch makes them known.
        self._next = next(self._pieces, None)

    def _walk(self) -> Iterator[Piece]:
        reader, header = self._reader, RECORD_HEADER[self._reader.format]
        try:
            for batch in reader:
                frames = reader.frames
                yield Piece(
                    batch,
                    frames - len(batch),
                    self.interfaces,
                    reader.octets + header * frames,
                    reader.comments,
                    reader.directions,
                )
        except FormatError as fault:
            self.fault = fault

    def take(self) -> Piece | None:
        """The next piece, None after the last."""
        piece, self._next = self._next, None
        return piece or next(self._pieces, None)

    def show(self, piece: Piece) -> None:
        """The work on a piece is done."""
        self._bar.step(piece.first + len(piece.batch), piece._octets)

    def __iter__(self) -> Iterator[FrameBatch]:
        while (piece := self.take()) is not None:
            self.rows = piece.first
            yield piece.batch
            self.show(piece)

    @property
    def interfaces(self) -> Sequence[str]:
        """The names of the interfaces known so far."""
        if len(self._names) < len(self._reader.interfaces):
            self._names = [interface.name for interface in self._reader.interfaces]
        return self._names

    @property
    def truncated(self) -> int:
        """Frames that a snap length cut."""
        return self._reader.truncated

    def format_for(self, target: str) -> str:
        """The format of the output: as its name says, else that of the input."""
        return "auto" if stem(target) != bare(target) else self._reader.format

    def check(self) -> None:
        """Raise the fault that ended the input, if one did."""
        if self.fault is not None:
            raise self.fault


def fitted(batch: FrameBatch) -> FrameBatch:
    """Frames as a capture can hold them: one over its limit is cut, with a warning.

    It keeps its `wire_length`, by which every reader knows that it was cut.
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
    """How many frames ended in each verdict."""

    def __init__(self) -> None:
        self._frames = np.zeros(len(Verdict), np.int64)

    def add(self, outcome: Outcome) -> None:
        """Count a batch."""
        self._frames += np.bincount(outcome.codes, minlength=len(Verdict))

    def __getitem__(self, verdict: Verdict) -> int:
        return int(self._frames[verdict])

    @property
    def frames(self) -> int:
        """All of them."""
        return int(self._frames.sum())

    @property
    def delivered(self) -> int:
        """Those that went on."""
        return sum(self[verdict] for verdict in Verdict if verdict.delivered)

    def labels(self) -> dict[str, int]:
        """Label to frames, for the verdicts that occurred."""
        return {verdict.label: self[verdict] for verdict in Verdict if self[verdict]}


@contextmanager
def open_stream(
    verb: str, source: str, fcs: str, backend: str, quiet: bool = False
) -> Iterator[Stream]:
    """The frames of a capture, with a progress bar."""
    _keep_freed_memory()
    with captures.read(source, fcs=fcs, backend=backend) as reader, Bar(verb, source, quiet) as bar:
        yield Stream(reader, bar)


def _keep_freed_memory() -> None:
    """Let the next batch have the memory of the one before, not fresh pages of the system.

    The C library of GNU returns free memory above a threshold at once, which costs as much as the
    cipher. It raises the threshold to twice the largest block of its own that it saw freed: this
    one, of which no page is touched. Another C library does what it does.
    """
    np.empty(16 << 20, np.uint8)


@contextmanager
def open_lines(path: str | None) -> Iterator[Sink | None]:
    """A text file that appears whole or not at all; "-" is stdout; None is none."""
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
    """A file name without the ending of a compression."""
    return next((name[: -len(end)] for end in COMPRESSED if name.endswith(end)), name)


def stem(name: str) -> str:
    """A file name without the endings of a capture."""
    name = bare(name)
    return next((name[: -len(end)] for end in CAPTURE_SUFFIXES if name.endswith(end)), name)


def refuse_same(source: str, *targets: str | None) -> None:
    """Refuse to write a file that is read, or one file twice. Raises a usage error."""
    seen = [source]
    for target in filter(None, targets):
        if target != "-" and any(_same(target, other) for other in seen):
            raise click.UsageError(f"{target} is named twice: IN and OUT are different files")
        seen.append(target)


def _same(one: str, other: str) -> bool:
    if other == "-":
        return False
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def emit_json(result: Mapping[str, Any], target: str, warnings: Warnings) -> None:
    """One JSON object on stdout; on stderr, with the warnings inside, if stdout has the capture."""
    to_stderr = target == "-"
    if to_stderr and warnings.held:
        result, warnings.held = {**result, "warnings": warnings.held}, []
    click.echo(json.dumps(result), err=to_stderr)
