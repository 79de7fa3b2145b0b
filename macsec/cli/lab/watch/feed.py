"""States, events and commands between a lab and its page: neither waits for the other."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from macsec.report.lab.watch import WatchJson, event_text, is_bad

from .commands import PageCommand

EVENTS_KEPT = 2000
"""Older events are gone for a page that connects later, or falls behind."""
COMMANDS_MOST = 100

Event = dict[str, Any]


class Feed:
    """The newest state, the last events and the commands that wait; for any thread.

    `now_ns()` gives the time of events. `recording()` gives the text of the run as a topology.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._last = 0
        self._state: tuple[int, WatchJson | None] = 0, None
        self._commands: deque[PageCommand] = deque()
        self._ready = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.recording: Callable[[], str] | None = None

    # ------------------------------------------------------------ of the lab

    def publish(self, state: WatchJson) -> None:
        """Replace the state."""
        with self._lock:
            self._state = self._state[0] + 1, state

    def add(self, kind: str, text: str, **facts: Any) -> None:
        """Add an event: `mkpdu`, `fault` or `port`."""
        with self._lock:
            self._last += 1
            event = {"id": self._last, "time_ns": self._now_ns(), "kind": kind, "text": text}
            self._events.append(event | facts)

    def write(self, port: str, event: str, **facts: Any) -> None:
        """Add an event of a port, as an EventLog does."""
        link, _, site = port.rpartition(":")
        bad = is_bad(event, facts)
        self.add("port", event_text(event, facts), link=link, site=site, bad=bad)

    def take(self) -> list[PageCommand]:
        """Take the commands that wait."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._ready)
        with self._lock:
            commands = list(self._commands)
            self._commands.clear()
        return commands

    def fileno(self) -> int:
        """Return a descriptor that can be read when a command waits."""
        return self._ready

    # ------------------------------------------------------------ of the page

    def since(self, version: int, last: int) -> tuple[int, WatchJson | None, list[Event]]:
        """Return the version and the state, None if it is known, and events after one."""
        with self._lock:
            now, state = self._state
            skipped = max(0, len(self._events) - (self._last - last))
            events = list(self._events)[skipped:] if last < self._last else []
        return now, state if now != version else None, events

    def ask(self, command: PageCommand) -> bool:
        """Add a command; False if too many wait."""
        with self._lock:
            if len(self._commands) >= COMMANDS_MOST:
                return False
            self._commands.append(command)
        os.eventfd_write(self._ready, 1)
        return True

    def close(self) -> None:
        """End it, after the server."""
        os.close(self._ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
