"""The outcome of a lab: its JSON, and the tables that text and HTML share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from macsec.lab.link_state import LinkStatus
from macsec.lab.virtual.lab import Lab
from macsec.lab.virtual.site_link import SiteLink
from macsec.report.html.model import Counters, Table
from macsec.report.lab import agreement
from macsec.time_units import NS_PER_MS, PS_PER_NS
from macsec.wire.lane import LinkStats
from macsec.wire.units import rate_text, time_text

ALARM = "UNPROTECTED"
STANDBY = "standby"
STATIC = "static keys"
_HOSTS = ("sent", "received", "expected", "strange", "foreign")


@dataclass(frozen=True, slots=True)
class Run:
    """What the command line knows beside the lab itself."""

    topology: str
    seed: int


def protection(link: SiteLink) -> str:
    """The cipher suite of a link, or UNPROTECTED."""
    return link.plan.cipher if link.protected and link.plan.cipher else ALARM


def alarm(lab: Lab) -> str:
    """One line if a link is unprotected; else empty."""
    bare = lab.unprotected
    return f"{ALARM}: {', '.join(bare)}; whoever listens there reads every frame" if bare else ""


def trouble(lab: Lab) -> list[str]:
    """A line for each link that is not secured, with the reason, and for frames it refused."""
    lines = []
    for link in lab.links:
        if (state := link.state) is None:
            continue
        if state.status is not LinkStatus.SECURED:
            told = agreement.why(link.plan.sites, link.agreed)
            lines.append(f"{link.plan.name} is {state.status.value}: {told}")
        if refused := link.refused(0) + link.refused(1):
            lines.append(f"{link.plan.name} refused {refused:,} frames while it was not secured")
    return lines


def began(lab: Lab) -> str:
    """When traffic began, and why then."""
    if lab.began_ps is None:
        return "not yet: links are not secured"
    at = agreement.ms_text(lab.began_ps // PS_PER_NS)
    if not any(link.agreed for link in lab.links):
        return at
    if lab.blueprint.begin is not None:
        return f"{at}, as declared"
    secured = all(link.state.secured_ns is not None for link in lab.links if link.state)
    return f"{at}, once all links were secured" if secured else f"{at}, after waiting for links"


def ways(link: SiteLink) -> tuple[str, str]:
    """What the two directions are called."""
    a, b = link.plan.sites
    return f"{a} to {b}", f"{b} to {a}"


# ---------------------------------------------------------------- JSON


def to_json(lab: Lab, run: Run) -> dict[str, Any]:
    """`macsec/lab/1`. Times in ns, latencies exact in ps.

    `sent` and `delivered` of a link are frames of users; the counts of its `directions` are those
    of the wire, MKPDUs included.
    """
    return {
        "schema": "macsec/lab/1",
        "topology": run.topology,
        "seed": run.seed,
        "digest": lab.digest,
        "ended_ns": lab.engine.now_ns,
        "events": lab.engine.trace.count,
        "backend": lab.backend,
        "unprotected": lab.unprotected,
        "warning": alarm(lab) or None,
        "traffic_began_ns": None if lab.began_ps is None else lab.began_ps // PS_PER_NS,
        "links": [_link(link) for link in lab.links],
        "hosts": [_host(lab, name) for name in lab.hosts],
        "traffic": [_flow(lab, at) for at in range(len(lab.tallies))],
    }


def _link(link: SiteLink) -> dict[str, Any]:
    stats = link.stats
    return {
        "name": link.plan.name,
        "protected": link.protected,
        "protection": protection(link),
        "standby": link.plan.standby,
        "between": list(link.plan.sites),
        "sent": sum(map(link.sent, range(2))),
        "delivered": sum(map(link.delivered, range(2))),
        "directions": {
            way: {
                **each.as_dict(),
                "mkpdus": link.mkpdus(direction),
                "refused": link.refused(direction),
                "delivered": link.delivered(direction),
                "utilisation": round(each.utilisation, 6),
                "replay_window": each.replay_window,
            }
            for direction, (way, each) in enumerate(zip(ways(link), stats, strict=True))
        },
        "secys": {
            site: {"sci": end.secy.tx.sci, "counters": dict(end.secy.counters)}
            for site, end in zip(link.plan.sites, link.ends or (), strict=False)
        },
        "mka": agreement.to_json(link.plan.sites, link.agreed),
    }


def _host(lab: Lab, name: str) -> dict[str, Any]:
    host = lab.hosts[name]
    address = host.address
    return {
        "name": name,
        "site": address.site,
        "mac": address.mac.to_bytes(6).hex(":"),
        "ipv4": str(address.ipv4),
        "ipv6": str(address.ipv6),
        **{field: getattr(host.stats, field) for field in _HOSTS},
    }


def _flow(lab: Lab, at: int) -> dict[str, Any]:
    flow, tally = lab.blueprint.flows[at], lab.tallies[at]
    return {
        "from": flow.source.name,
        "to": flow.to.name,
        "what": "pcap" if flow.pcap else flow.model,
        "sent": tally.sent,
        "octets": tally.sent_octets,
        "delivered": tally.delivered,
        "latency_ps": {
            "least": tally.latency_least,
            "mean": tally.latency_sum // tally.delivered if tally.delivered else 0,
            "most": tally.latency_most,
        },
    }


# ---------------------------------------------------------------- tables


def link_table(lab: Lab) -> Table:
    """A row for each direction of each link."""
    head = (
        "link", "direction", "protection", "sent", "delivered", "lost", "queue drops",
        "FCS errors", "reorder extent", "utilisation",
    )  # fmt: skip
    rows, marks = [], []
    for link in lab.links:
        told = protection(link) + (f", {STATIC}" if link.plan.configs is not None else "")
        told += f", {STANDBY}" if link.plan.standby else ""
        for direction, stats in enumerate(link.stats):
            rows.append(
                [link.plan.name, ways(link)[direction], told, *_numbers(link, direction, stats)]
            )
            marks.append("bad" if not link.protected else _mark(link))
    return Table("Links between sites", head, rows, names=3, marks=marks)


def _mark(link: SiteLink) -> str:
    return "quiet" if link.plan.standby else ""


def _numbers(link: SiteLink, direction: int, stats: LinkStats) -> list[str]:
    rated = link.plan.params[direction].rate is not None
    lost = stats.lost + stats.down_drops + stats.too_long
    sent, delivered = link.sent(direction), link.delivered(direction)
    counts = (sent, delivered, lost, stats.queue_drops, stats.fcs_errors)
    share = f"{100 * stats.utilisation:.2f} %" if rated else "-"
    return [*(f"{count:,}" for count in counts), f"{stats.reorder_extent:,}", share]


def agreement_table(lab: Lab) -> Table:
    """A row for each link with key agreement."""
    agreed = [link for link in lab.links if link.agreed]
    rows = [
        [
            *agreement.row(link.plan.name, agreement.to_json(link.plan.sites, link.agreed)),
            f"{sum(map(link.mkpdus, range(2))):,}",
            f"{sum(map(link.refused, range(2))):,}",
        ]
        for link in agreed
    ]
    head = (*agreement.HEAD, "MKPDUs", "refused")
    marks = ["" if row[1] == LinkStatus.SECURED.value else "bad" for row in rows]
    return Table("Key agreement", head, rows, names=agreement.NAMES, marks=marks)


def sak_table(lab: Lab) -> Table:
    """A row for each SAK that a link has had."""
    rows = [
        [link.plan.name, agreement.ms_text(sak.time_ns), sak.ckn, str(sak.ki), str(sak.an)]
        for link in lab.links
        for sak in max((end.saks for end in link.agreed), key=len, default=())
    ]
    head = ("link", "since", "CKN", "KI", "AN")
    return Table("SAKs, one after the other", head, rows, names=4)


def flow_table(lab: Lab) -> Table:
    """A row for each entry of traffic, with latencies from host to host."""
    head = ("traffic", "sent", "delivered", "least ms", "mean ms", "most ms")
    rows = []
    for flow, tally in zip(lab.blueprint.flows, lab.tallies, strict=True):
        times = (tally.latency_least / PS_PER_NS, tally.mean_ns, tally.latency_most / PS_PER_NS)
        told = [f"{ns / NS_PER_MS:,.6f}" if tally.delivered else "-" for ns in times]
        rows.append([flow.title, f"{tally.sent:,}", f"{tally.delivered:,}", *told])
    return Table("Traffic, host to host (virtual time, exact)", head, rows)


def host_table(lab: Lab) -> Table:
    """A row for each host."""
    rows = [
        [name, host.address.site, *(f"{getattr(host.stats, field):,}" for field in _HOSTS)]
        for name, host in lab.hosts.items()
    ]
    return Table("Hosts", ("host", "site", *_HOSTS), rows, names=2)


def counters(lab: Lab) -> Counters:
    """The counters of every SecY."""
    by_secy: dict[str, Mapping[str, int]] = {
        end.name: dict(end.secy.counters) for link in lab.links for end in link.ends or ()
    }
    return Counters("Counters of each SecY", by_secy)


def counter_table(lab: Lab) -> Table:
    """The counters that are not zero, a row for each SecY that did anything."""
    rows = [
        [name, counter, f"{count:,}"]
        for name, told in counters(lab).by_secy.items()
        for counter, count in told.items()
        if count
    ]
    return Table("Counters that are not zero", ("SecY", "counter", ""), rows, names=2)


def told_params(link: SiteLink) -> str:
    """Rate and delay of a link, as short as a picture needs."""
    a2b, b2a = link.plan.params
    texts = [_told(params.rate, params.delay) for params in (a2b, b2a)]
    return texts[0] if texts[0] == texts[1] else " / ".join(texts)


def _told(rate: int | None, delay: int) -> str:
    parts = [rate_text(rate) if rate else "", time_text(delay) if delay else ""]
    return ", ".join(part for part in parts if part)
