"""The progress of a run over a corpus: captures, octets, rate and time left, on a terminal."""

from __future__ import annotations

import sys
from typing import Any

import click

from macsec.cli.shared.progress import progress_of
from macsec.corpus.order import CaptureJson
from macsec.corpus.run import CorpusRun


class CorpusProgress:
    """Bars on stderr: one for the survey, one for the work; nothing without a terminal."""

    def __init__(self, corpus: CorpusRun, quiet: bool, link: str | None) -> None:
        self._shown = not quiet and sys.stderr is not None and sys.stderr.isatty()
        self._total = sum(file.size for file in corpus.left)
        self._count, self._bars = len(corpus.left), {}  # type: ignore[var-annotated]
        self._done: dict[str, int] = {}
        self._progress: Any = None
        if link is not None and not quiet:
            click.echo(f"dashboard  {link}", err=True)

    def step(self, phase: str, octets: int, result: CaptureJson | None) -> None:
        """Note that a capture is done."""
        if self._progress is None:
            return
        if phase not in self._bars:
            total = self._total or None
            self._bars[phase] = self._progress.add_task(phase, total=total, captures="")
        self._done[phase] = self._done.get(phase, 0) + 1
        text = f"{self._done[phase]:,} of {self._count:,} captures"
        self._progress.update(self._bars[phase], advance=octets, captures=text)

    def __enter__(self) -> CorpusProgress:
        if self._shown:
            from rich.progress import (
                DownloadColumn,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            self._progress = progress_of(
                TextColumn("{task.fields[captures]}"),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                by_thread=True,
            )
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()
