"""Key agreement on a link, for labs in virtual and in real time: its JSON, and a row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from macsec.lab.link_state import LinkEnd, LinkState, LinkStatus
from macsec.report.mka import status
from macsec.report.mka.status import obstacle
from macsec.time_units import NS_PER_MS

HEAD = ("link", "MKA", "CKN", "Key Server", "KI", "AN", "secured after", "rekeys")
NAMES = 5
SHOWN = 8
"""Digits of a CKN or an MI in a table: enough to tell them apart."""


def to_json(sites: tuple[str, str], ends: Sequence[LinkEnd]) -> dict[str, Any] | None:
    """The agreement of a link, None where there is none. Times in ns."""
    if not ends:
        return None
    state = LinkState.of(sites, ends)
    sak = state.sak
    return {
        "status": state.status.value,
        "why": None if state.status is LinkStatus.SECURED else why(sites, ends),
        "policy": ends[0].kay.policy.security.value,
        "ckn": _ckn(ends),
        "key_server": state.server,
        "ki": None if sak is None else str(sak.ki),
        "an": None if sak is None else sak.an,
        "secured_ns": state.secured_ns,
        "rekeys": state.rekeys,
        "ends": {site: _end(end) for site, end in zip(sites, ends, strict=True)},
    }


def why(sites: tuple[str, str], ends: Sequence[LinkEnd]) -> str:
    """What is in the way at the ends that are not secured."""
    told = {
        site: obstacle(end.kay)
        for site, end in zip(sites, ends, strict=True)
        if not end.kay.secured
    }
    if len(told) == len(ends) and len(set(told.values())) == 1:
        return f"at both ends {next(iter(told.values()))}"
    return "; ".join(f"at {site} {what}" for site, what in told.items())


def _end(end: LinkEnd) -> dict[str, Any]:
    return {
        **status.to_json(end.kay),
        "secured_ns": end.secured_ns,
        "saks": [
            {"time_ns": sak.time_ns, "ki": str(sak.ki), "an": sak.an, "ckn": sak.ckn}
            for sak in end.saks
        ],
    }


def _ckn(ends: Sequence[LinkEnd]) -> str | None:
    """The name of the CAK in use; where none is, of the one that is preferred."""
    for end in ends:
        if end.kay.principal is not None:
            return end.kay.principal.key.name
    names = [p.key.name for end in ends for p in end.kay.participants.values()]
    return names[0] if names else None


def row(name: str, told: Mapping[str, Any] | None) -> list[str]:
    """The row of a link under HEAD, from its JSON."""
    if told is None:
        return [name, *["-"] * (len(HEAD) - 1)]
    ki, an, after = told["ki"], told["an"], told["secured_ns"]
    mi, _, kn = (ki or "").partition("/")
    return [
        name,
        told["status"],
        shortened(told["ckn"] or "-"),
        told["key_server"] or "-",
        f"{shortened(mi)}/{kn}" if ki else "-",
        "-" if an is None else str(an),
        "-" if after is None else ms_text(after),
        f"{told['rekeys']:,}",
    ]


def shortened(name: str) -> str:
    """A name of many digits."""
    return name if len(name) <= 2 * SHOWN else f"{name[:SHOWN]}…"


def ms_text(time_ns: int) -> str:
    """A time since the start, to the microsecond."""
    return f"{time_ns / NS_PER_MS:,.3f} ms"
