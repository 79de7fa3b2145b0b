"""What a lab in real time does: one JSON object, and the same as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from macsec.report.page import Page, heading, indented, tabulated
from macsec.sim.realtime import RealLab, Segment

ALARM = "UNPROTECTED"
STANDBY = "standby"


def to_json(lab: RealLab) -> dict[str, Any]:
    """`macsec/lab-status/1`. Counters are those of the SecYs at both ends, a and b."""
    blueprint = lab.blueprint
    return {
        "schema": "macsec/lab-status/1",
        "topology": blueprint.name,
        "unprotected": blueprint.unprotected,
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
                "protected": plan.protected,
                "protection": plan.cipher or ALARM,
                "standby": plan.standby,
                "ends": _ends(lab.segments.get(plan.name)),
                "wire": _wire(lab.segments.get(plan.name)),
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
        )
    )


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
