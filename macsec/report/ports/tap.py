"""The report of `macsec tap`: a line while it runs, one JSON object at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, NotRequired, TypedDict

from macsec.kay.kay import Kay
from macsec.report.channels import ReceiveScJson, TransmitScJson, receive_scs, transmit_sc
from macsec.report.fields import Counts
from macsec.report.mka import status
from macsec.report.mka.status import KayJson
from macsec.secy import SecY

Way = Mapping[str, int]


class TapJson(TypedDict):
    """`macsec/tap/1`: frames moved in each direction, and the state of the SecY.

    `excepted`: frames that passed in clear, by the control `clear`. `clear`: frames without a
    SecTAG by its rules, where there are any.
    """

    schema: Literal["macsec/tap/1"]
    lower: str
    upper: str
    mtu: int
    to_wire: Counts
    from_wire: Counts
    counters: Counts
    excepted: Counts
    clear: NotRequired[dict[str, Counts]]
    tx: TransmitScJson
    rx_sc: dict[str, ReceiveScJson]
    seconds: float
    backend: str
    kernel: str
    mka: NotRequired[KayJson]


class Session(NamedTuple):
    """A tap at one moment: its interfaces, `mtu` of the upper one, frames each way, seconds."""

    lower: str
    upper: str
    mtu: int
    to_wire: Way
    from_wire: Way
    seconds: float


def tap_json(secy: SecY, session: Session, kay: Kay | None = None) -> TapJson:
    """Return the JSON of a tap; with a KaY its status under `mka`."""
    result: TapJson = {
        "schema": "macsec/tap/1",
        "lower": session.lower,
        "upper": session.upper,
        "mtu": session.mtu,
        "to_wire": dict(session.to_wire),
        "from_wire": dict(session.from_wire),
        "counters": dict(secy.counters),
        "excepted": secy.excepted._asdict(),
        "tx": transmit_sc(secy),
        "rx_sc": receive_scs(secy),
        "seconds": round(session.seconds, 6),
        "backend": secy.backend,
        "kernel": secy.kernel,
    }
    if secy.controls.clear:
        result["clear"] = {rule: row._asdict() for rule, row in secy.clear_counts.items()}
    if kay is not None:
        result["mka"] = status.to_json(kay)
    return result


def tap_line(secy: SecY, session: Session, kay: Kay | None = None) -> str:
    """Return a line: both directions, every frame counter that moved, the state of MKA."""
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
        *(
            [f"in clear: {secy.excepted.received:,} in, {secy.excepted.sent:,} out"]
            if any(secy.excepted)
            else []
        ),
        *([] if kay is None else [status.line(kay)]),
    ]
    return "; ".join(parts)


def _way(way: Way) -> str:
    """Return frames sent of frames received, with the reasons why devices refused frames."""
    lost = (
        *(("too_long", "too long"), ("dropped", "dropped"), ("lost", "lost before")),
        ("blocked", "while the port was closed"),
    )
    losses = "".join(f", {way[name]:,} {words}" for name, words in lost if way.get(name))
    return f"{way['frames_out']:,} of {way['frames_in']:,} frames{losses}"
