"""A lab: sites, the links between them and their traffic on one engine, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from macsec.errors import ConfigError
from macsec.frames import FrameBatch
from macsec.kay.holders import Edge
from macsec.kay.kay import Kay
from macsec.lab.blueprint import Blueprint, Change, LinkPlan
from macsec.lab.keying import EndPlan
from macsec.lab.link_state import LinkEnd
from macsec.lab.virtual.records.recorder import Recorder
from macsec.lab.virtual.stations.edge_port import EdgePort
from macsec.lab.virtual.stations.station import Station
from macsec.lab.virtual.traffic.sources import Source
from macsec.native import load
from macsec.notebooks import Displayed
from macsec.secy import SecY
from macsec.time_units import PS_PER_NS
from macsec.wire.link import Link, Port

from .bridge import Bridge
from .changes import schedule
from .host import FlowTally, LabHost
from .parts import LabParts
from .reference import ReferenceParts
from .site_link import SiteLink

PATIENCE = 2
"""Life Times that traffic waits at most for links that are not secured."""

_LOOK_AGAIN_NS = 10_000_000

UPLINK = 0
"""Number of the port between a site's switch and its edge, on either."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A site: its switch, and the bridge in its edge device. `uplink`: the cable between both."""

    name: str
    switch: Bridge
    edge: Bridge
    uplink: Link


