"""The sites and links of a lab as they are drawn, in its report and while it is watched."""

from __future__ import annotations

from dataclasses import replace

from macsec.lab.blueprint import Blueprint, LinkPlan
from macsec.lab.virtual.lab import Lab
from macsec.lab.virtual.site_link import SiteLink
from macsec.report.html.model import DrawnLink, DrawnNode, DrawnTopology
from macsec.wire.units import rate_text, time_text

NOTE_MOST = 20
"""Letters of the names of hosts; more hosts are counted."""


def tier(blueprint: Blueprint, site: str) -> int:
    """Return the row of a site: that of its region, or its depth in the tree."""
    regions = list(dict.fromkeys(blueprint.regions.values()))
    region = blueprint.regions.get(site)
    return blueprint.tree.depth(site) if region is None else regions.index(region)


def node_note(blueprint: Blueprint, site: str) -> str:
    """Return the hosts of a site."""
    hosts = [host.name for host in blueprint.hosts if host.site == site]
    text = ", ".join(hosts)
    return text if len(text) < NOTE_MOST else f"{len(hosts)} hosts"


def params_text(plan: LinkPlan) -> str:
    """Return rate and delay of a link, short enough for a picture."""
    texts = [_way_text(params.rate, params.delay) for params in plan.params]
    return texts[0] if texts[0] == texts[1] else " / ".join(texts)


def _way_text(rate: int | None, delay: int) -> str:
    parts = [rate_text(rate) if rate else "", time_text(delay) if delay else ""]
    return ", ".join(part for part in parts if part)


def drawn_topology(lab: Lab) -> DrawnTopology:
    """Return the sites and links of a lab."""
    regions = lab.blueprint.regions
    nodes = [
        DrawnNode(site, regions.get(site, ""), node_note(lab.blueprint, site)) for site in lab.sites
    ]
    links = [
        DrawnLink(*link.plan.sites, link.protected, _label(link), (link.plan.cipher or "").upper())
        for link in lab.links
    ]
    links = [
        replace(drawn, idle=link.plan.standby) for drawn, link in zip(links, lab.links, strict=True)
    ]
    return DrawnTopology(lab.blueprint.name, nodes, links)


def _label(link: SiteLink) -> str:
    return params_text(link.plan) + (" (standby)" if link.plan.standby else "")
