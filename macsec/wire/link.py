"""A full-duplex link between two ports, on an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from macsec.wire.engine import WIRE, Engine
from macsec.wire.impairments import starts
from macsec.wire.lane import Lane, LinkStats, Sent
from macsec.wire.params import LinkParams
from macsec.wire.straight_lane import StraightLane, is_straight
from macsec.wire.trace import Fate, Mark

A2B, B2A = 0, 1

Receiver = Callable[[bytes], None]


class Tap(Protocol):
    """Somebody at the receiving end of the wire, behind its impairments and before the port."""

    def on_frame(self, time_ns: int, direction: int, frame: bytes) -> bytes | list[bytes] | None:
        """A frame arrives: None lets it pass, octets go in its place, a list is all that goes."""


class Port:
    """One end of a link. `receiver` is called at each arrival; the engine tells the time.

    `watch`, where set, is shown each frame that is sent, before the link has it.
    """

    def __init__(self, name: str, mtu: int | None, send: Receiver) -> None:
        self.name = name
        self.mtu = mtu
        self.receiver: Receiver | None = None
        self.watch: Receiver | None = None
        self._send = send

    def send(self, frame: bytes) -> None:
        """A frame without FCS enters the transmitter now. Raises TypeError for a number."""
        octets = frame if type(frame) is bytes else _octets(frame)
        if self.watch is not None:
            self.watch(octets)
        self._send(octets)

    def __repr__(self) -> str:
        return f"<Port {self.name}>"


class Link:
    """Two ports and what lies between; `a2b` and `b2a` may be the same parameters.

    `stats`: of a to b, and of b to a. `taps` see what arrives, in their order. `name` belongs to
    the random streams: links of one engine have different names.
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
        self.taps: list[Tap] = []
        ways = [_way(self, side, given or LinkParams()) for side, given in enumerate((a2b, b2a))]
        self._ways = ways
        self.a = Port(f"{name}.a", ways[A2B].lane.params.mtu, ways[A2B].send)
        self.b = Port(f"{name}.b", ways[B2A].lane.params.mtu, ways[B2A].send)

    @property
    def stats(self) -> tuple[LinkStats, LinkStats]:
        """What both directions did so far."""
        return self._ways[A2B].lane.stats, self._ways[B2A].lane.stats

    @property
    def params(self) -> tuple[LinkParams, LinkParams]:
        """The parameters of both directions."""
        return self._ways[A2B].lane.params, self._ways[B2A].lane.params

    def in_flight(self, direction: int) -> int:
        """How many frames are on their way."""
        return len(self._ways[direction].lane)

    def carries(self, concern: Callable[[bytes], bool]) -> bool:
        """Whether a frame of some kind is on its way, in either direction."""
        return any(
            concern(frame) for way in self._ways if len(way.lane) for frame in way.lane.frames()
        )

    def inject(self, direction: int, frame: bytes) -> None:
        """Hand a frame to the receiving port now, as a tap's: no impairment, no count."""
        self._hand(direction, Mark.TAPPED, _octets(frame))

    def arrive(self, direction: int, frame: bytes, mark: Mark) -> None:
        """A frame came out of a direction: past the taps, to the port."""
        if not self.taps:
            self._hand(direction, mark, frame)
            return
        frames = [frame]
        for tap in tuple(self.taps):
            frames = [
                passed
                for one in frames
                for passed in _answer(tap, self.engine.now_ns, direction, one)
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


def _answer(tap: Tap, time_ns: int, direction: int, frame: bytes) -> list[bytes]:
    given = tap.on_frame(time_ns, direction, frame)
    if given is None:
        return [frame]
    return list(map(_octets, given)) if isinstance(given, list) else [_octets(given)]


def _octets(frame: bytes) -> bytes:
    if isinstance(frame, int):  # of which `bytes` would make so many zeros
        raise TypeError(f"a frame is octets, not the number {frame}")
    return bytes(frame)


class _Way:
    """A lane on an engine: one event is asked for, at the time of what comes out next."""

    def __init__(self, link: Link, direction: int, params: LinkParams) -> None:
        self._link = link
        self._direction = direction
        self._engine = link.engine
        self.lane = Lane(params, starts(params, link.engine.seed, link.name, direction), self._end)
        self._armed: int | None = None

    def send(self, frame: bytes) -> None:
        self.lane.send(self._engine.now_ps, frame)
        self._arm()

    def _end(self, time_ps: int, fate: Fate, sent: Sent) -> None:
        trace = self._engine.trace
        trace.end(time_ps, self._link.number, self._direction, fate, sent.mark, sent.frame)

    def _arm(self) -> None:
        due = self.lane.next_ps
        if due is not None and (self._armed is None or due < self._armed):
            self._armed = due
            self._engine.at(due, self._fire, WIRE)

    def _fire(self) -> None:
        # An event that an earlier one overtook finds another time armed, and does nothing.
        if self._armed != self._engine.now_ps:
            return
        self._armed = None
        while (popped := self.lane.pop(self._engine.now_ps)) is not None:
            fate, sent = popped
            if fate is Fate.ARRIVED:
                self._link.arrive(self._direction, sent.frame, sent.mark)
        self._arm()


class _StraightWay:
    """The same for a lane on which frames keep their order: its first frame is the next event."""

    def __init__(self, link: Link, direction: int, params: LinkParams) -> None:
        self._link = link
        self._direction = direction
        self._engine = link.engine
        self.lane = StraightLane(params)
        self._armed = False

    def send(self, frame: bytes) -> None:
        due = self.lane.send(self._engine.now_ps, frame)
        if not self._armed:
            self._arm(due)

    def _fire(self) -> None:
        lane, now_ps = self.lane, self._engine.now_ps
        while (frame := lane.pop(now_ps)) is not None:
            self._link.arrive(self._direction, frame, Mark.NONE)
        self._armed = False
        if (due := lane.next_ps) is not None:
            self._arm(due)

    def _arm(self, due: int) -> None:
        self._armed = True
        self._engine.at(due, self._fire, WIRE)


def _way(link: Link, direction: int, params: LinkParams) -> _Way | _StraightWay:
    kind = _StraightWay if is_straight(params) else _Way
    return kind(link, direction, params)
