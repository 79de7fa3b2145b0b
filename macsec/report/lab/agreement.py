"""Key agreement on a link of a lab in virtual or real time: its JSON, and a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from macsec.lab.link_state import LinkEnd, LinkState, LinkStatus
from macsec.report.fields import Hex
from macsec.report.mka import status
from macsec.report.mka.status import KayJson, obstacle
from macsec.time_units import NS_PER_MS

HEAD = ("link", "MKA", "CKN", "Key Server", "KI", "AN", "secured after", "rekeys")
NAMES = 5
SHOWN = 8
"""Digits of a CKN or an MI in a table: enough to distinguish them."""


class SakTimeJson(TypedDict):
    """A SAK, and the time of its first use."""

    time_ns: int
    ki: str
    an: int
    ckn: Hex


class EndJson(KayJson):
    """The KaY at one end of a link; times in ns."""

    secured_ns: int | None
    saks: list[SakTimeJson]


class AgreementJson(TypedDict):
    """The key agreement of a link; times in ns."""

    status: str
    why: str | None
    policy: str
    ckn: Hex | None
    key_server: str | None
    ki: str | None
    an: int | None
    secured_ns: int | None
    rekeys: int
    ends: dict[str, EndJson]


def to_json(sites: tuple[str, str], ends: Sequence[LinkEnd]) -> AgreementJson | None:
    """Return the agreement of a link, or None where there is none."""
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
    """Return the obstacle at each end that is not secured."""
    obstacles = {
        site: obstacle(end.kay)
        for site, end in zip(sites, ends, strict=True)
        if not end.kay.secured
    }
    if len(obstacles) == len(ends) and len(set(obstacles.values())) == 1:
        return f"at both ends {next(iter(obstacles.values()))}"
    return "; ".join(f"at {site} {text}" for site, text in obstacles.items())


def _end(end: LinkEnd) -> EndJson:
    return {
        **status.to_json(end.kay),
        "secured_ns": end.secured_ns,
        "saks": [
            {"time_ns": sak.time_ns, "ki": str(sak.ki), "an": sak.an, "ckn": sak.ckn}
            for sak in end.saks
        ],
    }


def _ckn(ends: Sequence[LinkEnd]) -> str | None:
    """Return the name of the CAK in use, or else of the preferred one."""
    for end in ends:
        if end.kay.principal is not None:
            return end.kay.principal.key.name
    names = [p.key.name for end in ends for p in end.kay.all_participants]
    return names[0] if names else None


def row(name: str, agreed: AgreementJson | None) -> list[str]:
    """Return the row of a link under HEAD, from its JSON."""
    if agreed is None:
        return [name, *["-"] * (len(HEAD) - 1)]
    ki, an, after = agreed["ki"], agreed["an"], agreed["secured_ns"]
    mi, _, kn = (ki or "").partition("/")
    return [
        name,
        agreed["status"],
        shortened(agreed["ckn"] or "-"),
        agreed["key_server"] or "-",
        f"{shortened(mi)}/{kn}" if ki else "-",
        "-" if an is None else str(an),
        "-" if after is None else ms_text(after),
        f"{agreed['rekeys']:,}",
    ]


def shortened(name: str) -> str:
    """Return the first digits of a long name."""
    return name if len(name) <= 2 * SHOWN else f"{name[:SHOWN]}…"


def ms_text(time_ns: int) -> str:
    """Return a time since the start in ms, to the microsecond."""
    return f"{time_ns / NS_PER_MS:,.3f} ms"
