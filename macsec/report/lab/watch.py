"""A lab while it runs, for the page of `--watch`: the same facts as its report, as one JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

from macsec.kay.mkpdu.frame import Mkpdu, Refusal, decode
from macsec.lab.blueprint import Blueprint, LinkPlan
from macsec.lab.link_state import LinkEnd
from macsec.report.fields import Counts
from macsec.report.lab import agreement
from macsec.report.lab.outcome import ALARM, STANDBY, STATIC
from macsec.report.lab.picture import node_note, params_text, tier
from macsec.time_units import NS_PER_MS
from macsec.wire.lane import LinkStats

WayFacts = tuple[LinkStats | None, int, int]
"""Counts of the wire, frames that a fault took, frames delivered."""


class NodeJson(TypedDict):
    """A site in the picture; `tier`: its row."""

    name: str
    tier: int
    note: str


class WayJson(TypedDict):
    """One direction of a link; `rate` in bit/s, None without a limit."""

    source: str
    to: str
    rate: int | None
    sent: int
    octets: int
    delivered: int
    lost: int
    refused: int


class FaultsJson(TypedDict):
    """Faults at an end: of the frames it sends, and of its KaY. `delay` in ns, `drop` a share."""

    cut: bool
    drop: float
    delay: int
    wrong_key: bool
    clock: int


class WatchedLinkJson(TypedDict):
    """A link: `state` is secured, static keys, plain, not secured, UNPROTECTED or standby."""

    name: str
    between: list[str]
    label: str
    state: str
    why: str
    protection: str
    key_server: str | None
    ki: str | None
    an: int | None
    rekeys: int
    secured_ns: int | None
    ways: list[WayJson]
    faults: dict[str, FaultsJson]
    counters: dict[str, Counts]


class WatchJson(TypedDict):
    """`macsec/lab-watch/1`: a lab at a time. `offers`: the faults that it takes."""

    schema: Literal["macsec/lab-watch/1"]
    mode: Literal["virtual", "real"]
    topology: str
    description: str
    state: Literal["running", "paused", "ended"]
    pace: float
    time_ns: int
    until_ns: int | None
    seed: int | None
    digest: str
    nodes: list[NodeJson]
    links: list[WatchedLinkJson]
    offers: list[str]
    changes: int
    warning: str


def nodes(blueprint: Blueprint) -> list[NodeJson]:
    """Return the sites as the report draws them."""
    return [
        {"name": site, "tier": tier(blueprint, site), "note": node_note(blueprint, site)}
        for site in blueprint.sites
    ]


def link_json(
    plan: LinkPlan,
    ends: Sequence[LinkEnd],
    ways: Sequence[WayFacts],
    refused: tuple[int, int],
    faults: Mapping[str, FaultsJson],
    counters: Mapping[str, Counts],
) -> WatchedLinkJson:
    """Return a link of a lab in virtual or real time."""
    agreed = agreement.to_json(plan.sites, ends)
    return {
        "name": plan.name,
        "between": list(plan.sites),
        "label": params_text(plan),
        "state": _state(plan, None if agreed is None else agreed["status"]),
        "why": "" if agreed is None else agreed["why"] or "",
        "protection": plan.cipher if plan.protected and plan.cipher else ALARM,
        "key_server": None if agreed is None else agreed["key_server"],
        "ki": None if agreed is None else agreed["ki"],
        "an": None if agreed is None else agreed["an"],
        "rekeys": 0 if agreed is None else agreed["rekeys"],
        "secured_ns": None if agreed is None else agreed["secured_ns"],
        "ways": [_way(plan, way, facts, refused[way]) for way, facts in enumerate(ways)],
        "faults": dict(faults),
        "counters": {site: {n: c for n, c in each.items() if c} for site, each in counters.items()},
    }


def _state(plan: LinkPlan, status: str | None) -> str:
    if plan.standby:
        return STANDBY
    if status is not None:
        return status
    return STATIC if plan.protected else ALARM


def _way(plan: LinkPlan, way: int, facts: WayFacts, refused: int) -> WayJson:
    stats, taken, delivered = facts
    lost = 0
    if stats is not None:
        lost = stats.lost + stats.queue_drops + stats.fcs_errors + stats.too_long + stats.down_drops
    return {
        "source": plan.sites[way],
        "to": plan.sites[1 - way],
        "rate": plan.params[way].rate,
        "sent": 0 if stats is None else stats.sent,
        "octets": 0 if stats is None else stats.octets,
        "delivered": delivered,
        "lost": lost + taken,
        "refused": refused,
    }


def mkpdu_text(frame: bytes) -> str:
    """Return an MKPDU in a line: MN, peers, SAKs; no secret is in it."""
    found = decode(frame)
    if isinstance(found, Refusal):
        return "EAPOL"
    parts = [f"MN {found.basic.mn}", *_peers(found), *_saks(found)]
    return ", ".join(parts)


def _peers(mkpdu: Mkpdu) -> list[str]:
    counts = {"live": len(mkpdu.live), "potential": len(mkpdu.potential)}
    return [f"{count} {name}" for name, count in counts.items() if count] or ["no peer"]


def _saks(mkpdu: Mkpdu) -> list[str]:
    parts = []
    if mkpdu.distributed is not None:
        parts.append(f"distributes SAK {mkpdu.distributed.kn}, AN {mkpdu.distributed.an}")
    if mkpdu.plain:
        parts.append("orders plain frames")
    uses = () if mkpdu.use is None else (mkpdu.use.latest, mkpdu.use.old)
    for use in uses:
        if use is not None and use.ki.kn:
            does = [name for name, on in (("Rx", use.receives), ("Tx", use.transmits)) if on]
            parts.append(f"SAK {use.ki.kn} {' '.join(does) or 'not in use'}")
    return parts


_EVENTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "session": lambda f: "secured" if f["secured"] else str(f["reason"]),
    "peer-live": lambda f: f"peer {f['sci'] or f['mi']} is live",
    "peer-lost": lambda f: f"peer {f['sci'] or f['mi']} is lost",
    "sak": lambda f: f"SAK {_kn(f['ki'])}, AN {f['an']}: {f['change']}",
    "mkpdu-refused": lambda f: f"refused {_mkpdus(f['count'])}: {f['counter']}",
    "mka-failed": lambda f: "MKA failed" if f["failed"] else "MKA no longer failed",
    "suspension": lambda f: "suspended" if f["suspended"] else "suspension ended",
}
"""Text of an event by its name; others show their facts."""

BAD_EVENTS = {"peer-lost", "mkpdu-refused"}


def _mkpdus(count: int) -> str:
    return "an MKPDU" if count == 1 else f"{count:,} MKPDUs"


def _kn(ki: str) -> str:
    return ki.rpartition("/")[2]


def event_text(event: str, facts: Mapping[str, Any]) -> str:
    """Return an event of a port in a line."""
    if event in _EVENTS:
        return _EVENTS[event](facts)
    return f"{event}: " + ", ".join(f"{name} {value}" for name, value in facts.items())


def is_bad(event: str, facts: Mapping[str, Any]) -> bool:
    """Return whether an event is a loss."""
    ended = event == "session" and not facts["secured"]
    return ended or event in BAD_EVENTS or bool(facts.get("failed"))


def fault_text(kind: str, value: Any) -> str:
    """Return a fault, or its end, in a line."""
    texts = {
        "cut": "cut" if value else "cut ended",
        "drop": f"drops {value:.0%} of the frames" if kind == "drop" and value else "drop ended",
        "delay": f"delays by {value / NS_PER_MS:g} ms" if value else "delay ended",
        "wrong_key": "wrong CAK" if value else "right CAK again",
        "clock": "clock at true speed" if value == 100 else f"clock at {value} % of its speed",
    }
    return texts[kind]
