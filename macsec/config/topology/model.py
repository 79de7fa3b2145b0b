"""The typed model of a topology: sites with hosts, links between their edges, traffic.

Units of time and rate, and the meaning of netem's impairments, belong to the wire (`macsec.wire`):
here such entries stay text, numbers and lists, and `Topology.origin` keeps the line of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainValidator, PrivateAttr, WithJsonSchema

from macsec.config import scalars
from macsec.config.field_types import MAC_SCHEMA, Number, Switch, VlanRanges, one_of
from macsec.config.model import Section
from macsec.config.reading import Origin, is_null
from macsec.config.topology.changes import ChangeSection
from macsec.config.topology.edes import EDES
from macsec.config.topology.names import AnyOf, Name
from macsec.config.topology.protection import Protection, ProtectionSection

HOSTS_MOST = 250
"""Of a site: the last octet of the address that a host gets by default is its number."""
MTU = 1500
SECURED = "secured"
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?")
"""Not the digits of an SCI or a CKN, which may begin with 0."""


def _scalar(value: Any) -> str | int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise ValueError("expected text or a number")
    return str(value) if isinstance(value, str) else value


def _signed(value: Any) -> int:
    """A number that may be below 0."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-[0-9]{1,9}", value):
        return int(value)
    return scalars.number(value)


def _overhead(value: Any) -> str | int:
    return "ethernet" if value == "ethernet" else _signed(value)


def _address(version: int) -> Any:
    def read(value: Any) -> Any:
        try:
            interface = ip_interface(str(value))
        except ValueError:
            interface = None
        if interface is None or interface.version != version:
            raise ValueError(f"expected an IPv{version} address with its prefix length")
        return interface

    return read


def _spans(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, list) and all(isinstance(p, list | tuple) and len(p) == 2 for p in value):
        return [(_scalar(start), _scalar(stop)) for start, stop in value]
    raise ValueError("expected a list of [from, to]")


def _pattern(value: Any) -> str | dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(name): _scalar(part) for name, part in value.items()}
    return str(_scalar(value))


def _sites(value: Any) -> Any:
    """Sites with all hosts by name: `hosts` may be a number, a list, or a mapping."""
    if not isinstance(value, Mapping):
        return value
    return {site: _site(str(site), entry) for site, entry in value.items()}


def _site(name: str, entry: Any) -> Any:
    given = {} if is_null(entry) or entry == "" else entry
    if not isinstance(given, Mapping):
        return given
    hosts = given.get("hosts", 1)
    if isinstance(hosts, str | int) and str(hosts).isdecimal():
        hosts = [f"{name}-h{number}" for number in range(1, min(int(hosts), HOSTS_MOST + 1) + 1)]
    return {**given, "hosts": hosts}


def _hosts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: {} if is_null(entry) or entry == "" else entry for name, entry in value.items()
        }
    if not isinstance(value, list):
        raise ValueError("expected a number, a list of names, or a mapping of names")
    if len(set(map(str, value))) != len(value):
        raise ValueError("a host is named twice")
    return {name: {} for name in value}


_TEXT = {"type": ["string", "number"]}
Quantity: TypeAlias = Annotated[Any, PlainValidator(_scalar), WithJsonSchema(_TEXT)]
"""Text with a unit, like `12ms`, `10gbit` or `0.1%`; or a number in ns, bit/s or of 1."""
Signed: TypeAlias = Annotated[int, PlainValidator(_signed), WithJsonSchema({"type": "integer"})]
Overhead: TypeAlias = Annotated[
    Any,
    PlainValidator(_overhead),
    WithJsonSchema({"anyOf": [{"enum": ["ethernet"]}, {"type": "integer"}]}),
]
Spans: TypeAlias = Annotated[
    Any,
    PlainValidator(_spans),
    WithJsonSchema(
        {"type": "array", "items": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2}}
    ),
]
Pattern: TypeAlias = Annotated[
    Any, PlainValidator(_pattern), WithJsonSchema({"type": ["string", "object"]})
]
Mac: TypeAlias = Annotated[
    int,
    PlainValidator(scalars.station_address),
    WithJsonSchema(MAC_SCHEMA),
]
IPv4: TypeAlias = Annotated[
    IPv4Interface, PlainValidator(_address(4)), WithJsonSchema({"type": "string"})
]
IPv6: TypeAlias = Annotated[
    IPv6Interface, PlainValidator(_address(6)), WithJsonSchema({"type": "string"})
]


