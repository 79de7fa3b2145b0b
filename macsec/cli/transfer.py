"""A capture in, a capture out: what `protect`, `validate` and `replay` do alike."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import numpy as np

from macsec import captures
from macsec.captures.output import Sink, open_sink
from macsec.cli.edge import Warnings
from macsec.cli.progress import Bar
from macsec.errors import FormatError
from macsec.frames import Column, FrameBatch
from macsec.secy import Outcome, Verdict

COMPRESSED = (".gz", ".zst")
CAPTURE_SUFFIXES = (".pcapng", ".pcap", ".cap")
RECORD_HEADER = {"pcap": 16, "pcapng": 32}
"""Octets beside each frame, for the progress bar."""


class Stream:
    """The batches of a capture. A fault ends them and is kept in `fault`, for after the output.

    `rows` counts the frames of the batches before the one in hand.
    """

    def __init__(self, reader: captures.Reader, bar: Bar) -> None:
        self._reader, self._bar = reader, bar
        self.fault: FormatError | None = None
        self.rows = 0
        self._batches = self._walk()
        # Interfaces stand before the frames that name them: the first batch makes them known.
        self._first = next(self._batches, None)

    def _walk(self) -> Iterator[FrameBatch]:
        try:
            yield from self._reader
        except FormatError as fault:
            self.fault = fault

    def __iter__(self) -> Iterator[FrameBatch]:
        first = () if self._first is None else (self._first,)
        for batch in itertools.chain(first, self._batches):
            yield batch
            self.rows += len(batch)
            header = RECORD_HEADER[self._reader.format]
            self._bar.step(self._reader.frames, self._reader.octets + header * self._reader.frames)

    @property
    def interfaces(self) -> list[str]:
        """The names of the interfaces known so far."""
        return [interface.name for interface in self._reader.interfaces]

    @property
    def truncated(self) -> int:
        """Frames that a snap length cut."""
        return self._reader.truncated

    def format_for(self, target: str) -> str:
        """The format of the output: as its name says, else that of the input."""
        return "auto" if stem(target) != bare(target) else self._reader.format

    def comments(self, rows: Column) -> list[str | None] | None:
        """The comments of some rows of the batch in hand."""
        given = self._reader.comments
        return [given.get(row) for row in rows.tolist()] if given else None

    def directions(self, rows: Column) -> Column | None:
        """The directions of some rows of the batch in hand."""
        given = self._reader.directions
        return given[rows] if given.any() else None

    def check(self) -> None:
        """Raise the fault that ended the input, if one did."""
        if self.fault is not None:
            raise self.fault


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
    with captures.read(source, fcs=fcs, backend=backend) as reader, Bar(verb, source, quiet) as bar:
        yield Stream(reader, bar)


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


def emit_json(result: dict[str, Any], target: str, warnings: Warnings) -> None:
    """One JSON object on stdout; on stderr, with the warnings inside, if stdout has the capture."""
    to_stderr = target == "-"
    if to_stderr and warnings.held:
        result["warnings"], warnings.held = warnings.held, []
    click.echo(json.dumps(result), err=to_stderr)
