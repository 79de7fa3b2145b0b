"""A capture in, a capture out: the work that `protect`, `validate` and `replay` share."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import click
import numpy as np

from macsec import captures
from macsec.captures.output import Sink, open_sink
from macsec.cli.shared.edge import Terminated, Warnings, say, stdout
from macsec.cli.shared.progress import ProgressBar
from macsec.cli.shared.signals import Interruption
from macsec.offline.frame_stream import FrameStream, Piece
from macsec.secy import SecY

LOG = logging.getLogger("macsec")

COMPRESSED = (".gz", ".zst")
CAPTURE_SUFFIXES = (".pcapng", ".pcap", ".cap")


class Stream(FrameStream):
    """A stream of the command line: with a progress bar, and ended early by a signal."""

    def __init__(
        self, reader: captures.Reader, bar: ProgressBar, interruption: Interruption
    ) -> None:
        super().__init__(reader)
        self._bar, self.interruption = bar, interruption

    @property
    def stopped(self) -> bool:
        """Return whether a signal ended the input."""
        return self.interruption.number is not None

    def working(self) -> AbstractContextManager[Any]:
        """Return the context in which a signal ends the input."""
        return self.interruption

    def show(self, piece: Piece) -> None:
        """Show in the progress bar that the work on a piece is done."""
        self._bar.step(piece.first + len(piece.batch), piece.octets)

    def format_for(self, target: str) -> str:
        """Return the format of the output: by its name, else that of the input."""
        return "auto" if stem(target) != bare(target) else self._reader.format

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
    sink, _ = open_sink(stdout().buffer if path == "-" else path)
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
            raise click.UsageError(f"{target} is named twice: files must be different ones")
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
