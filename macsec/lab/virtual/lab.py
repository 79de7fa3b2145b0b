"""A lab: sites, the links between them and their traffic on one engine, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from macsec.errors import ConfigError
from macsec.frames import FrameBatch
from macsec.kay.holders import Edge
from macsec.kay.timers import MKA_LIFE_TIME_NS
from macsec.lab.blueprint import Blueprint, Flow, LinkPlan
from macsec.lab.link_state import Standing, State
from macsec.lab.virtual.agreed import AgreedEndpoint, is_eapol
from macsec.lab.virtual.bridge import Bridge
from macsec.lab.virtual.endpoint import Endpoint
from macsec.lab.virtual.host import Host, Tally
from macsec.lab.virtual.traffic import Departure, Source, departures
from macsec.time_units import PS_PER_NS
from macsec.wire.engine import HORIZON_PS, Engine
from macsec.wire.lane import LinkStats
from macsec.wire.link import Link, Port
from macsec.wire.params import LinkParams

PATIENCE_NS = 2 * MKA_LIFE_TIME_NS
"""So long traffic waits for links that are not secured."""

Concern = Callable[[bytes], bool]
"""Which frames are those of users, on some wire."""

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

    @property
    def agreed(self) -> tuple[AgreedEndpoint, ...]:
        """Both ends where there is key agreement; else none."""
        return tuple(end for end in self.ends or () if isinstance(end, AgreedEndpoint))

    def mkpdus(self, direction: int) -> int:
        """MKPDUs that were sent."""
        return self.agreed[direction].mkpdus_sent if self.agreed else 0

    def sent(self, direction: int) -> int:
        """Frames of users that were sent: those of key agreement do not count."""
        return self.stats[direction].sent - self.mkpdus(direction)

    def refused(self, direction: int) -> int:
        """Frames that the closed Controlled Ports of both ends did not let through."""
        if not self.agreed:
            return 0
        return self.agreed[direction].refused[0] + self.agreed[1 - direction].refused[1]

    @property
    def standing(self) -> Standing | None:
        """How key agreement stands; None where there is none."""
        return Standing.of(self.plan.sites, self.agreed) if self.agreed else None

    @property
    def protected(self) -> bool:
        """Whether MACsec is on, and no frame passes in clear, or has: should-secure may let it."""
        if (standing := self.standing) is None:
            return self.plan.protected
        passed = sum(end.secy.counters["OutPktsUntagged"] for end in self.agreed)
        return standing.state is not State.PLAIN and not passed

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
    blueprint and the seeds alone. `began_ps`: when its traffic began. Raises ConfigError for what a
    SecY refuses, and for a CAK that cannot be used.
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
        self.began_ps: int | None = None
        self.tallies = [Tally() for _ in blueprint.flows]
        self._home = {host.mac.to_bytes(6): host for host in blueprint.hosts}
        self._host_ports: dict[str, int] = {}
        self._link_ports: dict[tuple[str, str], int] = {}
        self._wires: list[tuple[Link, Concern]] = []
        self._busy = 0
        self._playing = self._unsecured = 0
        self._started = self._wanted = False
        self._read: Source = _no_captures
        self._edge = Edge(clock=lambda: self.engine.now_ns, who="macsec lab")
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
        return self._wire(name, (params, params), _any)

    def _wire(self, name: str, params: tuple[LinkParams, LinkParams], users: Concern) -> Link:
        link = Link(self.engine, name, *params)
        self._wires.append((link, users))
        return link

    def _build_link(self, plan: LinkPlan, backend: str, kernel: str | None) -> SiteLink:
        users = _any if plan.keying is None else _of_users
        link = self._wire(f"link {plan.name}", plan.params, users)
        ends = None
        if plan.protected:
            ends = self._end(plan, 0, backend, kernel), self._end(plan, 1, backend, kernel)
            ends[0].attach(link.a)
            ends[1].attach(link.b)
        made = SiteLink(plan, link, ends)
        if not plan.standby:
            for side, site in enumerate(plan.sites):
                edge = self.sites[site].edge
                self._link_ports[site, plan.name] = len(edge.ports)
                edge.attach(made.relay_port(side))
        return made

    def _end(self, plan: LinkPlan, side: int, backend: str, kernel: str | None) -> Endpoint:
        name = f"{plan.name} at {plan.sites[side]}"
        if plan.configs is not None:
            return Endpoint.from_config(name, plan.configs[side], backend, kernel)
        if plan.keying is None:
            raise AssertionError("an end of an unprotected link")
        planned = plan.keying[side]
        if planned.config.mka is not None and planned.config.mka.generated is not None:
            raise ConfigError(
                f"{planned.place}: generated: the CAKs of a store have dates, and virtual time has "
                "none: lab up takes them"
            )
        kay = planned.kay(self._edge)
        return AgreedEndpoint(name, planned.secy(backend, kernel), self.engine, kay)

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

    def start(self) -> None:
        """Begin key agreement on every link that has it. `run` does so by itself."""
        if self._started:
            return
        self._started = True
        for end in self._agreed:
            end.progress.on_secured = self._count_secured
        self._unsecured = len(self._agreed)
        for end in self._agreed:
            end.start()

    def run(self, until_ns: int | None = None, read: Source | None = None) -> None:
        """Send the traffic of the blueprint, until a time, or until its last frame has arrived.

        Traffic begins when the blueprint says: by default once all links with key agreement are
        secured, or after PATIENCE_NS if some are not. `read` opens the captures that it names.
        """
        self._read = read or _no_captures
        begin = self.blueprint.begin
        if begin is not None:
            self._begin(max(begin * PS_PER_NS, self.engine.now_ps))
        self._wanted = begin is None
        self.start()
        self._look()
        if self.began_ps is None:
            self.engine.after(PATIENCE_NS * PS_PER_NS, self._give_up)
        until = self.blueprint.until if until_ns is None else until_ns
        if until is not None or not self._agreed:
            self.engine.run(until)
        else:
            self._run_out()

    @property
    def _agreed(self) -> list[AgreedEndpoint]:
        return [end for link in self.links for end in link.agreed]

    def _count_secured(self) -> None:
        self._unsecured -= 1
        self._look()

    def _look(self) -> None:
        """Begin with the traffic once there is no link to wait for."""
        if self._wanted and not self._unsecured:
            self._begin(self.engine.now_ps)

    def _give_up(self) -> None:
        if self._wanted:
            self._begin(self.engine.now_ps)

    def _begin(self, time_ps: int) -> None:
        self._wanted = False
        self.began_ps = time_ps
        for flow, tally in zip(self.blueprint.flows, self.tallies, strict=True):
            ends = self.hosts[flow.source.name], self.hosts[flow.to.name]
            source = departures(flow, self.engine.seed, self._read)
            self._await(_Playing(flow, ends, tally, source, time_ps))

    def _run_out(self) -> None:
        """Key agreement never ends by itself: stop when no frame of users is left."""
        while (self._wanted or self._playing or self._is_busy()) and self.engine.step():
            pass

    def _is_busy(self) -> bool:
        """Whether a frame of users is on its way somewhere; first where there was one before."""
        wires = self._wires
        for step in range(len(wires)):
            at = (self._busy + step) % len(wires)
            wire, users = wires[at]
            if wire.carries(users):
                self._busy = at
                return True
        return False

    def _await(self, playing: _Playing) -> None:
        departure = next(playing.source, None)
        if departure is None:
            return
        time_ps = playing.begin_ps + departure.time_ps
        if time_ps > HORIZON_PS:
            raise ConfigError(f"{playing.flow.title}: a frame after the end of virtual time")
        self._playing += 1
        self.engine.at(time_ps, partial(self._depart, playing, departure))

    def _depart(self, playing: _Playing, departure: Departure) -> None:
        frame, side = departure.frame, departure.side
        self._playing -= 1
        playing.tally.sent += 1
        playing.tally.sent_octets += len(frame)
        playing.ends[1 - side].expect(frame, playing.tally)
        playing.ends[side].send(frame)
        self._await(playing)

    @property
    def unprotected(self) -> list[str]:
        """The names of links without MACsec, and of those that let frames pass in clear."""
        return [link.plan.name for link in self.links if not link.protected]

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
    begin_ps: int


def _any(_: bytes) -> bool:
    return True


def _of_users(frame: bytes) -> bool:
    """Under key agreement EAPOL on the wire is the KaYs' own; that of hosts is protected."""
    return not is_eapol(frame)


def _no_captures(path: str) -> Iterable[FrameBatch]:
    raise ConfigError(f"{path}: this run was given no way to read captures")
