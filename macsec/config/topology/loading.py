"""Load a topology from a file, a shipped name or a dict; rules between its entries; schema."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from ipaddress import IPv4Interface, IPv6Interface
from pathlib import Path
from typing import Any

from macsec.config.loading import LOG, Problem, Sections, fill, refuse
from macsec.config.model import ChainedCakSection, MkaSection
from macsec.config.reading import (
    Origin,
    PathInTree,
    Text,
    concealed,
    read_file,
    read_mapping,
    read_text,
)
from macsec.config.sources import KeySource
from macsec.config.topology.model import (
    HOSTS_MOST,
    EdgeSection,
    HostSection,
    ImpairmentsSection,
    LinkSection,
    ServiceSection,
    SiteSection,
    Topology,
    TrafficSection,
)
from macsec.config.topology.protection import EndSection, ProtectionSection
from macsec.errors import ConfigError

SITES_MOST = 1 << 16
WANTED = "sites and links"

_SECTIONS: Sections = {
    (): Topology,
    ("macsec",): ProtectionSection,
    ("macsec", "keychain", "*"): ChainedCakSection,
    ("sites", "*"): SiteSection,
    ("sites", "*", "link"): ImpairmentsSection,
    ("sites", "*", "edge"): EdgeSection,
    ("links", "*", "service"): ServiceSection,
    ("sites", "*", "hosts", "*"): HostSection,
    ("links", "*"): LinkSection,
    ("links", "*", "a2b"): ImpairmentsSection,
    ("links", "*", "b2a"): ImpairmentsSection,
    ("links", "*", "macsec"): ProtectionSection,
    ("links", "*", "macsec", "keychain", "*"): ChainedCakSection,
    ("links", "*", "macsec", "ends", "*"): EndSection,
    ("links", "*", "macsec", "ends", "*", "keychain", "*"): ChainedCakSection,
    ("traffic", "*"): TrafficSection,
}
_SHIPPED = resources.files("macsec.config.topology") / "scenarios"
_SCHEMA = resources.files("macsec.config.topology") / "schemas" / "topology.json"
_MAC_OF_HOSTS = 0x02 << 40
_IPV4 = 10 << 24


@dataclass(frozen=True, slots=True)
class Host:
    """A host with its addresses, given and assigned ones."""

    name: str
    site: str
    mac: int
    ipv4: IPv4Interface
    ipv6: IPv6Interface


def load_topology(where: str | Path | Mapping[str, Any] | Topology) -> Topology:
    """The typed model of a topology: a file, the name of a shipped one, or the same as a dict.

    Raises ConfigError: one line with file, line number, the entry and what is expected there.

    >>> from macsec.lab import load_topology
    >>> sorted(load_topology("two-regions").sites)
    ['east-1', 'east-2', 'west-1', 'west-2']

    See also: `Blueprint`, `Lab`.
    """
    if isinstance(where, Topology):
        return where
    where = concealed(where)
    tree, origin = _read(where)
    topology = fill(Topology, tree, origin, _SECTIONS)
    topology._origin = origin
    refuse([*_problems(topology)], origin)
    if origin.exposed and any(source.inline for source in _key_sources(topology)):
        LOG.warning("%s holds a key and others can read it: chmod 600", origin.name)
    return topology


def _key_sources(topology: Topology) -> Iterator[KeySource]:
    for section in (topology.macsec, *(link.macsec for link in topology.links)):
        if section is not None:
            yield from section.key_sources()


def shipped() -> list[str]:
    """The names of the topologies that come with the package."""
    files = (Path(entry.name) for entry in _SHIPPED.iterdir())
    return sorted(file.stem for file in files if file.suffix == ".yaml")


def hosts_of(topology: Topology) -> list[Host]:
    """All hosts in the order of the file.

    Assigned are, for host h of site s, both from 1: 02:00 and s and h in 16 bits each; 10.s.h/8
    with s in 16 bits; fd00::s:h/64.
    """
    return [
        _host(name, site, section, s, h)
        for s, (site, entry) in enumerate(topology.sites.items(), 1)
        for h, (name, section) in enumerate(entry.hosts.items(), 1)
    ]


def topology_schema() -> dict[str, Any]:
    """The JSON Schema of a topology file, for editors."""
    schema = Topology.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def published_schema() -> str:
    """The text of the schema as it comes with the package."""
    return _SCHEMA.read_text("utf-8")


def shipped_text(where: str | Path) -> str | None:
    """Return the text of a shipped topology; None for a file."""
    if str(where) not in shipped() or os.path.exists(where):
        return None
    entry: Traversable = _SHIPPED / f"{where}.yaml"
    return entry.read_text("utf-8")


def _read(where: str | Path | Mapping[str, Any]) -> tuple[Any, Origin]:
    if isinstance(where, Mapping):
        return read_mapping(where)
    if (text := shipped_text(where)) is not None:
        return read_text(str(where), text.encode(), WANTED)
    try:
        return read_file(Path(where), WANTED)
    except ConfigError as error:
        if isinstance(where, Text) or os.path.exists(where):
            raise
        known = ", ".join(shipped())
        raise ConfigError(f"{error}; shipped topologies: {known}") from None


def _host(name: str, site: str, section: HostSection, s: int, h: int) -> Host:
    ipv4 = section.ipv4 or IPv4Interface((_IPV4 | s << 8 | h, 8))
    ipv6 = section.ipv6 or IPv6Interface(f"fd00::{s:x}:{h:x}/64")
    mac = _MAC_OF_HOSTS | s << 16 | h if section.mac is None else section.mac
    return Host(name, site, mac, ipv4, ipv6)


# ---------------------------------------------------------------- rules between entries


def _problems(topology: Topology) -> Iterator[Problem]:
    if not topology.sites:
        yield Problem(("sites",), "expected at least one site")
    if len(topology.sites) >= SITES_MOST:
        yield Problem(("sites",), f"at most {SITES_MOST - 1} sites")
    yield from _problems_of_hosts(topology)
    yield from _problems_of_links(topology)
    yield from _problems_of_lags(topology)
    yield from _problems_of_protection(topology)
    yield from _problems_of_traffic(topology)
    yield from _problems_of_changes(topology)
    if topology.expect and not topology.question:
        yield Problem(("expect",), "belongs to a question: without one it is not checked")


def _problems_of_hosts(topology: Topology) -> Iterator[Problem]:
    for site, entry in topology.sites.items():
        if len(entry.hosts) > HOSTS_MOST:
            yield Problem(("sites", site, "hosts"), f"a site has at most {HOSTS_MOST} hosts")
            return
    met: dict[tuple[str, object], str] = {}
    for host in hosts_of(topology):
        taken = {"name": host.name, "mac": host.mac, "ipv4": host.ipv4.ip, "ipv6": host.ipv6.ip}
        for kind, value in taken.items():
            if (kind, value) in met:
                other = met[kind, value]
                yield Problem(("sites", host.site, "hosts", host.name), f"{other} has this {kind}")
            met[kind, value] = f"{host.name} of {host.site}"


def _problems_of_links(topology: Topology) -> Iterator[Problem]:
    names: set[str] = set()
    for at, link in enumerate(topology.links):
        for side, site in enumerate(link.between):
            if site not in topology.sites:
                yield Problem(("links", at, "between", side), f"no site is called {site}")
        if link.between[0] == link.between[1]:
            yield Problem(("links", at, "between"), "a link is between two sites")
        if link.title in names:
            yield Problem(("links", at), f"a link called {link.title} is there already: name it")
        names.add(link.title)


def _problems_of_lags(topology: Topology) -> Iterator[Problem]:
    ends: dict[str, set[str]] = {}
    for at, link in enumerate(topology.links):
        if link.lag is not None and ends.setdefault(link.lag, {*link.between}) != {*link.between}:
            between = " and ".join(sorted(ends[link.lag]))
            yield Problem(("links", at, "lag"), f"the links of {link.lag} are between {between}")


def _problems_of_protection(topology: Topology) -> Iterator[Problem]:
    """Times of keys count from the start of a run, and what is said of an end names its site."""
    everywhere = topology.macsec
    if everywhere is not None:
        if everywhere.ends:
            yield Problem(("macsec", "ends"), "an end is one of a link: say it there")
        yield from _problems_of_chain(("macsec",), everywhere)
    for at, link in enumerate(topology.links):
        path = ("links", at, "macsec")
        if link.macsec is None:
            continue
        yield from _problems_of_chain(path, link.macsec)
        for site, section in link.macsec.ends.items():
            if site not in link.between:
                ends = " and ".join(link.between)
                yield Problem((*path, "ends", site), f"this link is between {ends}")
            yield from _problems_of_chain((*path, "ends", site), section)


def _problems_of_chain(path: PathInTree, section: MkaSection) -> Iterator[Problem]:
    for at, key in enumerate(section.keychain):
        for name, moment in (("start", key.start), ("end", key.end)):
            if moment is not None and moment.absolute:
                reason = "a lab has no date: expected seconds from its start"
                yield Problem((*path, "keychain", at, name), reason)


def _problems_of_traffic(topology: Topology) -> Iterator[Problem]:
    known = {host.name for host in hosts_of(topology)}
    for at, entry in enumerate(topology.traffic):
        for key, host in (("from", entry.source), ("to", entry.to)):
            if host not in known:
                yield Problem(("traffic", at, key), f"no host is called {host}")
        if entry.source == entry.to:
            yield Problem(("traffic", at), "from and to are two hosts")
        yield from _problems_of_amount(("traffic", at), entry)


def _problems_of_changes(topology: Topology) -> Iterator[Problem]:
    links = {link.title: link for link in topology.links}
    for at, entry in enumerate(topology.changes):
        link = links.get(entry.link)
        if link is None:
            yield Problem(("changes", at, "link"), f"no link is called {entry.link}")
        elif entry.site is not None and entry.site not in link.between:
            ends = " and ".join(link.between)
            yield Problem(("changes", at, "site"), f"this link is between {ends}")


_OF_GENERATORS = ("rate", "pps", "burst", "pause", "size", "payload", "count", "duration", "model")


def _problems_of_amount(path: PathInTree, entry: TrafficSection) -> Iterator[Problem]:
    given = entry.model_fields_set
    if entry.pcap is not None:
        for name in _OF_GENERATORS:
            if name in given:
                yield Problem((*path, name), "a capture is sent as it is: leave it out")
        return
    if (entry.rate is None) == (entry.pps is None):
        yield Problem(path, "expected rate (like 10mbit) or pps, one of them; or pcap")
    if entry.count is None and entry.duration is None:
        yield Problem(path, "expected count or duration, so that it ends")
    if entry.model == "onoff" and (entry.burst is None or entry.pause is None):
        yield Problem(path, "onoff needs burst and pause")
    if entry.model != "onoff" and {"burst", "pause"} & given:
        yield Problem(path, "burst and pause belong to model onoff")