class Lab(Displayed):
    """A blueprint in virtual time. `run` it, then inspect all its parts. Close it to wipe the keys.

    `seed` decides the wires and the traffic; with keys that a seed gave, `digest` depends on the
    blueprint and the seeds alone. `began_ps`: when its traffic began. Raises ConfigError for
    controls that a SecY refuses, and for a CAK that cannot be used.

    >>> import os
    >>> from macsec.lab import Blueprint, Lab, load_topology
    >>> with Lab(Blueprint.of(load_topology("two-regions"), lambda _, n: os.urandom(n))) as lab:
    ...     lab.run(until_ns=10**9)
    ...     lab.unprotected
    []

    See also: `load_topology`, `Blueprint`.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        seed: int = 0,
        backend: str = "auto",
        kernel: str | None = None,
    ) -> None:
        self.blueprint = blueprint
        self._parts = parts_of(backend, seed)
        self.engine = self._parts.engine
        self.sites: dict[str, Site] = {}
        self.hosts: dict[str, LabHost] = {}
        self.links: list[SiteLink] = []
        self.began_ps: int | None = None
        self._host_at = {host.mac.to_bytes(6): host for host in blueprint.hosts}
        self._host_ports: dict[str, int] = {}
        self._link_ports: dict[tuple[str, str], int] = {}
        self._lags: dict[tuple[str, str], int] = {}
        self._unsecured = 0
        self._started = self._awaits_links = False
        self._read: Source = _no_captures
        self._edge = Edge(clock=lambda: self.engine.now_ns, who="macsec lab")
        try:
            self._build_sites()
            for plan in blueprint.links:
                self.links.append(self._build_link(plan, backend, kernel))
            self._playback = self._parts.player(self.hosts, blueprint.flows)
        except BaseException:
            self.close()
            raise

    # ------------------------------------------------------------ building

    def _build_sites(self) -> None:
        for name in self.blueprint.sites:
            uplink = self._cable(f"{name} uplink", name)
            switch = self._parts.bridge(f"{name} switch", partial(self._port_of_switch, name))
            edge = self._parts.bridge(f"{name} edge", partial(self._port_of_edge, name))
            site = Site(name, switch, edge, uplink)
            site.switch.attach(uplink.a)
            site.edge.attach(uplink.b)
            self.sites[name] = site
        for address in self.blueprint.hosts:
            cable = self._cable(f"{address.site} host {address.name}", address.site)
            switch = self.sites[address.site].switch
            self._host_ports[address.name] = len(switch.ports)
            switch.attach(cable.b)
            self.hosts[address.name] = self._parts.host(address, cable.a, self.blueprint.mtu)

    def _cable(self, name: str, site: str) -> Link:
        params = self.blueprint.cables[site]
        return self._parts.link(name, (params, params))

    def _build_link(self, plan: LinkPlan, backend: str, kernel: str | None) -> SiteLink:
        link = self._parts.link(f"link {plan.name}", plan.params, plan.keying is not None)
        ends = edge_ports = red_ports = None
        if plan.services is not None:
            a, red_a = self._edge_port(plan, 0, link, backend, kernel)
            b, red_b = self._edge_port(plan, 1, link, backend, kernel)
            ends, edge_ports, red_ports = (a.station, b.station), (a, b), (red_a, red_b)
        elif plan.protected:
            near = self._station(plan, 0, link.a, backend, kernel)
            ends = near, self._station(plan, 1, link.b, backend, kernel)
        agreed = tuple(LinkEnd(end.agreement) for end in ends or () if end.agreement is not None)
        made = SiteLink(plan, link, ends, agreed, edge_ports, red_ports)
        if not plan.standby:
            for side, site in enumerate(plan.sites):
                self._attach(site, made, side)
        return made

    def _attach(self, site: str, link: SiteLink, side: int) -> None:
        """Give the edge of a site its end of a link, alone or with the others of its LAG."""
        edge, plan = self.sites[site].edge, link.plan
        leader = self._lags.get((site, plan.lag)) if plan.lag else None
        number = len(edge.ports) if leader is None else leader
        self._link_ports[site, plan.name] = number
        if plan.lag:
            self._lags[site, plan.lag] = number
        edge.attach(link.relay_port(side), leader, partial(link.is_open, side))

    def _station(
        self, plan: LinkPlan, side: int, port: Port, backend: str, kernel: str | None
    ) -> Station:
        secy, kay = self._keyed(plan, side, backend, kernel)
        return self._parts.station(port, secy, kay, f"{plan.name} at {plan.sites[side]}")

    def _edge_port(
        self, plan: LinkPlan, side: int, link: Link, backend: str, kernel: str | None
    ) -> tuple[EdgePort, Port]:
        """Return the Provider Edge Port of an EDE, and the cable's port for the site's bridge."""
        if plan.services is None:
            raise AssertionError("an end of a link without EDEs")
        site, name = plan.sites[side], f"{plan.name} at {plan.sites[side]}"
        self.sites[site].edge.reserved = plan.services[side].kind.reserved
        red, black = self._cable(f"{name} red", site), link.b if side else link.a
        secy, kay = self._keyed(plan, side, backend, kernel)
        made = EdgePort(self.engine, red.b, black, plan.services[side], secy, kay, name)
        return made, red.a

    def _keyed(
        self, plan: LinkPlan, side: int, backend: str, kernel: str | None
    ) -> tuple[SecY, Kay | None]:
        """Return the SecY of an end of a link, and its KaY."""
        if plan.configs is not None:
            return SecY.from_config(plan.configs[side], backend, kernel), None
        if plan.keying is None:
            raise AssertionError("an end of an unprotected link")
        planned = plan.keying[side]
        kay = self._kay(planned)
        return planned.secy(backend, kernel), kay

    def _kay(self, planned: EndPlan) -> Kay:
        if planned.config.mka is not None and planned.config.mka.generated is not None:
            raise ConfigError(
                f"{planned.place}: generated: the CAKs of a store have dates, and virtual time has "
                "none; use lab up"
            )
        return planned.kay(self._edge)

    # Bridges know all hosts from the start, as if each host had sent a frame. They look the port up
    # when they need it: a table in each of a thousand bridges would take longer than most runs.

    def _port_of_switch(self, site: str, address: bytes) -> int | None:
        host = self._host_at.get(address)
        if host is None:
            return None
        return self._host_ports[host.name] if host.site == site else UPLINK

    def _port_of_edge(self, site: str, address: bytes) -> int | None:
        host = self._host_at.get(address)
        if host is None:
            return None
        if host.site == site:
            return UPLINK
        link = self.blueprint.tree.next_link(site, host.site)
        return None if link is None else self._link_ports[site, link]

    # ------------------------------------------------------------ running

    def start(self) -> None:
        """Begin key agreement on every link that has it; `run` does so by itself."""
        if self._started:
            return
        self._started = True
        schedule(self.engine, self.links, self.blueprint.changes)
        agreed = [end for link in self.links for end in link.agreed]
        for end in agreed:
            end.on_secured = self._count_secured
        self._unsecured = len(agreed)
        for link in self.links:
            for station in link.ends or ():
                station.start()

    def run(
        self, until_ns: int | None = None, read: Source | None = None, leaps: bool = False
    ) -> None:
        """Send the traffic of the blueprint, until a time, or until its last frame has arrived.

        Traffic begins when the blueprint says: by default once all links with key agreement are
        secured, or after PATIENCE Life Times if some are not. `read` opens the captures that it
        names.
        With `leaps` key agreement pauses between frames that are far apart, since an hour of
        hellos takes seconds to emulate: the KaYs rest from a Life Time after a frame to the next.
        """
        self._playback.on_pause = self._rest if leaps else None
        self.begin(read)
        until = self.blueprint.until if until_ns is None else until_ns
        if until is not None or not any(link.agreed for link in self.links):
            self.engine.run(until)
            return
        self._parts.run_out(lambda: self._awaits_links)
        while self._holds_frames():
            self._parts.run_out(self._holds_frames)

    def _holds_frames(self) -> bool:
        return any(link.faults.held for link in self.links)

    def begin(self, read: Source | None = None) -> None:
        """Schedule all that `run` does, for a caller that advances the engine itself."""
        self._read = read or _no_captures
        begin = self.blueprint.begin
        if begin is not None:
            self._begin(max(begin * PS_PER_NS, self.engine.now_ps))
        self._awaits_links = begin is None
        self.start()
        self._begin_if_secured()
        if self.began_ps is None:
            self.engine.after(PATIENCE * self.blueprint.life_ns * PS_PER_NS, self._begin_unsecured)

    def change(self, change: Change) -> None:
        """Schedule one more change, at a time that is still to come."""
        schedule(self.engine, self.links, (change,))

    def _count_secured(self) -> None:
        self._unsecured -= 1
        self._begin_if_secured()

    def _begin_if_secured(self) -> None:
        if self._awaits_links and not self._unsecured:
            self._begin(self.engine.now_ps)

    def _begin_unsecured(self) -> None:
        if self._awaits_links:
            self._begin(self.engine.now_ps)

    def _begin(self, time_ps: int) -> None:
        self._awaits_links = False
        self.began_ps = time_ps
        self._playback.begin(time_ps, self._read)

    def _rest(self, until_ps: int) -> None:
        """Let the KaYs rest until the next frame of the traffic, if it is far, once all is idle."""
        idle_ps = self.blueprint.life_ns * PS_PER_NS  # a SAK retires, and every member is heard
        if until_ps - self.engine.now_ps > 2 * idle_ps:
            self.engine.after(idle_ps, partial(self._stop_clocks, until_ps))

    def _stop_clocks(self, until_ps: int) -> None:
        if self.engine.now_ps >= until_ps:
            return
        if self._parts.carries:
            self.engine.after(_LOOK_AGAIN_NS * PS_PER_NS, partial(self._stop_clocks, until_ps))
            return
        pause_ns = (until_ps - self.engine.now_ps) // PS_PER_NS
        for link in self.links:
            for station in link.ends or ():
                station.rest(pause_ns)

    def finish(self) -> None:
        """Run until no frame of users is on a wire."""
        self._parts.finish()

    def recorder(self, name: str, ports: tuple[str, ...]) -> Recorder:
        """Return a recorder for ports and hosts of this lab."""
        return self._parts.recorder(name, ports)

    # ------------------------------------------------------------ results

    @property
    def tallies(self) -> list[FlowTally]:
        """Counts of each flow of the blueprint."""
        return self._playback.tallies

    @property
    def unprotected(self) -> list[str]:
        """The names of links without MACsec, and of links that passed frames in clear."""
        return [link.plan.name for link in self.links if not link.protected]

    @property
    def digest(self) -> str:
        """SHA-256 of all that happened on every wire and cable, in hex."""
        return self.engine.digest

    @property
    def backend(self) -> str:
        """The data plane and its kernel; empty without a protected link."""
        secys = (end.secy for link in self.links for end in link.ends or ())
        first = next(secys, None)
        return "" if first is None else f"{first.backend}/{first.kernel}"

    def close(self) -> None:
        """Wipe all keys."""
        for link in self.links:
            for end in link.ends or ():
                end.close()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def parts_of(backend: str, seed: int) -> LabParts:
    """Return the parts of a lab in C, or in Python for the reference, and where C was not built."""
    if load(backend, needs="macsec_lab_new") is None:
        return ReferenceParts(seed)
    from .native import NativeParts  # it needs the C library

    return NativeParts(seed)


def _no_captures(path: str) -> Iterable[FrameBatch]:
    raise ConfigError(f"{path}: this run was given no way to read captures")
