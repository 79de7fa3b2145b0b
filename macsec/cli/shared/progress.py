"""A progress bar on stderr for long work at a terminal; nothing otherwise.

rich is loaded with the first bar: most runs show none.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from macsec.report.visible import on_one_line

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID

PATIENCE = 0.5
"""Seconds before a bar appears, so that short work shows none."""
REFRESH = 0.2
"""Seconds between two looks at the virtual time of a run."""


class ProgressBar:
    """Progress bar of a verb over a capture; nothing where stderr is no terminal."""

    def __init__(self, verb: str, source: str, quiet: bool = False) -> None:
        self._verb = verb
        self._total = _size(source)
        self._shown = not quiet and sys.stderr is not None and sys.stderr.isatty()
        self._from = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def step(self, frames: int, octets: int) -> None:
        """Show the work after a batch: `frames` done, `octets` of the file read."""
        if not self._shown:
            return
        if self._bar is None:
            if time.monotonic() - self._from < PATIENCE:
                return
            self._begin()
        assert self._bar is not None  # noqa: S101
        assert self._task is not None  # noqa: S101
        done = octets if self._total is None else min(octets, self._total)
        self._bar.update(self._task, completed=done, frames=f"{frames:,} frames")

    def _begin(self) -> None:
        from rich.progress import (
            DownloadColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        frames = TextColumn("{task.fields[frames]}")
        self._bar = progress_of(
            DownloadColumn(), TransferSpeedColumn(), frames, TimeRemainingColumn(), by_thread=True
        )
        self._bar.start()
        self._task = self._bar.add_task(on_one_line(self._verb), total=self._total, frames="")

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def steps(name: str, total: int) -> AbstractContextManager[Callable[[], None]]:
    """Return a function to call after each step of a measurement: it moves a bar on a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return nullcontext(lambda: None)
    return _stepping(name, total)


@contextmanager
def _stepping(name: str, total: int) -> Iterator[Callable[[], None]]:
    from rich.progress import TaskProgressColumn, TimeRemainingColumn

    # No refresh by a thread, which would run during the measurement.
    with progress_of(TaskProgressColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task(on_one_line(name), total=total)

        def step() -> None:
            progress.advance(task)
            progress.refresh()

        yield step


@contextmanager
def watched(name: str, now_s: Callable[[], float], end_s: float | None = None) -> Iterator[None]:
    """Show the virtual time of a run on a terminal, until the block ends; `end_s` if it is known.

    The work calls nothing: a thread reads the time, so that the run is the same without it.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    ended = Event()
    shows = Thread(target=_watch, args=(name, now_s, end_s, ended), daemon=True)
    shows.start()
    try:
        yield
    finally:
        ended.set()
        shows.join()


def _watch(name: str, now_s: Callable[[], float], end_s: float | None, ended: Event) -> None:
    if ended.wait(PATIENCE):
        return
    from rich.progress import TextColumn, TimeElapsedColumn

    whole = "" if end_s is None else f" of {end_s:,.3f}"
    with (
        suppress(OSError),  # the terminal is gone; the run goes on
        progress_of(TextColumn("{task.fields[time]}"), TimeElapsedColumn()) as bar,
    ):
        task = bar.add_task(on_one_line(name), total=end_s, time="")
        over = False
        while not over:
            now = now_s()
            bar.update(task, completed=now, time=f"{now:,.3f}{whole} s of virtual time")
            bar.refresh()
            over = ended.wait(REFRESH)


def progress_of(*columns: ProgressColumn, by_thread: bool = False) -> Progress:
    """Return a bar on stderr between a description and these columns; `by_thread` refreshes it."""
    from rich.progress import BarColumn, Progress, TextColumn

    from macsec.report.page import Screen

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *columns,
        console=Screen(stderr=True),
        transient=True,
        auto_refresh=by_thread,
    )


def _size(source: str) -> int | None:
    """Return the octets of an uncompressed regular file; None where the end is not known."""
    if source == "-" or source.endswith((".gz", ".zst")):
        return None
    try:
        status = os.stat(source)
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
