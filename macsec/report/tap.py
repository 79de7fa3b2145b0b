"""What `macsec tap` tells: one JSON object or a few lines at the end, one line in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from macsec.kay.kay import Kay
from macsec.report.mka import status
from macsec.report.summary import machine, receive_scs, transmit_sc
from macsec.secy import SecY

Way = Mapping[str, int]


class Session(NamedTuple):
    """A tap as it stands: interfaces, `mtu` of the upper one, what went each way, in seconds."""

    lower: str
    upper: str
    mtu: int
    to_wire: Way
    from_wire: Way
    seconds: float


def tap_json(secy: SecY, session: Session, kay: Kay | None = None) -> dict[str, Any]:
    """`macsec/tap/1`; with a KaY its status under `mka`."""
    return {
        "schema": "macsec/tap/1",
        "lower": session.lower,
        "upper": session.upper,
        "mtu": session.mtu,
        "to_wire": dict(session.to_wire),
        "from_wire": dict(session.from_wire),
        "counters": dict(secy.counters),
        "tx": transmit_sc(secy),
        "rx_sc": receive_scs(secy),
        **machine(secy, session.seconds),
        **({} if kay is None else {"mka": status.to_json(kay)}),
    }


def tap_line(secy: SecY, session: Session, kay: Kay | None = None) -> str:
    """Both directions, every frame counter that moved, and how key agreement stands."""
    down, up = session.to_wire, session.from_wire
    moved = (
        f"{name} {count:,}"
        for name, count in secy.counters.items()
        if count and "Pkts" in name and not name.startswith("InPktsNoSA")
    )
    parts = [
        f"{session.upper} to {session.lower}: {_way(down)}",
        f"{session.lower} to {session.upper}: {_way(up)}",
        ", ".join(moved) or "no counter moved",
        *([] if kay is None else [status.line(kay)]),
    ]
    return "; ".join(parts)


def _way(way: Way) -> str:
    """Frames that went on of those that came, and why not where the devices refused them."""
    lost = (
        *(("too_long", "too long"), ("dropped", "dropped"), ("lost", "lost before")),
        ("blocked", "while the port was closed"),
    )
    told = "".join(f", {way[name]:,} {words}" for name, words in lost if way.get(name))
    return f"{way['frames_out']:,} of {way['frames_in']:,} frames{told}"
