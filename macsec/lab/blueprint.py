"""A topology with all values: parameters, addresses, configurations, the tree, traffic.

It draws keys and reads no file, so it serves virtual time and real time alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from macsec.clear_rules import VLAN_IDS
from macsec.config import (
    Host,
    ImpairmentsSection,
    KeyRing,
    LinkSection,
    ProtectionSection,
    Topology,
    TrafficSection,
    hosts_of,
    load,
)
from macsec.config.reading import PathInTree
from macsec.config.static_keys import Draw, Pair
from macsec.config.topology.model import SECURED
from macsec.errors import ConfigError
from macsec.kay.timers import MKA_LIFE_TIME_NS
from macsec.lab.ede import EdgeService, services_of
from macsec.lab.keying import EndPlan, Sources, planned
from macsec.lab.spanning_tree import SpanningTree, WeightedLink, spanning_tree
from macsec.secy.from_config import controls_of
from macsec.terms import ETHERNET_HEADER
from macsec.wire.param_values import HISTORY_NS
from macsec.wire.params import LinkParams
from macsec.wire.tc import parse_tc
from macsec.wire.units import probability, rate_bits, time_ns, whole

EDGE_SYSTEM = 0x02ED << 32
"""Start of the edges' MAC addresses; the link's number and side (0 or 1) follow."""
HEADERS = 42
"""Octets of Ethernet, IPv4 and UDP."""
SMALLEST = 60
MTU_MOST = 65535
"""The largest MTU of a port of Linux, and the longest IPv4 packet."""
IMIX = "imix"
CLOCK_MOST = 1000
_Ways = tuple[LinkParams, LinkParams]


@dataclass(frozen=True, slots=True, eq=False)
class LinkPlan:
    """A link between two sites.

    `params`: from the first site to the second, and back. `systems`: the MAC addresses of its two
    Common Ports. `keying`: key agreement at both ends; or `configs`: SecYs with static keys;
    neither on an unprotected link. `standby`: it would close a loop, so it carries nothing.
    `lag`: the aggregation that it belongs to. `services`: of the EDEs at both ends, if there are.
    """

    name: str
    sites: tuple[str, str]
    params: tuple[LinkParams, LinkParams]
    systems: tuple[int, int]
    cipher: str | None
    keying: tuple[EndPlan, EndPlan] | None
    configs: tuple[Mapping[str, Any], Mapping[str, Any]] | None = field(repr=False)
    standby: bool
    lag: str | None = None
    services: tuple[EdgeService, EdgeService] | None = None

    @property
    def protected(self) -> bool:
        """True if MACsec is on."""
        return self.keying is not None or self.configs is not None


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic between two hosts: a generator, or a capture if `pcap` is set.

    `rate` in bit/s or `pps`, the other one None. `size` None is IMIX. Times in ns; `burst` and
    `pause` are of model onoff.
    """

    number: int
    source: Host
    to: Host
    model: str
    rate: int | None
    pps: int | None
    size: int | None
    payload: bytes
    count: int | None
    duration: int | None
    start: int
    burst: int
    pause: int
    pcap: str | None
    vlan: int | None = None

    @property
    def title(self) -> str:
        """Its name in reports."""
        model = Path(self.pcap).name if self.pcap else self.model
        return f"{self.source.name} to {self.to.name}, {model}"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of key agreement during a run, at ends of a link. `at_ns`: from the start.

    `kind` and `value` are an entry of `changes:`; `place` is for messages.
    """

    at_ns: int
    link: str
    sides: tuple[int, ...]
    kind: str
    value: Any
    place: str


@dataclass(frozen=True, slots=True, eq=False)
class Blueprint:
    """The plan of a lab. `cables`: by site, for its hosts, switch and edge. Times in ns.

    `begin`: the time from which the `start` of traffic counts; None: once all links are secured.
    """

    name: str
    description: str
    mtu: int
    until: int | None
    begin: int | None
    sites: tuple[str, ...]
    tree: SpanningTree
    regions: Mapping[str, str]
    cables: Mapping[str, LinkParams]
    hosts: tuple[Host, ...]
    links: tuple[LinkPlan, ...]
    flows: tuple[Flow, ...]
    changes: tuple[Change, ...] = ()

    @classmethod
    def of(cls, topology: Topology, draw: Draw) -> Blueprint:
        """Return the blueprint of a topology. `draw` gives the keys: entropy, or octets of a seed.

        Raises ConfigError with the line of a wrong entry.
        """
        with KeyRing(topology.origin.folder) as ring:
            return cls._read(topology, draw, _Reader(topology, ring))

    @classmethod
    def _read(cls, topology: Topology, draw: Draw, reader: _Reader) -> Blueprint:
        params = [reader.both_ways(at) for at in range(len(topology.links))]
        ways = [
            WeightedLink(link.title, (link.between[0], link.between[1]), max(p.delay for p in both))
            for link, both in zip(topology.links, params, strict=True)
        ]
        sites = tuple(topology.sites)
        tree = spanning_tree(sites, ways)
        carrying = _carrying(topology, tree)
        hosts = hosts_of(topology)
        by_name = {host.name: host for host in hosts}
        return cls(
            name=topology.name or topology.origin.name or "topology",
            description=topology.description,
            mtu=reader.mtu(),
            until=reader.until(),
            begin=reader.begin(),
            sites=sites,
            tree=tree,
            regions={name: site.region for name, site in topology.sites.items() if site.region},
            cables={site: reader.cable(site) for site in sites},
            hosts=tuple(hosts),
            links=tuple(
                reader.link(at, both, draw, topology.links[at].title not in carrying)
                for at, both in enumerate(params)
            ),
            flows=tuple(
                reader.flow(at, entry, by_name) for at, entry in enumerate(topology.traffic)
            ),
            changes=tuple(map(reader.change, range(len(topology.changes)))),
        )

    @property
    def life_ns(self) -> int:
        """The longest Life Time of its key agreement."""
        ends = (end for link in self.links for end in link.keying or ())
        return max((end.policy.life_ns for end in ends), default=MKA_LIFE_TIME_NS)

    @property
    def unprotected(self) -> list[str]:
        """The names of links without MACsec."""
        return [link.name for link in self.links if not link.protected]


_FIELDS = frozenset().union(
    *(
        each.model_fields
        for each in (ImpairmentsSection, TrafficSection, ProtectionSection, LinkSection)
    )
)
"""Names that an error may begin with, for the line of that entry."""


class _Reader:
    """Parses the values that the configuration left as text; an error names the line."""

    def __init__(self, topology: Topology, ring: KeyRing) -> None:
        self._topology = topology
        self._ring = ring
        self._origin = topology.origin

    @contextmanager
    def _at(self, path: PathInTree) -> Iterator[None]:
        """Add a place to an error raised inside: of the field that it names, else of the entry."""
        try:
            yield
        except ConfigError as error:
            field, colon, reason = str(error).partition(": ")
            if colon and field in _FIELDS:
                path = (*path, field)
            else:
                reason = str(error)
            raise ConfigError(f"{self._origin.where(path)}: {reason}") from None

    def _params(self, *sections: tuple[PathInTree, ImpairmentsSection]) -> LinkParams:
        merged: dict[str, Any] = {}
        owners: dict[str, PathInTree] = {}
        for path, section in sections:
            given = {
                name: value
                for name in ImpairmentsSection.model_fields
                if name != "tc" and (value := getattr(section, name)) is not None
            }
            if section.tc is not None:
                with self._at((*path, "tc")):
                    given = parse_tc(section.tc).changed() | given
            merged |= given
            owners |= dict.fromkeys(given, path)
        try:
            return LinkParams.of(merged)
        except ConfigError as error:
            field = str(error).partition(":")[0].split()[0]
            with self._at(owners.get(field, sections[0][0])):
                raise
            raise AssertionError from None

    def cable(self, site: str) -> LinkParams:
        """Return the parameters of cables inside a site."""
        return self._params((("sites", site, "link"), self._topology.sites[site].link))

    def both_ways(self, at: int) -> tuple[LinkParams, LinkParams]:
        """Return the parameters of a link, from its first site and back."""
        link, path = self._topology.links[at], ("links", at)
        a2b, b2a = (
            self._params((path, link), ((*path, way), getattr(link, way))) for way in ("a2b", "b2a")
        )
        return a2b, b2a

    def link(self, at: int, params: _Ways, draw: Draw, standby: bool) -> LinkPlan:
        """Return a link with its addresses, and with keys unless it is off."""
        link = self._topology.links[at]
        section = self._topology.protection(link)
        systems = (EDGE_SYSTEM | at << 8, EDGE_SYSTEM | at << 8 | 1)
        own: Draw = lambda purpose, n: draw(f"{link.title} {purpose}", n)  # noqa: E731
        static = section is not None and section.keys == "static"
        services = self._services(at, section is not None)
        keying = None if section is None or static else self._keying(at, section, systems, own)
        if keying is not None and services is not None:
            a, b = (replace(end, destination=services[0].kind.destination) for end in keying)
            keying = a, b
        return LinkPlan(
            link.title,
            (link.between[0], link.between[1]),
            params if section is None else _following(params, section.secy.ethertype),
            systems,
            None if section is None else section.cipher,
            keying,
            self._static(at, section, systems, own) if section is not None and static else None,
            standby,
            link.lag,
            services,
        )

    def _services(self, at: int, protected: bool) -> tuple[EdgeService, EdgeService] | None:
        with self._at(("links", at)):
            services = services_of(self._topology.links[at], self._topology.sites)
            if services is not None and not protected:
                raise ConfigError("macsec: an EDE protects every link")
            return services

    def _static(
        self, at: int, section: ProtectionSection, systems: tuple[int, int], draw: Draw
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        with self._at(self._path(at)):
            pair = Pair(_checked(section), systems, draw)
        return pair.station(0), pair.station(1)

    def _keying(
        self, at: int, section: ProtectionSection, systems: tuple[int, int], draw: Draw
    ) -> tuple[EndPlan, EndPlan]:
        between = self._topology.links[at].between
        path = self._path(at)
        with self._at(path):
            _checked(section)
            sources = Sources(draw, self._origin, self._ring, self._origin.where(path))
            return planned(section, (between[0], between[1]), systems, sources)

    def _path(self, at: int) -> PathInTree:
        """Return the path of a link's protection in the topology."""
        own = "macsec" in self._topology.links[at].model_fields_set
        return ("links", at, "macsec") if own else ("macsec",)

    def mtu(self) -> int:
        """Return the MTU of the hosts."""
        with self._at(()):
            return whole("mtu", self._topology.mtu, 0, MTU_MOST, f"0 to {MTU_MOST} octets")

    def until(self) -> int | None:
        """Return the end of a run in ns, or None."""
        with self._at(()):
            given = self._topology.until
            return None if given is None else time_ns("until", given, HISTORY_NS)

    def begin(self) -> int | None:
        """Return the begin of traffic in ns, or None: once all links are secured."""
        given = self._topology.begin
        with self._at(()):
            return None if given == SECURED else time_ns("begin", _bare_zero(given), HISTORY_NS)

    def flow(self, at: int, entry: TrafficSection, hosts: Mapping[str, Host]) -> Flow:
        """Return traffic with its numbers parsed."""
        pcap = entry.pcap
        if pcap is not None and pcap != "-":
            pcap = str(self._origin.folder / pcap)
        with self._at(("traffic", at)):
            return Flow(
                number=at,
                source=hosts[entry.source],
                to=hosts[entry.to],
                model=entry.model,
                rate=None if entry.rate is None else rate_bits("rate", entry.rate),
                pps=_positive("pps", entry.pps),
                size=self._size(entry),
                payload=(entry.payload or "").encode(),
                count=entry.count,
                duration=_time("duration", entry.duration),
                start=_time("start", entry.start) or 0,
                burst=_span("burst", entry.burst),
                pause=_span("pause", entry.pause),
                pcap=pcap,
                vlan=self._vlan(entry),
            )

    def change(self, at: int) -> Change:
        """Return a change with its time parsed."""
        entry, path = self._topology.changes[at], ("changes", at)
        between = next(link for link in self._topology.links if link.title == entry.link).between
        sides = (0, 1) if entry.site is None else (between.index(entry.site),)
        with self._at((*path, "at")):
            at_ns = time_ns("at", _bare_zero(entry.at), HISTORY_NS)
            until = self.until()
            if until is not None and at_ns > until:
                raise ConfigError("the run ends before: see until")
        kind, value = entry.change
        with self._at(path):
            value = CHANGE_VALUES[kind](kind, value) if kind in CHANGE_VALUES else value
        return Change(at_ns, entry.link, sides, kind, value, self._origin.where(path))

    def _vlan(self, entry: TrafficSection) -> int | None:
        if entry.vlan is None:
            return None
        if entry.pcap is not None:
            raise ConfigError("vlan: frames of a capture are sent as they are")
        return whole("vlan", entry.vlan, 0, VLAN_IDS - 1, f"a VLAN of 0 to {VLAN_IDS - 1}")

    def _size(self, entry: TrafficSection) -> int | None:
        most = self._topology.mtu + ETHERNET_HEADER
        if entry.size == IMIX:
            return None
        text = str(entry.size)
        size = int(text) if text.isdecimal() else entry.size
        return whole("size", size, SMALLEST, most, f"imix, or {SMALLEST} to {most} octets")


