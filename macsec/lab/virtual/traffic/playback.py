"""The traffic of a lab: each frame departs at its host when it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from macsec.errors import ConfigError, FormatError, MACsecError
from macsec.lab.blueprint import Flow
from macsec.lab.virtual.host import FlowTally, VirtualHost
from macsec.lab.virtual.traffic.sources import Source, TimedFrame, departures
from macsec.time_units import PS_PER_S
from macsec.wire.engine import HORIZON_PS, Engine


class Playback:
    """The flows of a blueprint on an engine, from `begin` on; `tallies`: one for each flow.

    `on_pause`, if set, is called with the time of the next frame, in ps, when a frame has departed
    and no other flow has one pending.
    """

    def __init__(
        self, engine: Engine, hosts: Mapping[str, VirtualHost], flows: tuple[Flow, ...]
    ) -> None:
        self.tallies = [FlowTally() for _ in flows]
        self.on_pause: Callable[[int], None] | None = None
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
            source = departures(flow, self._engine.seed, read, tally.unsent)
            self._schedule(_Playing(flow, ends, tally, source, time_ps))

    def _schedule(self, playing: _Playing) -> None:
        """Schedule the next frame of a flow: one at a time."""
        departure = next(playing.source, None)
        if departure is None:
            return
        time_ps = playing.begin_ps + departure.time_ps
        if time_ps > HORIZON_PS:
            raise after_the_end(playing.flow, departure.number, departure.time_ps)
        if self.on_pause is not None and not self._pending:
            self.on_pause(time_ps)
        self._pending += 1
        self._engine.at(time_ps, partial(self._depart, playing, departure))

    def _depart(self, playing: _Playing, departure: TimedFrame) -> None:
        frame, side = departure.frame, departure.side
        self._pending -= 1
        if playing.ends[side].can_send(frame):
            playing.tally.sent += 1
            playing.tally.sent_octets += len(frame)
            playing.ends[1 - side].expect(frame, playing.tally)
            playing.ends[side].send(frame)
        else:
            playing.tally.unsent.too_long += 1
        self._schedule(playing)


def after_the_end(flow: Flow, number: int, time_ps: int) -> MACsecError:
    """Return the error of a frame that is due after the end of virtual time."""
    days = time_ps / PS_PER_S / 86_400
    end = HORIZON_PS // PS_PER_S // 86_400
    where = f"frame {number:,} is due {days:,.0f} days after the first one, and virtual "
    where += f"time ends after {end} days"
    if flow.pcap is None:
        return ConfigError(f"{flow.title}: {where}")
    if flow.pcap != "-":
        where = f"{flow.title}: {where}"
    return FormatError(
        f"{where}: if its clock was wrong, correct its time or cut the capture there"
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Playing:
    flow: Flow
    ends: tuple[VirtualHost, VirtualHost]
    tally: FlowTally
    source: Iterator[TimedFrame]
    begin_ps: int
