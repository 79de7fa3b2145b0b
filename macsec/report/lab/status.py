"""What a lab in real time does: one JSON object, and the same as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from macsec.lab import RealLab
from macsec.lab.link_state import LinkStatus
from macsec.lab.real.segment import Segment
from macsec.report.lab import agreement
from macsec.report.page import Page, heading, indented, tabulated

ALARM = "UNPROTECTED"
STANDBY = "standby"
PLAIN = LinkStatus.PLAIN.value


def to_json(lab: RealLab) -> dict[str, Any]:
    """`macsec/lab-status/1`. Counters are those of the SecYs at both ends, a and b."""
    blueprint = lab.blueprint
    with lab.agreements.lock:
        agreed = {
            name: agreement.to_json(segment.plan.sites, segment.ends)
            for name, segment in lab.segments.items()
        }
    plain = {name for name, told in agreed.items() if told and told["status"] == PLAIN}
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
                "protection": ALARM if plan.name in plain else plan.cipher or ALARM,
                "standby": plan.standby,
                "ends": _ends(lab.segments.get(plan.name)),
                "wire": _wire(lab.segments.get(plan.name)),
                "mka": agreed.get(plan.name),
            }
            for plan in blueprint.links
        ],
    }


def _ends(segment: Segment | None) -> list[dict[str, Any]]:
    """Of each edge: what its pump moved, and its SecY's counters."""
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


def _wire(segment: Segment | None) -> list[dict[str, int]]:
    """Of each direction; empty on a perfect wire, which nothing counts."""
    if segment is None or segment.wire is None:
        return []
    return [way.as_dict() for way in segment.wire]


def unsecured(lab: RealLab) -> list[str]:
    """Of each link that is not secured: its name, how it stands, and why."""
    return _obstacles(to_json(lab)["links"])


def _obstacles(links: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{link['name']} is {link['mka']['status']}: {link['mka']['why']}"
        for link in links
        if link["mka"] and link["mka"]["why"]
    ]


def to_page(page: Page, told: Mapping[str, Any]) -> None:
    """Hosts and links; what is unprotected stands out."""
    page.add(heading(str(told["topology"]), "in real time"))
    if told["unprotected"]:
        page.add(Text(f"{ALARM}: {', '.join(told['unprotected'])}", "bold white on red"))
    hosts = [[h["name"], h["site"], h["ipv4"], h["ipv6"], h["mac"]] for h in told["hosts"]]
    links = [row for link in told["links"] for row in _rows(link)]
    page.add(
        *indented(
            tabulated("Hosts", ["host", "site", "IPv4", "IPv6", "MAC"], hosts, 5),
            tabulated("Links", _HEAD, links, 3),
            *_agreed(told["links"]),
        )
    )


def _agreed(links: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Key agreement, and what is in the way of it."""
    agreed = [link for link in links if link["mka"]]
    rows = [agreement.row(link["name"], link["mka"]) for link in agreed]
    if rows:
        yield tabulated("Key agreement", agreement.HEAD, rows, agreement.NAMES)
    yield from (Text(line, "bold red") for line in _obstacles(agreed))


_HEAD = ["link", "from", "protection", "sent", "delivered", "refused", "lost on the wire"]


def _rows(link: Mapping[str, Any]) -> list[list[str]]:
    """A link, a row a direction."""
    if link["standby"]:
        return [[link["name"], "", STANDBY, "", "", "", ""]]
    return [_row(link, way) for way in (0, 1)]


def _row(link: Mapping[str, Any], way: int) -> list[str]:
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
