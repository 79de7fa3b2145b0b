"""The events between two snapshots of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from macsec.monitoring.model import SA, LabLink, Mka, MonitoredPort, Snapshot

BAD = (
    "InPktsBadTag",
    "InPktsNoTag",
    "InPktsNoSCI",
    "InPktsNotUsingSA",
    "InPktsLate",
    "InPktsNotValid",
    "InPktsInvalid",
    "InPktsOverrun",
    "OutPktsTooLong",
)
"""Counters of frames that were dropped, or whose ICV did not match."""
LOW = 0.1
"""Share of the PNs that is left at the alert of the shipped rules."""
NOT_SECURED = "not secured"
GOOD_STATES = ("secured", "static")


class LiveChange(NamedTuple):
    """An event at a port or a link; `mark`: good, bad or empty."""

    name: str
    text: str
    mark: str = ""


def changes(before: Snapshot, after: Snapshot) -> Iterator[LiveChange]:
    """Yield the events between two answers of a source."""
    old = {port.name: port for port in before.ports}
    new = {port.name: port for port in after.ports}
    for name in new.keys() - old.keys():
        yield LiveChange(name, "port appeared")
    for name in old.keys() - new.keys():
        yield LiveChange(name, "port gone", "bad")
    for name, port in new.items():
        if name in old:
            yield from _port(old[name], port)
    links = {link.name: link for link in before.links}
    for link in after.links:
        if link.name in links:
            yield from _link(links[link.name], link)


def _link(old: LabLink, new: LabLink) -> Iterator[LiveChange]:
    if old.status != new.status:
        mark = "good" if new.status in GOOD_STATES else "bad"
        yield LiveChange(new.name, f"{old.status} -> {new.status}", mark)


def _port(old: MonitoredPort, new: MonitoredPort) -> Iterator[LiveChange]:
    if old.secured != new.secured:
        reason = new.mka.reason if new.mka else ""
        text = "secured" if new.secured else reason or NOT_SECURED
        if not text.startswith((NOT_SECURED, "secured")):
            text = f"{NOT_SECURED}: {text}"
        yield LiveChange(new.name, text, "good" if new.secured else "bad")
    if old.mka is not None and new.mka is not None:
        yield from _agreement(new.name, old.mka, new.mka)
    yield from _keys(old, new)
    for counter in BAD:
        more = new.counters.get(counter, 0) - old.counters.get(counter, 0)
        if more > 0:
            yield LiveChange(new.name, f"{counter} +{more:,}", "bad")


def _agreement(name: str, old: Mka, new: Mka) -> Iterator[LiveChange]:
    before = {(peer.ckn, peer.mi): peer for peer in old.peers}
    after = {(peer.ckn, peer.mi): peer for peer in new.peers}
    for key, peer in after.items():
        if key not in before or before[key].live != peer.live:
            state = "live" if peer.live else "potential"
            yield LiveChange(
                name, f"peer {peer.sci or peer.mi} {state}", "good" if peer.live else ""
            )
    for key, peer in before.items():
        if key not in after:
            yield LiveChange(name, f"peer {peer.sci or peer.mi} left", "bad")
    if old.key_server != new.key_server and new.key_server:
        yield LiveChange(name, f"Key Server {new.key_server}")


def _keys(old: MonitoredPort, new: MonitoredPort) -> Iterator[LiveChange]:
    before, after = _transmit_sas(old), _transmit_sas(new)
    for (sci, an), sa in after.items():
        same = before.get((sci, an))
        if sa.in_use and (same is None or not same.in_use or same.ki != sa.ki):
            key = f", KI {sa.ki}" if sa.ki else ""
            yield LiveChange(new.name, f"transmits under AN {an}{key}")
        elif same is not None and sa.headroom_ratio < LOW <= same.headroom_ratio:
            yield LiveChange(new.name, f"AN {an}: less than {LOW:.0%} of the PNs left", "bad")


def _transmit_sas(port: MonitoredPort) -> dict[tuple[str, int], SA]:
    return {(sc.sci, sa.an): sa for sc in port.scs if sc.transmits for sa in sc.sas}
