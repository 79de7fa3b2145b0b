"""Samples of a station for reports: a frame in clear and on the wire, and its replay window."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from macsec.frames.dissect import observe
from macsec.frames.sectag import TagRules
from macsec.lab.virtual.stations.station import Station
from macsec.secy import Verdict
from macsec.wire.engine import Engine

BEFORE, AFTER = 6, 10
"""Arrivals that are kept before and after the first one that is out of order."""
REACH = 48
"""The last PNs to arrive that are remembered, however far apart they are."""


class PnFate(Enum):
    """The fate of a PN so far."""

    RECEIVED = "received"
    LATE = "late"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class WindowState:
    """The receive SA after a frame. `fates`: of the latest PNs; all others did not arrive."""

    time_ns: int
    pn: int
    verdict: Verdict
    lowest_pn: int
    next_pn: int
    fates: Mapping[int, PnFate]


class Probe:
    """The watch of a station. `sample`: the first frame that it protected, in clear and as sent.

    `arrivals`: the frames around the first late one; without one, around the first one out of
    order; without one, the first frames.
    """

    def __init__(self, engine: Engine, station: Station) -> None:
        self.sample: tuple[bytes, bytes] | None = None
        self.in_order = True
        self._first: list[WindowState] = []
        self._latest: deque[WindowState] = deque(maxlen=BEFORE)
        self._disorder: list[WindowState] = []
        self._late: list[WindowState] = []
        self._engine = engine
        self._secy = station.secy
        self._rules = TagRules(ethertype=station.secy.controls.ethertype)
        self._fates: dict[int, PnFate] = {}
        self._newest = 0
        self._an: int | None = None
        station.watch = self

    @property
    def arrivals(self) -> list[WindowState]:
        """The arrivals to show, in order."""
        if any(each.verdict is Verdict.LATE for each in self._disorder):
            return self._disorder
        return self._late or self._disorder or self._first

    @property
    def any_late(self) -> bool:
        """True if a frame was late."""
        return bool(self._late)

    def protected(self, frame: bytes, octets: bytes | None) -> None:
        """Take a frame of the Controlled Port, and that of the Common Port, or None."""
        if self.sample is None and octets is not None:
            self.sample = frame, octets

    def validated(self, octets: bytes, verdict: Verdict, frame: bytes | None) -> None:
        """Take a frame of the Common Port, its verdict, and the delivered frame, or None."""
        tag = observe(octets, self._rules).tag
        if tag is None or len(self._late) > BEFORE + AFTER:
            return
        for channel in self._secy.rx.values():
            if tag.an in channel.sa:
                sa = channel.sa[tag.an]
                self._follow(tag.an)
                self._note(_nearest(tag.pn, sa.next_pn), verdict, sa.lowest_pn, sa.next_pn)
                return

    def _follow(self, an: int) -> None:
        """Forget the PNs of another SA: under a new key they start again."""
        if an != self._an:
            self._an, self._newest = an, 0
            self._fates.clear()

    def _note(self, pn: int, verdict: Verdict, lowest_pn: int, next_pn: int) -> None:
        again = self._fates.get(pn) is PnFate.RECEIVED
        if verdict is Verdict.OK:
            self._fates[pn] = PnFate.DUPLICATE if again else PnFate.RECEIVED
        elif verdict is Verdict.LATE and not again:
            self._fates[pn] = PnFate.LATE
        while len(self._fates) > REACH:
            del self._fates[next(iter(self._fates))]
        arrival = WindowState(
            self._engine.now_ns, pn, verdict, lowest_pn, next_pn, dict(self._fates)
        )
        if len(self._first) < BEFORE + AFTER:
            self._first.append(arrival)
        if self.in_order and pn <= self._newest:
            self.in_order = False
            self._disorder = list(self._latest)
        if verdict is Verdict.LATE and not self._late:
            self._late = list(self._latest)
        self._newest = max(self._newest, pn)
        late = bool(self._late) or verdict is Verdict.LATE
        for event, begun in ((self._disorder, not self.in_order), (self._late, late)):
            if begun and len(event) <= BEFORE + AFTER:
                event.append(arrival)
        self._latest.append(arrival)


def _nearest(low: int, next_pn: int) -> int:
    """Return the PN with these lower 32 bits that is nearest to `next_pn`."""
    return low + ((next_pn - low + (1 << 31)) >> 32 << 32)
