"""The parts of a lab on one engine: in Python, or in C with the same results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from macsec.config import Host as Address
from macsec.kay.kay import Kay
from macsec.lab.blueprint import Flow
from macsec.lab.virtual.records.recorder import Recorder
from macsec.lab.virtual.stations.station import Station
from macsec.lab.virtual.traffic.sources import Source
from macsec.secy import SecY
from macsec.wire.engine import Engine
from macsec.wire.link import Link, Port
from macsec.wire.params import LinkParams

from .bridge import Bridge, Known
from .host import FlowTally, LabHost


class Player(Protocol):
    """The flows of a blueprint on an engine, from `begin` on.

    `on_pause`, if set, is called with the time of the next frame, in ps, when a frame has departed
    and no other flow has one pending.
    """

    on_pause: Callable[[int], None] | None

    @property
    def tallies(self) -> list[FlowTally]:
        """The counts of each flow."""

    @property
    def pending(self) -> bool:
        """True while a frame has still to depart."""

    def begin(self, time_ps: int, read: Source) -> None:
        """Schedule all flows from a time on; `read` opens the captures that they name."""


class LabParts(Protocol):
    """Makes the parts of a lab, all on one engine, and runs them to rest.

    A `keyed` link has a KaY at both ends: EAPOL on it is no frame of users.
    """

    @property
    def engine(self) -> Engine:
        """The engine that all parts are on."""

    def link(self, name: str, params: tuple[LinkParams, LinkParams], keyed: bool = False) -> Link:
        """Make a link."""

    def bridge(self, name: str, known: Known | None = None) -> Bridge:
        """Make a bridge."""

    def host(self, address: Address, port: Port, mtu: int) -> LabHost:
        """Make a host at a port."""

    def station(self, common: Port, secy: SecY, kay: Kay | None, name: str) -> Station:
        """Make a station at the end of a link."""

    def player(self, hosts: Mapping[str, LabHost], flows: tuple[Flow, ...]) -> Player:
        """Make the traffic; there is one for each engine."""

    def recorder(self, name: str, ports: tuple[str, ...]) -> Recorder:
        """Make a recorder."""

    @property
    def carries(self) -> bool:
        """True while a frame is on any link."""

    def finish(self) -> None:
        """Run until no frame of users is on a link."""

    def run_out(self, awaits: Callable[[], bool]) -> None:
        """Run until besides no frame has still to depart, and `awaits` is false.

        `awaits` changes only when an event of Python runs.
        """
