"""The traffic of a lab: each frame departs at its host when it is due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from macsec.errors import ConfigError
from macsec.lab.blueprint import Flow
from macsec.wire.engine import HORIZON_PS, Engine

from .host import FlowTally, VirtualHost
from .traffic import Source, TimedFrame, departures


class Playback:
    """The flows of a blueprint on an engine, from `begin` on; `tallies`: one for each flow."""

    def __init__(
        self, engine: Engine, hosts: Mapping[str, VirtualHost], flows: tuple[Flow, ...]
    ) -> None:
        self.tallies = [FlowTally() for _ in flows]
        self._engine = engine
        self._hosts = hosts
        self._flows = flows
        self._pending = 0

    @property
    def pending(self) -> bool:
        """True while a frame has still to depart."""
        return self._pending > 0

    def begin(self, time_ps: int, read: Source) -> None:
        """Schedule all flows from a time on; `read` opens the captures that they name."""
        for flow, tally in zip(self._flows, self.tallies, strict=True):
            ends = self._hosts[flow.source.name], self._hosts[flow.to.name]
            source = departures(flow, self._engine.seed, read)
            self._schedule(_Playing(flow, ends, tally, source, time_ps))

    def _schedule(self, playing: _Playing) -> None:
        """Schedule the next frame of a flow: one at a time."""
        departure = next(playing.source, None)
        if departure is None:
            return
        time_ps = playing.begin_ps + departure.time_ps
        if time_ps > HORIZON_PS:
            raise ConfigError(f"{playing.flow.title}: a frame after the end of virtual time")
        self._pending += 1
        self._engine.at(time_ps, partial(self._depart, playing, departure))

    def _depart(self, playing: _Playing, departure: TimedFrame) -> None:
        frame, side = departure.frame, departure.side
        self._pending -= 1
        playing.tally.sent += 1
        playing.tally.sent_octets += len(frame)
        playing.ends[1 - side].expect(frame, playing.tally)
        playing.ends[side].send(frame)
        self._schedule(playing)


@dataclass(frozen=True, slots=True, eq=False)
class _Playing:
    flow: Flow
    ends: tuple[VirtualHost, VirtualHost]
    tally: FlowTally
    source: Iterator[TimedFrame]
    begin_ps: int
