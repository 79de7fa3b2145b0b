"""A full-duplex link between two ports, on an engine."""

from __future__ import annotations

from collections.abc import Callable, MutableSequence
from typing import Protocol

from macsec.frames import frame_octets

from .engine import WIRE, Engine
from .impairments import starts
from .lane import Lane, LinkStats, Transit
from .params import LinkParams
from .straight_lane import StraightLane, is_straight
from .trace import Fate, Mark

A2B, B2A = 0, 1

Receiver = Callable[[bytes], None]


class LinkTap(Protocol):
    """An interceptor at the receiving end of the wire: behind its impairments, before the port."""

    def on_frame(self, time_ns: int, direction: int, frame: bytes) -> bytes | list[bytes] | None:
        """Handle an arriving frame: None passes it on; octets, or a list of frames, replace it."""


class Port:
    """One end of a link. `receiver` is called at each arrival; the engine has the time.

    `watch`, if set, is called with each frame that is sent, before the link takes it.
    """

    def __init__(self, name: str, mtu: int | None, send: Receiver) -> None:
        self.name = name
        self.mtu = mtu
        self.receiver: Receiver | None = None
        self.watch: Receiver | None = None
        self._send = send

    def send(self, frame: bytes) -> None:
        """Send a frame without FCS now. Raises TypeError for a number."""
        octets = frame_octets(frame)
        if self.watch is not None:
            self.watch(octets)
        self._send(octets)

    def __repr__(self) -> str:
        return f"<Port {self.name}>"


class Link:
    """Two ports and the wire between them; `a2b` and `b2a` may be the same parameters.

    `params`, `stats`: of a to b, and of b to a. `taps` see each arriving frame, in their order.
    `name` seeds the random streams: links of one engine have different names.

    >>> from macsec.wire import Engine, Link, LinkParams
    >>> engine = Engine()
    >>> link = Link(engine, "a-b", LinkParams(delay="5ms"))
    >>> link.b.receiver = lambda frame: print(len(frame), "octets at", engine.now_ns, "ns")
    >>> link.a.send(bytes(60))
    >>> engine.run(until_ns=10**9)
    60 octets at 5000000 ns

    See also: `LinkParams`, `parse_tc`.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        a2b: LinkParams | None = None,
        b2a: LinkParams | None = None,
    ) -> None:
        self.engine = engine
        self.name = name
        self.number = engine.enrol(name)
        self.taps: MutableSequence[LinkTap] = []
        self.params = a2b or LinkParams(), b2a or LinkParams()
        self.a, self.b = self._connect()

    def _connect(self) -> tuple[Port, Port]:
        """Make both directions, and return the ports at their ends."""
        self._ways = [_Way(self, side, given) for side, given in enumerate(self.params)]
        a, b = (
            Port(f"{self.name}.{end}", way.lane.params.mtu, way.send)
            for end, way in zip("ab", self._ways, strict=True)
        )
        return a, b

    @property
    def stats(self) -> tuple[LinkStats, LinkStats]:
        """The counts of both directions so far."""
        return self._ways[A2B].lane.stats, self._ways[B2A].lane.stats

    def carries(self, wanted: Callable[[bytes], bool]) -> bool:
        """Return whether `wanted` is true of a frame on its way, in either direction."""
        return any(
            wanted(frame) for way in self._ways if len(way.lane) for frame in way.lane.frames()
        )

    def inject(self, direction: int, frame: bytes) -> None:
        """Hand a frame to the receiving port now, as a tap does: no impairment, no count."""
        self._hand(direction, Mark.TAPPED, frame_octets(frame))

    def arrive(self, direction: int, frame: bytes, mark: Mark) -> None:
        """Pass a frame that came out of a direction through the taps to the port."""
        if not self.taps:
            self._hand(direction, mark, frame)
            return
        frames = [frame]
        for tap in tuple(self.taps):
            frames = [
                passed
                for one in frames
                for passed in _tapped(tap, self.engine.now_ns, direction, one)
            ]
        if frames == [frame]:
            self._hand(direction, mark, frame)
            return
        engine = self.engine
        engine.trace.end(engine.now_ps, self.number, direction, Fate.TAKEN, mark, frame)
        for given in frames:
            self._hand(direction, Mark.TAPPED, given)

    def _hand(self, direction: int, mark: Mark, frame: bytes) -> None:
        engine = self.engine
        engine.trace.end(engine.now_ps, self.number, direction, Fate.ARRIVED, mark, frame)
        port = self.b if direction == A2B else self.a
        if port.receiver is not None:
            port.receiver(frame)

    def __repr__(self) -> str:
        return f"<Link {self.name}>"


def _tapped(tap: LinkTap, time_ns: int, direction: int, frame: bytes) -> list[bytes]:
    """Return the frames that go on after a tap handled one."""
    given = tap.on_frame(time_ns, direction, frame)
    if given is None:
        return [frame]
    return list(map(frame_octets, given)) if isinstance(given, list) else [frame_octets(given)]


class _Way:
    """A lane on an engine, with one event armed at the time of the next frame out."""

    def __init__(self, link: Link, direction: int, params: LinkParams) -> None:
        self._link = link
        self._direction = direction
        self._engine = link.engine
        self._armed: int | None = None
        self.lane: Lane | StraightLane
        self._overtaking = not is_straight(params)
        if not self._overtaking:
            self.lane = StraightLane(params)
        else:
            start = starts(params, link.engine.seed, link.name, direction)
            self.lane = Lane(params, start, self._stopped)

    def send(self, frame: bytes) -> None:
        self.lane.send(self._engine.now_ps, frame)
        if self._armed is None or self._overtaking:
            self._arm()

    def _stopped(self, time_ps: int, fate: Fate, transit: Transit) -> None:
        trace, number = self._engine.trace, self._link.number
        trace.end(time_ps, number, self._direction, fate, transit.mark, transit.frame)

    def _arm(self) -> None:
        due = self.lane.next_ps
        if due is not None and (self._armed is None or due < self._armed):
            self._armed = due
            self._engine.at(due, self._fire, WIRE)

    def _fire(self) -> None:
        now_ps, pop = self._engine.now_ps, self.lane.pop
        # An event that an earlier one overtook finds another time armed, and does nothing.
        if self._armed != now_ps:
            return
        try:
            while (transit := pop(now_ps)) is not None:
                self._link.arrive(self._direction, transit.frame, transit.mark)
        finally:  # a receiver may raise: the frames behind still come
            self._armed = None
            self._arm()
