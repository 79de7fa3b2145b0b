"""What reports show of a station: a frame in clear and on the wire, and its replay window."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from macsec.frames.dissect import observe
from macsec.frames.sectag import TagRules
from macsec.lab.virtual.endpoint import Endpoint
from macsec.secy import Verdict
from macsec.wire.engine import Engine

BEFORE, AFTER = 6, 10
"""How many arrivals are kept before and after the first one that is out of order."""
REACH = 48
"""PNs that are remembered: those which came last, however far apart."""
_RULES = TagRules()


class Fate(Enum):
    """What became of a PN so far."""

    RECEIVED = "received"
    LATE = "late"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Arrival:
    """The receive SA after a frame. `fates`: of PNs near the newest; others did not come."""

    time_ns: int
    pn: int
    verdict: Verdict
    lowest_pn: int
    next_pn: int
    fates: Mapping[int, Fate]


class Observer:
    """Watches a station. `sample`: the first frame it protected, clear and as sent.

    `arrivals`: around the first frame that came out of order, or the first ones.
    """

    def __init__(self, engine: Engine, endpoint: Endpoint) -> None:
        self.sample: tuple[bytes, bytes] | None = None
        self.in_order = True
        self._first: list[Arrival] = []
        self._latest: deque[Arrival] = deque(maxlen=BEFORE)
        self._event: list[Arrival] = []
        self._engine = engine
        self._secy = endpoint.secy
        self._fates: dict[int, Fate] = {}
        self._newest = 0
        self._an: int | None = None
        endpoint.watch = self

    @property
    def arrivals(self) -> list[Arrival]:
        """Moments worth showing, in order."""
        return self._first if self.in_order else self._event

    def protected(self, frame: bytes, octets: bytes | None) -> None:
        """A frame of the Controlled Port."""
        if self.sample is None and octets is not None:
            self.sample = frame, octets

    def validated(self, octets: bytes, verdict: Verdict, frame: bytes | None) -> None:
        """A frame of the Common Port."""
        tag = observe(octets, _RULES).tag
        if tag is None or len(self._event) > BEFORE + AFTER:
            return
        for channel in self._secy.rx.values():
            if tag.an in channel.sa:
                sa = channel.sa[tag.an]
                self._follow(tag.an)
                self._note(_nearest(tag.pn, sa.next_pn), verdict, sa.lowest_pn, sa.next_pn)
                return

    def _follow(self, an: int) -> None:
        """Under another SA PNs start again: what was known of them is of another key."""
        if an != self._an:
            self._an, self._newest = an, 0
            self._fates.clear()

    def _note(self, pn: int, verdict: Verdict, lowest_pn: int, next_pn: int) -> None:
        again = self._fates.get(pn) is Fate.RECEIVED
        if verdict is Verdict.OK:
            self._fates[pn] = Fate.DUPLICATE if again else Fate.RECEIVED
        elif verdict is Verdict.LATE and not again:
            self._fates[pn] = Fate.LATE
        while len(self._fates) > REACH:
            del self._fates[next(iter(self._fates))]
        arrival = Arrival(self._engine.now_ns, pn, verdict, lowest_pn, next_pn, dict(self._fates))
        if len(self._first) < BEFORE + AFTER:
            self._first.append(arrival)
        if self.in_order and pn <= self._newest:
            self.in_order = False
            self._event = list(self._latest)
        self._newest = max(self._newest, pn)
        (self._latest if self.in_order else self._event).append(arrival)


def _nearest(low: int, next_pn: int) -> int:
    """The PN with these lower 32 bits that is nearest to another."""
    return low + ((next_pn - low + (1 << 31)) >> 32 << 32)