def _expectations(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("expected places in the JSON of a run, each with its value")
    return {str(place): _wanted(wanted) for place, wanted in value.items()}


def _wanted(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return _value(value)
    bounds = [_value(bound) for bound in value]
    if len(bounds) != 2 or not all(type(bound) in (int, float) for bound in bounds):
        raise ValueError("expected a value, or [least, most] as two numbers")
    return bounds


def _value(value: Any) -> bool | int | float | str:
    """A number or a truth of the text that YAML gives, or text."""
    if isinstance(value, bool):
        return value
    text = str(_scalar(value))
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


Expectations: TypeAlias = Annotated[
    dict[str, Any], PlainValidator(_expectations), WithJsonSchema({"type": "object"})
]


class ImpairmentsSection(Section):
    """The impairments of one direction of a link, or of both: parameters of the wire by name.

    `tc`: a netem line as tc takes it or shows it; what is named beside it takes precedence.
    """

    tc: Annotated[str, BeforeValidator(_scalar)] | None = None
    rate: Quantity | None = None
    overhead: Overhead | None = None
    cell: Number | None = None
    cell_overhead: Signed | None = None
    delay: Quantity | None = None
    jitter: Quantity | None = None
    correlation: Quantity | None = None
    distribution: Quantity | None = None
    loss: Quantity | None = None
    corrupt: Quantity | None = None
    duplicate: Quantity | None = None
    reorder: Quantity | None = None
    gap: Number | None = None
    limit: Number | None = None
    slot: Quantity | None = None
    seed: Number | None = None
    drop: list[Number] | None = None
    down: Spans | None = None
    match: Pattern | None = None
    mtu: Number | None = None
    ordered: Switch | None = None
    fcs: Quantity | None = None
    corrupt_at: Quantity | None = None


class HostSection(Section):
    """`sites.SITE.hosts.HOST`. What is left out is assigned, always alike for one file."""

    mac: Mac | None = None
    ipv4: IPv4 | None = None
    ipv6: IPv6 | None = None


class EdgeSection(Section):
    """`sites.SITE.edge`: the edge device is an Ethernet Data Encryption device (802.1AE clause 15).

    `ede`: its kind. `pvid`: the VLAN of untagged frames on its red side. `priority_tag`: an EDE-M
    adds a tag of VLAN 0 with the priority of the frame.
    """

    ede: Annotated[
        Literal["m", "cs", "cc", "ss"], BeforeValidator(scalars.word(*EDES)), one_of(*EDES)
    ]
    pvid: Number = 1
    priority_tag: Switch = False


class ServiceSection(Section):
    """`links.N.service`: the service of a provider that a link between EDEs is.

    `vid`: the VLAN of the tag outside. `vlans`: of an EDE-CS, the VLANs inside; empty: all.
    """

    vid: Number
    vlans: VlanRanges = Field(default_factory=list)


class SiteSection(Section):
    """`sites.SITE`: hosts on a learning switch, and an edge device towards other sites.

    `hosts`: a number (1 if left out), a list of names, or a mapping. `region` groups sites in
    pictures. `link`: the cables between hosts, switch and edge.
    """

    region: Name | None = None
    hosts: Annotated[
        dict[Name, Annotated[HostSection, AnyOf({"type": "null"})]],
        BeforeValidator(_hosts),
        AnyOf({"type": ["integer", "string"]}, {"type": "array", "items": {"type": "string"}}),
    ] = Field(default_factory=dict)
    link: ImpairmentsSection = ImpairmentsSection(
        rate="100gbit", delay="500ns", overhead="ethernet"
    )
    edge: EdgeSection | None = None


class LinkSection(ImpairmentsSection):
    """`links.N`: a link between the edges of two sites.

    The impairments beside `between` hold both ways; those in `a2b` and `b2a` in one direction.
    Links of one `lag` are aggregated (802.1AX): each flow takes one, another if that is closed.
    `macsec` adds to the topology's.
    """

    name: Name | None = None
    lag: Name | None = None
    between: Annotated[list[Name], Field(min_length=2, max_length=2)]
    a2b: ImpairmentsSection = ImpairmentsSection()
    b2a: ImpairmentsSection = ImpairmentsSection()
    macsec: Protection = Field(default_factory=ProtectionSection)
    service: ServiceSection | None = None

    @property
    def title(self) -> str:
        """Its name; by default that of both sites."""
        return self.name or "-".join(self.between)


_MODELS = ("constant", "poisson", "onoff")


class TrafficSection(Section):
    """`traffic.N`: a generator of UDP frames from one host to another, or a capture that is sent.

    Generator: `model` with `rate` (bit/s of frames without FCS) or `pps`; `onoff` sends so for
    `burst` and nothing for `pause`, and so on; `size` in octets without FCS, or `imix`; `count` or
    `duration`; `payload` is repeated in each; `vlan` gives each a C-tag. Capture: `pcap`, sent at
    its own times from `start` on, by `from` and `to`: their addresses show which of the two sends a
    frame.
    """

    source: Name = Field(alias="from")
    to: Name
    model: Annotated[
        Literal["constant", "poisson", "onoff"],
        BeforeValidator(scalars.word(*_MODELS)),
        one_of(*_MODELS),
    ] = "constant"
    rate: Quantity | None = None
    pps: Number | None = None
    burst: Quantity | None = None
    pause: Quantity | None = None
    size: Quantity = 512
    payload: Annotated[str, BeforeValidator(_scalar)] | None = None
    vlan: Number | None = None
    count: Number | None = None
    duration: Quantity | None = None
    start: Quantity = 0
    pcap: Annotated[str, BeforeValidator(_scalar)] | None = None


class Topology(Section):
    """A whole topology. `macsec` holds for every link that does not say otherwise.

    `mtu`: of every host's port; the links carry what protection adds. `until`: when a run ends.
    `begin`: from when on the `start` of traffic counts: `secured`, once every link is, or a time.
    `question` and `answer`: what a run shows. `expect`: places in its JSON and the values there,
    a [least, most] or one value; `links.NAME.mka.rekeys` or `traffic.0.delivered` is a place.
    """

    name: Name | None = None
    description: Annotated[str, BeforeValidator(_scalar)] = ""
    question: Annotated[str, BeforeValidator(_scalar)] = ""
    answer: Annotated[str, BeforeValidator(_scalar)] = ""
    mtu: Number = MTU
    until: Quantity | None = None
    begin: Quantity = SECURED
    macsec: Protection = Field(default_factory=ProtectionSection)
    sites: Annotated[
        dict[Name, Annotated[SiteSection, AnyOf({"type": "null"})]], BeforeValidator(_sites)
    ]
    links: list[LinkSection] = Field(default_factory=list)
    traffic: list[TrafficSection] = Field(default_factory=list)
    changes: list[ChangeSection] = Field(default_factory=list)
    expect: Expectations = Field(default_factory=dict)

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def origin(self) -> Origin:
        """Name, folder and lines of its file."""
        return self._origin

    def protection(self, link: LinkSection) -> ProtectionSection | None:
        """The protection of a link; None where there is none."""
        if "macsec" not in link.model_fields_set:
            return self.macsec
        if self.macsec is None or link.macsec is None:
            return link.macsec
        return link.macsec.under(self.macsec)
