"""How key agreement stands on a port, by wpa_supplicant's and OpenConfig's names, and why so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from macsec.kay import status
from macsec.kay.counters import Reception
from macsec.kay.kay import Kay
from macsec.report.page import Page

SCHEMA = "macsec/mka-status/1"
Told = dict[str, Any]

_WHY_NOBODY = (
    (Reception.BAD_ICV, "{} MKPDUs failed their ICV: the peer has another CAK under this CKN"),
    (Reception.UNKNOWN_CKN, "{} MKPDUs name another CKN"),
    (Reception.REFLECTED, "{} MKPDUs came back: a loop, or a station with this MAC address"),
    (Reception.MALFORMED, "{} MKPDUs are malformed"),
)
"""Why there is no live peer: what was heard in its place, the most telling first."""


def to_json(kay: Kay) -> Told:
    """The status of a KaY: no key is in it."""
    protection = kay.cp.protection
    return {
        "status": status.status(kay),
        "reason": reason(kay),
        "cipher": None if protection is None else protection.suite.name,
        "participants": [
            {**row, "peers": peers}
            for row, (_, peers) in zip(status.participants(kay), status.mib(kay), strict=True)
        ],
        "keys": keys(kay),
        "counters": dict(kay.counters),
    }


def port_json(kay: Kay, lower: str, upper: str, pid: int) -> Told:
    """A port of a running process."""
    return {"upper": upper, "lower": lower, "pid": pid, "mka": to_json(kay)}


def keys(kay: Kay) -> list[Told]:
    """The SAKs in use by their identifiers, the newest first."""
    return [
        {
            "ki": str(slot.ki),
            "an": slot.an,
            "transmits": slot.transmits,
            "receives": slot.receives,
        }
        for slot in kay.cp.slots()
    ]


def reason(kay: Kay) -> str:
    """In words how the port stands, and if it is not secured, what is in the way."""
    if kay.secured and (slots := kay.cp.slots()):
        return f"secured, SAK {slots[0].ki}, AN {slots[0].an}"
    opened = "plain frames pass, not secured" if kay.cp.controlled else "not secured"
    return f"{opened}: {obstacle(kay)}"


def obstacle(kay: Kay) -> str:
    """What is in the way of a port that is not secured."""
    if not kay.participants:
        return "no CAK has its time now"
    members = kay.participants.values()
    if live := [participant for participant in members if participant.peers.live]:
        if all(participant.server is None for participant in live):
            return "no participant offers to be Key Server"
        refused = kay.counters["sak-refused"] + kay.counters["sak-cipher-mismatch-errors"]
        told = f", {refused} distributions refused" if refused else ""
        return f"{sum(len(one.peers.live) for one in live)} live peers and no SAK yet{told}"
    for reception, words in _WHY_NOBODY:
        if heard := kay.counters[reception.value]:
            if reception is Reception.ACCEPTED and not any(one.peers.potential for one in members):
                return "no live peer; the last one fell silent"
            return "no live peer; " + words.format(heard)
    if any(participant.peers.potential for participant in kay.participants.values()):
        return "no live peer; one is heard that does not answer"
    heard = kay.counters[Reception.ACCEPTED.value]
    return "no live peer; " + ("the last one fell silent" if heard else "no MKPDU heard")


def line(kay: Kay) -> str:
    """The same on a part of a line, for people."""
    told = kay.counters
    return (
        f"MKA: {reason(kay)}; {told['out-mkpdu']:,} MKPDUs sent, {told['in-mkpdu']:,} accepted, "
        f"SAKs: {told['keys-distributed']} distributed, {told['keys-received']} received"
    )


def to_page(page: Page, taps: list[Told]) -> None:
    """Ports of running processes, name=value as `wpa_cli status` has it, and what was counted."""
    page.lines([Text(line) for tap in taps for line in _lines(tap)])


def _lines(tap: Told) -> Iterator[str]:
    mka = tap["mka"]
    yield f"{tap['upper']} on {tap['lower']}, pid {tap['pid']}: {mka['reason']}"
    yield from _named({**mka["status"], "cipher": mka["cipher"] or ""})
    for participant in mka["participants"]:
        yield from _named(participant)
        for peer in participant["peers"]:
            yield from _named(peer)
    for key in mka["keys"]:
        yield f"   SAK {key['ki']}, AN {key['an']}: " + ", ".join(
            f"{use} {status.YES_NO[key[use]]}" for use in ("transmits", "receives")
        )
    yield from _named({name: count for name, count in mka["counters"].items() if count})


def _named(row: Told) -> Iterator[str]:
    return (f"   {name}={value}" for name, value in row.items() if not isinstance(value, list))
