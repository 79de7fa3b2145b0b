"""Links in C."""

from __future__ import annotations

from collections.abc import Callable, MutableSequence
from typing import Any, overload

from macsec.errors import ConfigError
from macsec.frames import frame_octets
from macsec.wire.impairments import starts
from macsec.wire.lane import LinkStats
from macsec.wire.link import Link, LinkTap, Port
from macsec.wire.native_lane import stats_of, wire_plan
from macsec.wire.params import LinkParams
from macsec.wire.straight_lane import is_straight
from macsec.wire.trace import Mark

from .engine import NativeEngine, ffi, lib
from .port import NativePort, frame_of, lane_port

DIRECTIONS = 2


class NativeLink(Link):
    """A link in C; `keyed`: EAPOL on it is no frame of users."""

    engine: NativeEngine

    def __init__(
        self,
        engine: NativeEngine,
        name: str,
        a2b: LinkParams | None = None,
        b2a: LinkParams | None = None,
        keyed: bool = False,
    ) -> None:
        self._keyed = keyed
        self._kept: list[Any] = []
        self.lanes: list[int] = []
        super().__init__(engine, name, a2b, b2a)
        self.taps = Taps(self._tap)

    def _connect(self) -> tuple[Port, Port]:
        self.lanes += (self._lane(way, given) for way, given in enumerate(self.params))
        there, back = map(lane_port, self.lanes)
        a, b = (f"{self.name}.{end}" for end in "ab")
        return (
            NativePort(self.engine, a, self.params[0].mtu, there, back),
            NativePort(self.engine, b, self.params[1].mtu, back, there),
        )

    def _lane(self, direction: int, params: LinkParams) -> int:
        # A straight link draws no random number: the streams may start anywhere.
        draws = not is_straight(params)
        start = starts(params, self.engine.seed, self.name, direction) if draws else _nowhere
        plan, kept = wire_plan(ffi, params, start, direction)
        plan.link = self.number
        if draws:
            self._kept.append(kept)
        engine = self.engine
        return engine.number_of(lib.macsec_lab_add_lane(engine.lab, plan, self._keyed))

    def _tap(self, on: bool) -> None:
        for lane in self.lanes:
            lib.macsec_lab_tap(self.engine.lab, lane, on)

    @property
    def stats(self) -> tuple[LinkStats, LinkStats]:
        """The counts of both directions so far."""
        there, back = (
            stats_of(lib.macsec_lab_lane_stats(self.engine.lab, lane)) for lane in self.lanes
        )
        return there, back

    def carries(self, wanted: Callable[[bytes], bool]) -> bool:
        """Raise ConfigError: the frames are in C; ask the parts of the lab."""
        raise ConfigError(f"link {self.name!r}: its frames are in C; use backend reference")

    def _hand(self, direction: int, mark: Mark, frame: bytes) -> None:
        octets, engine = frame_octets(frame), self.engine
        lane = self.lanes[direction]
        engine.check(lib.macsec_lab_hand(engine.lab, lane, mark, octets, len(octets)))


def _nowhere(_: str) -> int:
    return 0


class Taps(MutableSequence[LinkTap]):
    """The taps of a link; `changed` is called with whether there are any."""

    def __init__(self, changed: Callable[[bool], None]) -> None:
        self._taps: list[LinkTap] = []
        self._changed = changed

    @overload
    def __getitem__(self, at: int) -> LinkTap: ...

    @overload
    def __getitem__(self, at: slice) -> MutableSequence[LinkTap]: ...

    def __getitem__(self, at: int | slice) -> LinkTap | MutableSequence[LinkTap]:
        return self._taps[at]

    def __setitem__(self, at: Any, tap: Any) -> None:
        self._taps[at] = tap
        self._changed(bool(self._taps))

    def __delitem__(self, at: int | slice) -> None:
        del self._taps[at]
        self._changed(bool(self._taps))

    def __len__(self) -> int:
        return len(self._taps)

    def insert(self, at: int, tap: LinkTap) -> None:
        """Insert a tap before another."""
        self._taps.insert(at, tap)
        self._changed(True)


class Links:
    """The links of an engine, for its hooks: two lanes each, in the order of their making."""

    def __init__(self, engine: NativeEngine) -> None:
        self._links: list[NativeLink] = []
        engine.hooks |= {
            lib.MACSEC_LAB_LANE_SENDS: self._sends,
            lib.MACSEC_LAB_LANE_ARRIVES: self._arrives,
            lib.MACSEC_LAB_LANE_DELIVERS: self._delivers,
        }

    def add(self, link: NativeLink) -> NativeLink:
        """Add the link that was made last."""
        self._links.append(link)
        return link

    def _of(self, lane: int) -> tuple[NativeLink, int]:
        at, direction = divmod(lane, DIRECTIONS)
        return self._links[at], direction

    def _sends(self, call: Any) -> None:
        link, direction = self._of(call.part)
        _call(link.b.watch if direction else link.a.watch, call)

    def _delivers(self, call: Any) -> None:
        link, direction = self._of(call.part)
        _call(link.a.receiver if direction else link.b.receiver, call)

    def _arrives(self, call: Any) -> None:
        link, direction = self._of(call.part)
        link.arrive(direction, frame_of(call), Mark(call.number))


def _call(receiver: Callable[[bytes], None] | None, call: Any) -> None:
    if receiver is not None:
        receiver(frame_of(call))
