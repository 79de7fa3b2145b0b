"""The outcome of a lab: its JSON, and tables for text and HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NotRequired, TypedDict, cast

from macsec.lab.link_state import LinkStatus
from macsec.lab.virtual.lab import Lab
from macsec.lab.virtual.site_link import SiteLink
from macsec.report.fields import Counts, Hex, Sci
from macsec.report.html.model import CounterColumns
from macsec.report.lab import agreement
from macsec.report.lab.agreement import AgreementJson
from macsec.report.lab.expected import AnswerJson, answer_json, expectations
from macsec.report.table import Table
from macsec.time_units import NS_PER_MS, PS_PER_NS
from macsec.wire.lane import LinkStats

ALARM = "UNPROTECTED"
STANDBY = "standby"
STATIC = "static keys"
_HOSTS = ("sent", "received", "expected", "strange", "foreign")


class LinkDirectionJson(TypedDict):
    """Frames on the wire in one direction, MKPDUs included, and what the receiving SecY did."""

    sent: int
    received: int
    octets: int
    received_octets: int
    lost: int
    queue_drops: int
    fcs_errors: int
    corrupted: int
    duplicated: int
    reordered: int
    reorder_extent: int
    queue_high: int
    too_long: int
    down_drops: int
    filtered: int
    busy_ps: int
    elapsed_ps: int
    mkpdus: int
    refused: int
    delivered: int
    users: UserFramesJson
    utilisation: float
    replay_window: int


class UserFramesJson(TypedDict):
    """Frames of users, MKPDUs apart: sent + duplicated = delivered + refused + lost.

    `duplicated`: copies that the wire made. `refused`: by the far SecY, or by its Controlled Port
    that was closed. `lost`: on the wire, for any reason, or still on their way at the end.
    """

    sent: int
    duplicated: int
    delivered: int
    refused: int
    lost: int


class SecyJson(TypedDict):
    """A SecY at one end of a link."""

    sci: Sci | None
    counters: Counts


class EdeJson(TypedDict):
    """The service of a link between EDEs; `stopped`: frames at its Provider Edge Ports, by site."""

    kind: str
    vid: int
    stopped: dict[str, dict[str, int]]


class LinkJson(TypedDict):
    """A link between sites; `sent` and `delivered` are frames of users."""

    name: str
    protected: bool
    protection: str
    standby: bool
    between: list[str]
    sent: int
    delivered: int
    directions: dict[str, LinkDirectionJson]
    secys: dict[str, SecyJson]
    mka: AgreementJson | None
    ede: NotRequired[EdeJson]


class HostJson(TypedDict):
    """A host, and the frames of its users."""

    name: str
    site: str
    mac: str
    ipv4: str
    ipv6: str
    sent: int
    received: int
    expected: int
    strange: int
    foreign: int


class LatencyRangeJson(TypedDict):
    """Latencies from host to host in ps, exact."""

    least: int
    mean: int
    most: int


FlowJson = TypedDict(
    "FlowJson",
    {
        "from": str,
        "to": str,
        "what": str,
        "sent": int,
        "octets": int,
        "delivered": int,
        "unsent": int,
        "latency_ps": LatencyRangeJson,
    },
)
FlowJson.__doc__ = (
    """An entry of traffic. `unsent`: frames of its capture that its hosts could not send."""
)


class LabJson(TypedDict):
    """`macsec/lab/1`: a lab in virtual time: frames of users, links, hosts, flows, latencies.

    Times are in ns, latencies exact in ps.
    """

    schema: Literal["macsec/lab/1"]
    topology: str
    seed: int
    digest: Hex
    ended_ns: int
    events: int
    backend: str
    unprotected: list[str]
    warning: str | None
    traffic_began_ns: int | None
    links: list[LinkJson]
    hosts: list[HostJson]
    traffic: list[FlowJson]
    answer: NotRequired[AnswerJson]


@dataclass(frozen=True, slots=True)
class LabRun:
    """The topology and seed of a lab, known to the command line.

    `question`, `answer` and `expect`: as in the topology, where it has them.
    """

    topology: str
    seed: int
    question: str = ""
    answer: str = ""
    expect: Mapping[str, Any] = field(default_factory=dict)


def protection(link: SiteLink) -> str:
    """Return the cipher suite of a link, or UNPROTECTED."""
    return link.plan.cipher if link.protected and link.plan.cipher else ALARM


def alarm(lab: Lab) -> str:
    """Return one line if a link is unprotected, else nothing."""
    bare = lab.unprotected
    return f"{ALARM}: {', '.join(bare)}; every frame on it can be read" if bare else ""


def trouble(lab: Lab) -> list[str]:
    """Return a line for each link that is not secured, and for frames that it refused."""
    lines = []
    for link in lab.links:
        if (state := link.state) is None:
            continue
        if state.status is not LinkStatus.SECURED:
            reason = agreement.why(link.plan.sites, link.agreed)
            lines.append(f"{link.plan.name} is {state.status.value}: {reason}")
        if refused := link.refused(0) + link.refused(1):
            lines.append(f"{link.plan.name} refused {refused:,} frames while it was not secured")
    return lines


def unsent(lab: Lab) -> list[str]:
    """Return a line for each flow with frames in its capture that its hosts could not send."""
    return [
        f"{flow.title}: {count:,} frames not sent: cut by a snap length, runts, or over the MTU"
        for flow, tally in zip(lab.blueprint.flows, lab.tallies, strict=True)
        if (count := tally.unsent.frames)
    ]


def began(lab: Lab) -> str:
    """Return the time when traffic began, and the reason."""
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
    """Return the names of the two directions."""
    a, b = link.plan.sites
    return f"{a} to {b}", f"{b} to {a}"


# ---------------------------------------------------------------- JSON


def to_json(lab: Lab, run: LabRun) -> LabJson:
    """Return the JSON of a lab, with the answer of a topology that has a question."""
    outcome = _outcome(lab, run)
    if run.question:
        found = expectations(run.expect, outcome)
        outcome["answer"] = answer_json(run.question, run.answer, found)
    return outcome


def _outcome(lab: Lab, run: LabRun) -> LabJson:
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


def _link(link: SiteLink) -> LinkJson:
    stats = link.stats
    found: LinkJson = {
        "name": link.plan.name,
        "protected": link.protected,
        "protection": protection(link),
        "standby": link.plan.standby,
        "between": list(link.plan.sites),
        "sent": sum(map(link.sent, range(2))),
        "delivered": sum(map(link.delivered, range(2))),
        "directions": {
            way: _direction(link, direction, each)
            for direction, (way, each) in enumerate(zip(ways(link), stats, strict=True))
        },
        "secys": {
            site: {"sci": end.secy.tx.sci, "counters": dict(end.secy.counters)}
            for site, end in zip(link.plan.sites, link.ends or (), strict=False)
        },
        "mka": agreement.to_json(link.plan.sites, link.agreed),
    }
    if link.edge_ports is not None:
        service = link.edge_ports[0].service
        found["ede"] = {
            "kind": service.kind.title,
            "vid": service.vid,
            "stopped": {
                site: asdict(port.counts)
                for site, port in zip(link.plan.sites, link.edge_ports, strict=True)
            },
        }
    return found


def _direction(link: SiteLink, direction: int, stats: LinkStats) -> LinkDirectionJson:
    return cast(
        LinkDirectionJson,
        {
            **stats.as_dict(),
            "mkpdus": link.mkpdus(direction),
            "refused": link.refused(direction),
            "delivered": link.delivered(direction),
            "users": link.users(direction)._asdict(),
            "utilisation": round(stats.utilisation, 6),
            "replay_window": stats.replay_window,
        },
    )


def _host(lab: Lab, name: str) -> HostJson:
    host = lab.hosts[name]
    address = host.address
    return {
        "name": name,
        "site": address.site,
        "mac": address.mac.to_bytes(6).hex(":"),
        "ipv4": str(address.ipv4),
        "ipv6": str(address.ipv6),
        "sent": host.stats.sent,
        "received": host.stats.received,
        "expected": host.stats.expected,
        "strange": host.stats.strange,
        "foreign": host.stats.foreign,
    }


def _flow(lab: Lab, at: int) -> FlowJson:
    flow, tally = lab.blueprint.flows[at], lab.tallies[at]
    return {
        "from": flow.source.name,
        "to": flow.to.name,
        "what": "pcap" if flow.pcap else flow.model,
        "sent": tally.sent,
        "octets": tally.sent_octets,
        "delivered": tally.delivered,
        "unsent": tally.unsent.frames,
        "latency_ps": {
            "least": tally.latency_least,
            "mean": tally.latency_sum // tally.delivered if tally.delivered else 0,
            "most": tally.latency_most,
        },
    }


# ---------------------------------------------------------------- tables


def link_table(lab: Lab) -> Table:
    """Return a row for each direction of each link."""
    head = (
        *("link", "direction", "protection"),
        *("sent", "duplicated", "delivered", "refused", "lost", "reorder extent", "utilisation"),
    )
    rows, marks = [], []
    for link in lab.links:
        text = protection(link) + (f", {STATIC}" if link.plan.configs is not None else "")
        text += f", {STANDBY}" if link.plan.standby else ""
        for direction, stats in enumerate(link.stats):
            rows.append(
                [link.plan.name, ways(link)[direction], text, *_numbers(link, direction, stats)]
            )
            marks.append("bad" if not link.protected else _mark(link))
    return Table("Links between sites: frames of users", head, rows, names=3, marks=marks)


def _mark(link: SiteLink) -> str:
    return "quiet" if link.plan.standby else ""


def _numbers(link: SiteLink, direction: int, stats: LinkStats) -> list[str]:
    rated = link.plan.params[direction].rate is not None
    share = f"{100 * stats.utilisation:.2f} %" if rated else "-"
    return [*(f"{n:,}" for n in link.users(direction)), f"{stats.reorder_extent:,}", share]


def drop_table(lab: Lab) -> Table:
    """Return a row for each direction in which the wire dropped a frame, MKPDUs included."""
    names = ("lost", "queue_drops", "fcs_errors", "too_long", "down_drops")
    rows = [
        [link.plan.name, ways(link)[direction], *(f"{getattr(stats, name):,}" for name in names)]
        for link in lab.links
        for direction, stats in enumerate(link.stats)
        if any(getattr(stats, name) for name in names)
    ]
    head = ("link", "direction", "loss", "queue full", "FCS errors", "too long", "link down")
    return Table("Dropped on the wire, MKPDUs included", head, rows, names=2)


def agreement_table(lab: Lab) -> Table:
    """Return a row for each link with key agreement."""
    agreed = [link for link in lab.links if link.agreed]
    rows = [
        [
            *agreement.row(link.plan.name, agreement.to_json(link.plan.sites, link.agreed)),
            f"{sum(map(link.mkpdus, range(2))):,}",
            f"{sum(map(link.refused, range(2))):,}",
        ]
        for link in agreed
    ]
    head = (*agreement.HEAD, "MKPDUs", "blocked")
    marks = ["" if row[1] == LinkStatus.SECURED.value else "bad" for row in rows]
    return Table("Key agreement", head, rows, names=agreement.NAMES, marks=marks)


def sak_table(lab: Lab) -> Table:
    """Return a row for each SAK that a link has had."""
    rows = [
        [link.plan.name, agreement.ms_text(sak.time_ns), sak.ckn, str(sak.ki), str(sak.an)]
        for link in lab.links
        for sak in max((end.saks for end in link.agreed), key=len, default=())
    ]
    head = ("link", "since", "CKN", "KI", "AN")
    return Table("SAKs, in order of use", head, rows, names=4)


def flow_table(lab: Lab) -> Table:
    """Return a row for each entry of traffic, with latencies from host to host."""
    head = ("traffic", "sent", "delivered", "min ms", "mean ms", "max ms")
    rows = []
    for flow, tally in zip(lab.blueprint.flows, lab.tallies, strict=True):
        times = (tally.latency_least / PS_PER_NS, tally.mean_ns, tally.latency_most / PS_PER_NS)
        latencies = [f"{ns / NS_PER_MS:,.6f}" if tally.delivered else "-" for ns in times]
        rows.append([flow.title, f"{tally.sent:,}", f"{tally.delivered:,}", *latencies])
    return Table("Traffic, host to host (virtual time, exact)", head, rows)


def host_table(lab: Lab) -> Table:
    """Return a row for each host."""
    rows = [
        [name, host.address.site, *(f"{getattr(host.stats, field):,}" for field in _HOSTS)]
        for name, host in lab.hosts.items()
    ]
    head = ("host", "site", "sent", "received", "intact", "altered or copies", "not for it")
    return Table("Hosts", head, rows, names=2)


def counters(lab: Lab) -> CounterColumns:
    """Return the counters of every SecY."""
    by_secy: dict[str, Mapping[str, int]] = {
        end.name: dict(end.secy.counters) for link in lab.links for end in link.ends or ()
    }
    return CounterColumns("Counters of each SecY", by_secy)


def counter_table(lab: Lab) -> Table:
    """Return a row for each counter that is not zero."""
    rows = [
        [name, counter, f"{count:,}"]
        for name, counts in counters(lab).by_secy.items()
        for counter, count in counts.items()
        if count
    ]
    return Table("Counters that are not zero", ("SecY", "counter", ""), rows, names=2)
