"""The ports and links of a lab that is up as data of `macsec.monitoring`."""

from __future__ import annotations

import os
from collections.abc import Iterator

from macsec.lab import RealLab
from macsec.lab.blueprint import LinkPlan
from macsec.lab.link_state import LinkState
from macsec.lab.real.segment import Segment
from macsec.live.local.local_socket import Client
from macsec.monitoring import History, LabLink, Monitored, MonitoredPort, SourceKind, port_of
from macsec.monitoring.transfer import to_text
from macsec.report.mka.status import reason

from .events import port_name

STANDBY, STATIC, OFF = "standby", "static", "off"


class MonitoredLab:
    """Answers with all ports and links; the histories of its agreements begin here."""

    def __init__(self, lab: RealLab) -> None:
        self._lab = lab
        with lab.agreements.lock:
            self._histories = {name: _followed(one) for name, one in lab.segments.items()}

    def answer(self, _: Client, __: bytearray) -> str:
        """Return the observation as JSON."""
        with self._lab.agreements.lock:
            observation = Monitored(tuple(self._ports()), tuple(self._links()))
        return to_text(observation)

    def _ports(self) -> Iterator[MonitoredPort]:
        now_ns = self._lab.agreements.now_ns()
        for segment in self._lab.segments.values():
            if not segment.plan.protected:
                continue
            for side, site in enumerate(segment.plan.sites):
                end = segment.ends[side] if segment.ends else None
                kay = None if end is None else end.kay
                yield port_of(
                    SourceKind.LAB,
                    port_name(segment.plan.name, site),
                    "ab"[side],
                    segment.secys[side],
                    opened=end is None or end.open,
                    now_ns=None if end is None else now_ns,
                    kay=kay,
                    history=None if end is None else self._histories[segment.plan.name][side],
                    reason="" if kay is None else reason(kay),
                    pid=os.getpid(),
                )

    def _links(self) -> Iterator[LabLink]:
        for plan in self._lab.blueprint.links:
            yield _link(plan, self._lab.segments.get(plan.name))


def _followed(segment: Segment) -> list[History]:
    histories = [History(end.kay) for end in segment.ends]
    for end, history in zip(segment.ends, histories, strict=True):
        end.agreement.follow(history.note)
    return histories


def _link(plan: LinkPlan, segment: Segment | None) -> LabLink:
    one, two = plan.sites
    if segment is None:
        return LabLink(plan.name, (one, two), (), STANDBY)
    wire = () if segment.wire is None else tuple(way.as_dict() for way in segment.wire)
    if not plan.protected:
        return LabLink(plan.name, (one, two), (), OFF, wire=wire)
    ports = tuple(port_name(plan.name, site) for site in plan.sites)
    if not segment.ends:
        return LabLink(plan.name, (one, two), ports, STATIC, wire=wire)
    state = LinkState.of(plan.sites, segment.ends)
    obstacles = (reason(end.kay) for end in segment.ends if not end.kay.secured)
    return LabLink(
        plan.name,
        (one, two),
        ports,
        state.status.value,
        reason=next(obstacles, ""),
        key_server=state.server or "",
        rekeys=state.rekeys,
        wire=wire,
    )
