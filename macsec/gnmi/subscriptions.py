"""Subscriptions over time: the values that are due, given the leaves of each moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from macsec.errors import ConfigError
from macsec.time_units import NS_PER_MS, NS_PER_S

from .paths import Path, admitted, text_of
from .tree import Leaves, is_counter

LOOK_NS = 250 * NS_PER_MS
"""The time between looks for a change: the ports report none by themselves."""
SAMPLE_LEAST_NS = 100 * NS_PER_MS
SAMPLE_DEFAULT_NS = NS_PER_S
"""The interval of a subscription that names none."""
SAMPLE_TARGET_NS = 10 * NS_PER_S
"""The interval of counters whose mode is left to the target."""


class Mode(Enum):
    """When a subscription in a stream sends."""

    TARGET_DEFINED = "TARGET_DEFINED"
    ON_CHANGE = "ON_CHANGE"
    SAMPLE = "SAMPLE"


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription as a client asks for it; times in ns, 0 where none is given."""

    pattern: Path
    mode: Mode
    interval_ns: int = 0
    suppress: bool = False
    heartbeat_ns: int = 0


class DueValues(NamedTuple):
    """Leaves with their values, and leaves that are gone."""

    updates: dict[Path, Any]
    deletes: tuple[Path, ...]


@dataclass(slots=True)
class _Watch:
    """A part of a wish that sends by one rule; `admits` chooses among its leaves."""

    pattern: Path
    every_ns: int
    only_changes: bool
    heartbeat_ns: int
    admits: Callable[[Path], bool]
    due_ns: int
    beat_ns: int
    sent: dict[Path, Any] = field(default_factory=dict)

    def found(self, leaves: Leaves) -> dict[Path, Any]:
        """Return the leaves that belong to it."""
        return {
            path: value
            for path, value in leaves.items()
            if self.admits(path) and admitted(self.pattern, path) is not None
        }

    def step(self, now_ns: int, leaves: Leaves) -> DueValues:
        """Return the leaves to send now, and note the times of the next."""
        found = self.found(leaves)
        whole = not self.only_changes
        if self.heartbeat_ns and now_ns >= self.beat_ns:
            whole, self.beat_ns = True, _after(self.beat_ns, now_ns, self.heartbeat_ns)
        if now_ns >= self.due_ns:
            self.due_ns = _after(self.due_ns, now_ns, self.every_ns)
        gone = tuple(path for path in self.sent if path not in found)
        updates = {
            path: value
            for path, value in found.items()
            if whole or path not in self.sent or self.sent[path] != value
        }
        self.sent = found
        return DueValues(updates, gone)

    @property
    def next_ns(self) -> int:
        """The time of its next step."""
        return min(self.due_ns, self.beat_ns) if self.heartbeat_ns else self.due_ns


def _after(due_ns: int, now_ns: int, every_ns: int) -> int:
    """Return the first time after now in steps from a due one: none is made up for."""
    return due_ns + every_ns * ((now_ns - due_ns) // every_ns + 1)


class TimedStream:
    """The subscriptions of one stream, from the first moment on. Raises ConfigError."""

    def __init__(self, wishes: Sequence[Wish], now_ns: int) -> None:
        self._watches = [watch for wish in wishes for watch in _watches(wish, now_ns)]

    def start(self, leaves: Leaves) -> DueValues:
        """Return all leaves as they are at first."""
        updates: dict[Path, Any] = {}
        for watch in self._watches:
            watch.sent = watch.found(leaves)
            updates |= watch.sent
        return DueValues(updates, ())

    @property
    def next_ns(self) -> int:
        """The time at which leaves are due again."""
        return min(watch.next_ns for watch in self._watches)

    def step(self, now_ns: int, leaves: Leaves) -> DueValues:
        """Return all that is due: each leaf once, however many subscriptions have it."""
        updates: dict[Path, Any] = {}
        gone: dict[Path, None] = {}
        for watch in self._watches:
            if watch.next_ns <= now_ns:
                change = watch.step(now_ns, leaves)
                updates |= change.updates
                gone |= dict.fromkeys(change.deletes)
        return DueValues(updates, tuple(gone))


def _watches(wish: Wish, now_ns: int) -> Iterator[_Watch]:
    where = text_of(wish.pattern)
    if wish.interval_ns and wish.interval_ns < SAMPLE_LEAST_NS:
        raise ConfigError(
            f"{where}: a sample interval of {wish.interval_ns} ns: at least {SAMPLE_LEAST_NS}"
        )
    if wish.heartbeat_ns and wish.heartbeat_ns < SAMPLE_LEAST_NS:
        raise ConfigError(
            f"{where}: a heartbeat interval of {wish.heartbeat_ns} ns: at least {SAMPLE_LEAST_NS}"
        )

    def watch(every_ns: int, only_changes: bool, admits: Callable[[Path], bool]) -> _Watch:
        beat_ns = now_ns + wish.heartbeat_ns
        due_ns = now_ns + every_ns
        beat = wish.heartbeat_ns
        return _Watch(wish.pattern, every_ns, only_changes, beat, admits, due_ns, beat_ns)

    if wish.mode is Mode.SAMPLE:
        yield watch(wish.interval_ns or SAMPLE_DEFAULT_NS, wish.suppress, _every)
    elif wish.mode is Mode.ON_CHANGE:
        yield watch(LOOK_NS, True, _every)
    else:
        yield watch(wish.interval_ns or SAMPLE_TARGET_NS, wish.suppress, is_counter)
        yield watch(LOOK_NS, True, lambda path: not is_counter(path))


def _every(_: Path) -> bool:
    return True
