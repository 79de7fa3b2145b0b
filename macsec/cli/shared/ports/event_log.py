"""`--events FILE`: a file of JSON lines that grows while a port runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import click

from macsec.cli.shared.edge import say
from macsec.cli.shared.options import F
from macsec.errors import ConfigError
from macsec.kay.kay import Kay
from macsec.port.port_events import Counts, PortEvents
from macsec.report.mka.status import reason

INTERVAL_S = 1.0
"""Shortest time between two records of one counter."""

Facts = dict[str, Any]

_OPTION = click.option(
    "--events",
    type=click.Path(path_type=str),
    metavar="FILE",
    help="Append a JSON line for each session, suspension, CAK, SAK, live or lost peer, "
    "failed agreement, change by mka set, refused MKPDU and dropped frame.",
)


def option(function: F) -> F:
    """Add the option, as `events`."""
    return _OPTION(function)


class EventSink(Protocol):
    """Takes the events of ports."""

    def write(self, port: str, event: str, **facts: Any) -> None:
        """Take an event."""


class EventSinks:
    """Gives each event to several sinks."""

    def __init__(self, *sinks: EventSink | None) -> None:
        self._sinks = [sink for sink in sinks if sink is not None]

    def write(self, port: str, event: str, **facts: Any) -> None:
        """Take an event."""
        for sink in self._sinks:
            sink.write(port, event, **facts)


class EventLog:
    """Appends records to a file, never waiting; `clock` gives their time in seconds.

    Records that the file does not take are lost, and counted in the next one that it takes; `lost`
    counts those since then.
    """

    def __init__(self, path: str, clock: Callable[[], float]) -> None:
        if path == "-":
            raise ConfigError("--events -: expected a file; stdout is /dev/stdout")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            self._file = os.open(path, flags, 0o644)
        except OSError as error:
            raise ConfigError(f"--events {path}: cannot open it: {error.strerror}") from None
        self._clock = clock
        self.lost = 0

    def write(self, port: str, event: str, **facts: Any) -> None:
        """Append a record."""
        if self.lost and self._put(port, "records-lost", {"count": self.lost}):
            self.lost = 0
        if not self._put(port, event, facts):
            self.lost += 1

    def _put(self, port: str, event: str, facts: Facts) -> bool:
        record = {"time": round(self._clock(), 6), "event": event, "port": port, **facts}
        line = json.dumps(record).encode() + b"\n"
        try:
            return os.write(self._file, line) == len(line)
        except OSError:
            return False

    def close(self) -> None:
        """End it."""
        os.close(self._file)


@contextmanager
def opened(path: str | None, clock: Callable[[], float]) -> Iterator[EventLog | None]:
    """Open the log of `--events`; without a path it is None."""
    if path is None:
        yield None
        return
    log = EventLog(path, clock)
    try:
        yield log
    finally:
        log.close()
        if log.lost:
            say(f"--events {path}: records lost at the end: {log.lost}")


def port_events(
    log: EventSink,
    port: str,
    kay: Kay | None,
    secy_counters: Callable[[], Counts],
    drops: Callable[[], Counts] = dict,
) -> PortEvents:
    """Return the events of a port, written to a log."""
    return PortEvents(log.write, port, kay, secy_counters, drops, reason)
