"""The status of a lab in real time: one JSON object, and the same as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypedDict

from rich.console import RenderableType
from rich.text import Text

from macsec.lab import RealLab
from macsec.lab.blueprint import LinkPlan
from macsec.lab.link_state import LinkStatus
from macsec.lab.real.segment import Segment
from macsec.report.fields import Counts
from macsec.report.lab import agreement
from macsec.report.lab.agreement import AgreementJson
from macsec.report.page import Page, drawn, heading, indented
from macsec.report.table import Table

ALARM = "UNPROTECTED"
STANDBY = "standby"
PLAIN = LinkStatus.PLAIN.value


class PlaceJson(TypedDict):
    """A host and its addresses."""

    name: str
    site: str
    mac: str
    ipv4: str
    ipv6: str


class EdgeJson(TypedDict):
    """One end of a link: frames that its pump moved, and the counters of its SecY."""

    to_wire: Counts
    from_wire: Counts
    counters: Counts


class RealLinkJson(TypedDict):
    """A link between sites; `wire` is empty on a perfect wire, which counts nothing."""

    name: str
    between: list[str]
    protected: bool
    protection: str
    standby: bool
    ends: list[EdgeJson]
    wire: list[Counts]
    mka: AgreementJson | None


class LabStatusJson(TypedDict):
    """`macsec/lab-status/1`: hosts, links, counters and key agreement of the lab that is up.

    Counters are those of the SecYs at both ends, a and b.
    """

    schema: Literal["macsec/lab-status/1"]
    topology: str
    unprotected: list[str]
    hosts: list[PlaceJson]
    links: list[RealLinkJson]


def to_json(lab: RealLab) -> LabStatusJson:
    """Return the status of a lab as JSON."""
    blueprint = lab.blueprint
    with lab.agreements.lock:
        agreed = {
            name: agreement.to_json(segment.plan.sites, segment.ends)
            for name, segment in lab.segments.items()
        }
    plain = {name for name, mka in agreed.items() if mka and mka["status"] == PLAIN}
    return {
        "schema": "macsec/lab-status/1",
        "topology": blueprint.name,
        "unprotected": [
            plan.name for plan in blueprint.links if not plan.protected or plan.name in plain
        ],
        "hosts": [
            {
                "name": host.name,
                "site": host.site,
                "mac": host.mac.to_bytes(6).hex(":"),
                "ipv4": str(host.ipv4),
                "ipv6": str(host.ipv6),
            }
            for host in blueprint.hosts
        ],
        "links": [
            {
                "name": plan.name,
                "between": list(plan.sites),
                "protected": plan.protected and plan.name not in plain,
                "protection": ALARM
                if plan.name in plain
                else _suite(plan, lab.segments.get(plan.name)),
                "standby": plan.standby,
                "ends": _ends(lab.segments.get(plan.name)),
                "wire": _wire(lab.segments.get(plan.name)),
                "mka": agreed.get(plan.name),
            }
            for plan in blueprint.links
        ],
    }


def _suite(plan: LinkPlan, segment: Segment | None) -> str:
    """Return the Cipher Suites of a link, those of its SecYs: a running port may take another."""
    if plan.cipher is None or segment is None:
        return plan.cipher or ALARM
    return ", ".join(dict.fromkeys(secy.controls.cipher.name for secy in segment.secys))


def _ends(segment: Segment | None) -> list[EdgeJson]:
    if segment is None:
        return []
    return [
        {
            "to_wire": dict(pump.traffic.to_wire),
            "from_wire": dict(pump.traffic.from_wire),
            "counters": dict(secy.counters),
        }
        for pump, secy in zip(segment.pumps, segment.secys, strict=True)
    ]


def _wire(segment: Segment | None) -> list[Counts]:
    if segment is None or segment.wire is None:
        return []
    return [way.as_dict() for way in segment.wire]


def unsecured(lab: RealLab) -> list[str]:
    """Return a line for each link that is not secured: name, state and reason."""
    return _obstacles(to_json(lab)["links"])


def _obstacles(links: Sequence[RealLinkJson]) -> list[str]:
    return [
        f"{link['name']} is {link['mka']['status']}: {link['mka']['why']}"
        for link in links
        if link["mka"] and link["mka"]["why"]
    ]


def to_page(page: Page, status: LabStatusJson) -> None:
    """Print hosts and links; unprotected links are highlighted."""
    page.add(heading(str(status["topology"]), "in real time"))
    if status["unprotected"]:
        page.add(Text(f"{ALARM}: {', '.join(status['unprotected'])}", "bold white on red"))
    hosts = [[h["name"], h["site"], h["ipv4"], h["ipv6"], h["mac"]] for h in status["hosts"]]
    links = [row for link in status["links"] for row in _rows(link)]
    page.add(
        *indented(
            drawn(Table("Hosts", ["host", "site", "IPv4", "IPv6", "MAC"], hosts, 5)),
            drawn(Table("Links", _HEAD, links, 3)),
            *_agreed(status["links"]),
        )
    )


def _agreed(links: Sequence[RealLinkJson]) -> Iterator[RenderableType]:
    """Yield key agreement, and its obstacles."""
    agreed = [link for link in links if link["mka"]]
    rows = [agreement.row(link["name"], link["mka"]) for link in agreed]
    if rows:
        yield drawn(Table("Key agreement", agreement.HEAD, rows, agreement.NAMES))
    yield from (Text(line, "bold red") for line in _obstacles(agreed))


_HEAD = ["link", "from", "protection", "sent", "delivered", "refused", "lost on the wire"]


def _rows(link: RealLinkJson) -> list[list[str]]:
    """Return a row for each direction of a link."""
    if link["standby"]:
        return [[link["name"], "", STANDBY, "", "", "", ""]]
    return [_row(link, way) for way in (0, 1)]


def _row(link: RealLinkJson, way: int) -> list[str]:
    source, sink = link["ends"][way], link["ends"][1 - way]
    came, delivered = sink["from_wire"]["frames_in"], sink["from_wire"]["frames_out"]
    lost = "0" if not link["wire"] else f"{_lost(link['wire'][way]):,}"
    return [
        link["name"] if way == 0 else "",
        link["between"][way],
        link["protection"],
        f"{source['to_wire']['frames_out']:,}",
        f"{delivered:,}",
        f"{came - delivered:,}",
        lost,
    ]


def _lost(way: Mapping[str, int]) -> int:
    names = ("lost", "queue_drops", "fcs_errors", "too_long", "down_drops")
    return sum(way[name] for name in names)
