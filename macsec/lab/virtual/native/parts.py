"""The parts of a lab in C."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from macsec.config import Host as Address
from macsec.kay.kay import Kay
from macsec.lab.blueprint import Flow
from macsec.lab.virtual.bridge import Bridge, Known
from macsec.lab.virtual.host import LabHost
from macsec.lab.virtual.parts import Player
from macsec.lab.virtual.records.recorder import Recorder
from macsec.lab.virtual.stations.station import Station
from macsec.secy import SecY
from macsec.wire.link import Link, Port
from macsec.wire.params import LinkParams

from .bridge import Bridges, NativeBridge
from .engine import NativeEngine, lib
from .host import Hosts, NativeHost
from .link import Links, NativeLink
from .playback import NativePlayback
from .recorder import NativeRecorder
from .station import NativeStation, Stations


class NativeParts:
    """Parts in C."""

    def __init__(self, seed: int) -> None:
        self.engine: NativeEngine = NativeEngine(seed)
        self._links, self._bridges = Links(self.engine), Bridges(self.engine)
        self._hosts, self._stations = Hosts(self.engine), Stations(self.engine)

    def link(self, name: str, params: tuple[LinkParams, LinkParams], keyed: bool = False) -> Link:
        """Make a link."""
        return self._links.add(NativeLink(self.engine, name, *params, keyed))

    def bridge(self, name: str, known: Known | None = None) -> Bridge:
        """Make a bridge."""
        return self._bridges.add(NativeBridge(self.engine, name, known))

    def host(self, address: Address, port: Port, mtu: int) -> LabHost:
        """Make a host at a port."""
        return self._hosts.add(NativeHost(self.engine, address, port, mtu))

    def station(self, common: Port, secy: SecY, kay: Kay | None, name: str) -> Station:
        """Make a station at the end of a link."""
        return self._stations.add(NativeStation(self.engine, common, secy, kay, name))

    def player(self, hosts: Mapping[str, LabHost], flows: tuple[Flow, ...]) -> Player:
        """Make the traffic."""
        own = {name: host for name, host in hosts.items() if isinstance(host, NativeHost)}
        return NativePlayback(self.engine, own, flows)

    def recorder(self, name: str, ports: tuple[str, ...]) -> Recorder:
        """Make a recorder."""
        return NativeRecorder(self.engine, name, ports)

    @property
    def carries(self) -> bool:
        """True while a frame is on any link."""
        return bool(lib.macsec_lab_on_way(self.engine.lab))

    def finish(self) -> None:
        """Run until no frame of users is on a link."""
        self.engine.run_to_rest(lib.MACSEC_LAB_EMPTY)

    def run_out(self, awaits: Callable[[], bool]) -> None:
        """Run until besides no frame has still to depart, and `awaits` is false."""
        while self.engine.some(lib.MACSEC_LAB_NO_REST if awaits() else lib.MACSEC_LAB_ALL_SENT):
            pass
