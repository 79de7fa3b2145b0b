"""Snapshots of agreements in virtual time, without a process or a socket."""

from __future__ import annotations

from functools import cache

from macsec.monitoring import (
    History,
    LabLink,
    MonitoredPort,
    PortSource,
    Snapshot,
    SourceKind,
    port_of,
)
from support.mka.kays import NS, Segment, chain_key

SOURCE = PortSource(SourceKind.TAP, "ms0", 77, "/run/x")
SECONDS = 70
CAK = bytes.fromhex("ca11ab1e" * 4)


def secured_ports() -> tuple[MonitoredPort, MonitoredPort, set[str]]:
    """Return both ends of a link after two rekeys, and all keys of it in hex."""
    segment = Segment()
    members = [
        segment.add(name, [chain_key(CAK)], key_server_priority=at, sak_rekey_interval=30)
        for at, name in enumerate("ab")
    ]
    histories = [History(member.kay) for member in members]
    for member, history in zip(members, histories, strict=True):
        member.station.agreement.follow(history.note)
    segment.run(SECONDS)
    one, two = (
        port_of(
            SourceKind.TAP,
            "ms0",
            "wire",
            member.secy,
            opened=True,
            now_ns=SECONDS * NS,
            kay=member.kay,
            history=history,
            reason="secured",
        )
        for member, history in zip(members, histories, strict=True)
    )
    saks = {bytes(sak.key.expose()).hex() for member in members for sak in member.kay.saks()}
    return one, two, saks | {CAK.hex()}


@cache
def snapshots() -> tuple[list[Snapshot], set[str]]:
    """Return the snapshots of a tap, a lab and a tap that is gone, and the keys in use."""
    one, two, keys = secured_ports()
    link = LabLink("l", ("east", "west"), ("l:east", "l:west"), "secured", wire=({"lost": 3}, {}))
    lab = PortSource(SourceKind.LAB, "two", None, "/run/y")
    gone = PortSource(SourceKind.TAP, "ms1", 78, "/run/z")
    return [
        Snapshot(SOURCE, (one,)),
        Snapshot(lab, (two,), (link,)),
        Snapshot(gone, reason="no process answers"),
    ], keys
