"""Times of SCs and SAs, and SAs that are gone (10.7.12, 10.7.14, 10.7.21, 10.7.23).

The clock is the caller's: whole nanoseconds that never go back. Without one, times are None.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Clock = Callable[[], int]

KEPT = 256
"""SARecords of deleted SAs that a SecY keeps, the newest."""


@dataclass(slots=True)
class Times:
    """createdTime, startedTime and stoppedTime in ns of the caller's clock; None: not yet.

    Started: when it was last put into use. Stopped: when it was last taken out of use.
    """

    created_ns: int | None = None
    started_ns: int | None = None
    stopped_ns: int | None = None


class SARecord(NamedTuple):
    """Record of an SA whose key is wiped. It holds nothing of the key."""

    sci: str
    an: int
    transmit: bool
    times: Times
    deleted_ns: int | None
    next_pn: int
    counters: Mapping[str, int]


class Association(Protocol):
    """An SA, as far as its record needs it."""

    an: int
    times: Times

    @property
    def enabled(self) -> bool:
        """True while it is in use."""

    @property
    def next_pn(self) -> int:
        """nextPN."""

    @property
    def counters(self) -> Mapping[str, int]:
        """Counters of the SA."""


class SecureChannel(Protocol):
    """An SC, as far as its times need it."""

    times: Times
    in_use: bool

    @property
    def enabled(self) -> bool:
        """True unless a manager stopped it."""

    @property
    def sci_shown(self) -> str:
        """SCI as text."""

    @property
    def transmits(self) -> bool:
        """True for a transmit SC."""

    @property
    def associations(self) -> Mapping[int, Association]:
        """SAs of the SC by AN."""


class SARecords:
    """Writer of all times of a SecY, and keeper of the records of its deleted SAs."""

    def __init__(self) -> None:
        self.clock: Clock | None = None
        self._gone: deque[SARecord] = deque(maxlen=KEPT)

    @property
    def gone(self) -> tuple[SARecord, ...]:
        """The records of deleted SAs, the oldest first."""
        return tuple(self._gone)

    def now_ns(self) -> int | None:
        """Return the time on the caller's clock."""
        return None if self.clock is None else self.clock()

    def create(self, each: SecureChannel | Association) -> None:
        """Note that an SC or SA was created now; its other times start anew."""
        each.times = Times(created_ns=self.now_ns())

    def use(
        self, channel: SecureChannel, association: Association, in_use: bool, was: bool
    ) -> None:
        """Note that an SA was put into use or taken out of it, and its SC perhaps with it."""
        if in_use != was:
            self._mark(association.times, in_use)
        self.settle(channel)

    def settle(self, channel: SecureChannel) -> None:
        """Note whether an SC is in use: it is enabled and one of its SAs is (10.7.12, 10.7.21)."""
        in_use = channel.enabled and any(sa.enabled for sa in channel.associations.values())
        if in_use != channel.in_use:
            self._mark(channel.times, in_use)
            channel.in_use = in_use

    def keep(self, channel: SecureChannel, association: Association) -> None:
        """Keep the record of an SA that is about to be deleted."""
        if association.enabled:
            self._mark(association.times, False)
        self._gone.append(
            SARecord(
                channel.sci_shown,
                association.an,
                channel.transmits,
                association.times,
                self.now_ns(),
                association.next_pn,
                dict(association.counters),
            )
        )

    def _mark(self, times: Times, in_use: bool) -> None:
        if in_use:
            times.started_ns = self.now_ns()
        else:
            times.stopped_ns = self.now_ns()
