"""The parts of a lab in Python, on an engine in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from macsec.config import Host as Address
from macsec.kay.kay import Kay
from macsec.lab.blueprint import Flow
from macsec.lab.virtual.records.recorder import Recorder
from macsec.lab.virtual.stations.station import Station
from macsec.lab.virtual.traffic.playback import Playback
from macsec.secy import SecY
from macsec.wire.engine import Engine
from macsec.wire.link import Link, Port
from macsec.wire.params import LinkParams

from .bridge import Bridge, Known
from .host import LabHost, VirtualHost
from .parts import Player
from .wire_faults import IsUserFrame, every_frame, is_user_frame


class ReferenceParts:
    """Parts in Python."""

    def __init__(self, seed: int) -> None:
        self.engine = Engine(seed)
        self._wires: list[tuple[Link, IsUserFrame]] = []
        self._last_busy = 0
        self._player: Player | None = None

    def link(self, name: str, params: tuple[LinkParams, LinkParams], keyed: bool = False) -> Link:
        """Make a link."""
        link = Link(self.engine, name, *params)
        self._wires.append((link, is_user_frame if keyed else every_frame))
        return link

    def bridge(self, name: str, known: Known | None = None) -> Bridge:
        """Make a bridge."""
        return Bridge(name, known)

    def host(self, address: Address, port: Port, mtu: int) -> LabHost:
        """Make a host at a port."""
        return VirtualHost(self.engine, address, port, mtu)

    def station(self, common: Port, secy: SecY, kay: Kay | None, name: str) -> Station:
        """Make a station at the end of a link."""
        return Station(self.engine, common, secy, kay, name)

    def player(self, hosts: Mapping[str, LabHost], flows: tuple[Flow, ...]) -> Player:
        """Make the traffic."""
        own = {name: host for name, host in hosts.items() if isinstance(host, VirtualHost)}
        self._player = Playback(self.engine, own, flows)
        return self._player

    def recorder(self, name: str, ports: tuple[str, ...]) -> Recorder:
        """Make a recorder."""
        return Recorder(self.engine, name, ports)

    @property
    def carries(self) -> bool:
        """True while a frame is on any link."""
        return any(wire.carries(every_frame) for wire, _ in self._wires)

    def finish(self) -> None:
        """Run until no frame of users is on a link."""
        while self._is_busy() and self.engine.step():
            pass

    def run_out(self, awaits: Callable[[], bool]) -> None:
        """Run until besides no frame has still to depart, and `awaits` is false."""
        while (awaits() or self._is_pending() or self._is_busy()) and self.engine.step():
            pass

    def _is_pending(self) -> bool:
        return self._player is not None and self._player.pending

    def _is_busy(self) -> bool:
        """Return whether a frame of users is on any wire. The wire of the last one comes first."""
        wires = self._wires
        for step in range(len(wires)):
            at = (self._last_busy + step) % len(wires)
            wire, users = wires[at]
            if wire.carries(users):
                self._last_busy = at
                return True
        return False