def _clock(field: str, value: Any) -> int:
    return whole(field, value, 1, CLOCK_MOST, f"1 to {CLOCK_MOST} percent of the true speed")


CHANGE_VALUES: dict[str, Callable[[str, Any], Any]] = {
    "drop": lambda field, value: probability(field, _bare_zero(value)),
    "delay": lambda field, value: time_ns(field, _bare_zero(value)),
    "clock": _clock,
}
"""Parsers of the values of changes that the configuration left as text."""


def _carrying(topology: Topology, tree: SpanningTree) -> set[str]:
    """Return the links of the tree, and the others of their aggregations."""
    lags = {link.lag for link in topology.links if link.lag and link.title in tree.links}
    return tree.links | {link.title for link in topology.links if link.lag in lags}


def _following(ways: _Ways, ethertype: int) -> _Ways:
    """Return the parameters with the EtherType of SecTAGs, where they look for these."""
    a2b, b2a = (
        replace(params, sectag_ethertype=ethertype)
        if params.match is not None or params.corrupt.probability
        else params
        for params in ways
    )
    return a2b, b2a


def _checked(section: ProtectionSection) -> dict[str, Any]:
    """Return the controls of an edge's SecY. Raises ConfigError for impossible ones."""
    secy = section.secy.model_dump(by_alias=True)
    for name in ("end_station", "scb"):
        if secy[name] and not secy["send_sci"]:
            raise ConfigError(
                f"{name}: an edge sends frames of its hosts, whose addresses make no SCI "
                "of its own (9.9); leave it out"
            )
    controls_of(load({"secy": secy}))
    return secy


def _time(name: str, value: Any) -> int | None:
    return None if value is None else time_ns(name, _bare_zero(value), HISTORY_NS)


def _bare_zero(value: Any) -> Any:
    return 0 if value == "0" else value


def _span(field: str, value: Any) -> int:
    if value is None:
        return 0
    return whole(field, time_ns(field, value), 1, HISTORY_NS, "a time above 0")


def _positive(field: str, value: int | None) -> int | None:
    return None if value is None else whole(field, value, 1, 10**12, "1 to 10^12 frames a second")
