"""A lab: sites, the links between them and their traffic on one engine, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from macsec.errors import ConfigError
from macsec.frames import FrameBatch
from macsec.sim.clock import HORIZON_PS, Engine
from macsec.sim.endpoint import Endpoint
from macsec.sim.lab.blueprint import Blueprint, Flow, LinkPlan
from macsec.sim.lab.bridge import Bridge
from macsec.sim.lab.host import Host, Tally
from macsec.sim.lab.traffic import Departure, Source, departures
from macsec.sim.lane import LinkStats
from macsec.sim.link import Link, Port

UPLINK = 0
"""Number of the port between a site's switch and its edge, on either."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteLink:
    """A link between two sites; `ends`: the stations at its first and second site, if protected."""

    plan: LinkPlan
    link: Link
    ends: tuple[Endpoint, Endpoint] | None

    @property
    def stats(self) -> tuple[LinkStats, LinkStats]:
        """Of the way from the first site to the second, and back."""
        return self.link.stats

    def delivered(self, direction: int) -> int:
        """Frames that came up behind the far end: validated, or on an unprotected link arrived."""
        if self.ends is None:
            return self.stats[direction].received
        return self.ends[1 - direction].delivered

    def relay_port(self, side: int) -> Port:
        """What the edge of a site sends its frames to: the Controlled Port, if there is one."""
        if self.ends is not None:
            return self.ends[side].controlled
        return self.common_port(side)

    def common_port(self, side: int) -> Port:
        """The end of the wire itself."""
        return self.link.b if side else self.link.a


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A site: its switch, and the bridge in its edge device. `uplink`: the cable between both."""

    name: str
    switch: Bridge
    edge: Bridge
    uplink: Link


class Lab:
    """A blueprint at work. `run` it; then everything can be looked at. Close it to wipe the keys.

    `seed` decides the wires and the traffic; with keys that a seed gave, `digest` depends on the
    blueprint and the seeds alone. Raises ConfigError for what a SecY refuses.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        seed: int = 0,
        backend: str = "auto",
        kernel: str | None = None,
    ) -> None:
        self.blueprint = blueprint
        self.engine = Engine(seed)
        self.sites: dict[str, Site] = {}
        self.hosts: dict[str, Host] = {}
        self.links: list[SiteLink] = []
        self.tallies = [Tally() for _ in blueprint.flows]
        self._home = {host.mac.to_bytes(6): host for host in blueprint.hosts}
        self._host_ports: dict[str, int] = {}
        self._link_ports: dict[tuple[str, str], int] = {}
        try:
            self._build_sites()
            for plan in blueprint.links:
                self.links.append(self._build_link(plan, backend, kernel))
        except BaseException:
            self.close()
            raise

    # ------------------------------------------------------------ building

    def _build_sites(self) -> None:
        for name in self.blueprint.sites:
            uplink = self._cable(f"{name} uplink", name)
            switch = Bridge(f"{name} switch", partial(self._port_of_switch, name))
            edge = Bridge(f"{name} edge", partial(self._port_of_edge, name))
            site = Site(name, switch, edge, uplink)
            site.switch.attach(uplink.a)
            site.edge.attach(uplink.b)
            self.sites[name] = site
        for address in self.blueprint.hosts:
            cable = self._cable(f"{address.site} host {address.name}", address.site)
            switch = self.sites[address.site].switch
            self._host_ports[address.name] = len(switch.ports)
            switch.attach(cable.b)
            self.hosts[address.name] = Host(self.engine, address, cable.a)

    def _cable(self, name: str, site: str) -> Link:
        params = self.blueprint.cables[site]
        return Link(self.engine, name, params, params)

    def _build_link(self, plan: LinkPlan, backend: str, kernel: str | None) -> SiteLink:
        link = Link(self.engine, f"link {plan.name}", *plan.params)
        ends = None
        if plan.configs is not None:
            a, b = (
                Endpoint.from_config(f"{plan.name} at {site}", config, backend, kernel)
                for site, config in zip(plan.sites, plan.configs, strict=True)
            )
            a.attach(link.a)
            b.attach(link.b)
            ends = a, b
        made = SiteLink(plan, link, ends)
        if not plan.standby:
            for side, site in enumerate(plan.sites):
                edge = self.sites[site].edge
                self._link_ports[site, plan.name] = len(edge.ports)
                edge.attach(made.relay_port(side))
        return made

    # Where the hosts are is known from the start, as after each of them has spoken. Looked up when
    # it is needed: a table in each of a thousand bridges would take longer than most runs.

    def _port_of_switch(self, site: str, address: bytes) -> int | None:
        host = self._home.get(address)
        if host is None:
            return None
        return self._host_ports[host.name] if host.site == site else UPLINK

    def _port_of_edge(self, site: str, address: bytes) -> int | None:
        host = self._home.get(address)
        if host is None:
            return None
        if host.site == site:
            return UPLINK
        link = self.blueprint.tree.next_link(site, host.site)
        return None if link is None else self._link_ports[site, link]

    # ------------------------------------------------------------ running

    def run(self, until_ns: int | None = None, read: Source | None = None) -> None:
        """Send the traffic of the blueprint, until a time, or until nothing is left to happen.

        `read` opens the captures that the traffic names.
        """
        for flow, tally in zip(self.blueprint.flows, self.tallies, strict=True):
            ends = self.hosts[flow.source.name], self.hosts[flow.to.name]
            source = departures(flow, self.engine.seed, read or _no_captures)
            self._await(_Playing(flow, ends, tally, source))
        self.engine.run(self.blueprint.until if until_ns is None else until_ns)

    def _await(self, playing: _Playing) -> None:
        departure = next(playing.source, None)
        if departure is None:
            return
        if departure.time_ps > HORIZON_PS:
            raise ConfigError(f"{playing.flow.title}: a frame after the end of virtual time")
        self.engine.at(departure.time_ps, partial(self._depart, playing, departure))

    def _depart(self, playing: _Playing, departure: Departure) -> None:
        frame, side = departure.frame, departure.side
        playing.tally.sent += 1
        playing.tally.sent_octets += len(frame)
        playing.ends[1 - side].expect(frame, playing.tally)
        playing.ends[side].send(frame)
        self._await(playing)

    @property
    def digest(self) -> str:
        """SHA-256 of all that happened on every wire and cable, in hex."""
        return self.engine.digest

    @property
    def backend(self) -> str:
        """The data plane and its kernel; empty where no link is protected."""
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


@dataclass(frozen=True, slots=True, eq=False)
class _Playing:
    flow: Flow
    ends: tuple[Host, Host]
    tally: Tally
    source: Iterator[Departure]


def _no_captures(path: str) -> Iterable[FrameBatch]:
    raise ConfigError(f"{path}: this run was given no way to read captures")
