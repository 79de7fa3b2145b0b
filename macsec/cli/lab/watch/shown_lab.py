"""A lab in real time that is watched, and disturbed by the user."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from time import monotonic
from typing import cast

from macsec.lab import RealLab
from macsec.lab.real.segment import Segment
from macsec.report.lab.watch import (
    FaultsJson,
    WatchedLinkJson,
    WatchJson,
    fault_text,
    link_json,
    mkpdu_text,
    nodes,
)

from .commands import IN_REAL_TIME, ON_WIRES, InjectedFault
from .feed import Feed
from .serving import served

PUBLISH_S = 0.25
"""Shortest time between two states; a state takes at most a tenth of the time."""
ALARM = "UNPROTECTED"


class RealWatch:
    """Shows a lab whose wires take faults: call `step` often."""

    interval_s = PUBLISH_S

    def __init__(self, lab: RealLab) -> None:
        self._lab = lab
        self.feed = Feed(lab.agreements.now_ns)
        self._due_s, self._changes = 0.0, 0
        for segment in lab.segments.values():
            segment.on_mkpdu = partial(self._note_mkpdu, segment)

    def served(self) -> AbstractContextManager[None]:
        """Serve the page within a context."""
        return served(self.feed, self._lab.blueprint, IN_REAL_TIME)

    def step(self) -> None:
        """Do what the page asks for, and publish the state if it is due."""
        for command in self.feed.take():
            if command.fault is not None:
                self._disturb(command.fault)
        began_s = monotonic()
        if began_s >= self._due_s:
            self.feed.publish(self.state())
            self._due_s = began_s + max(PUBLISH_S, 10 * (monotonic() - began_s))

    def _disturb(self, fault: InjectedFault) -> None:
        segment, agreements = self._lab.segments[fault.link], self._lab.agreements
        if fault.kind in ON_WIRES:
            for side in fault.sides:
                if segment.line is not None:
                    segment.line.change(side, fault.kind, fault.value)
        else:
            with agreements.changing():
                for side in fault.sides:
                    segment.wrong_keys(side).switch(agreements.now_ns(), fault.value)
                    segment.ends[side].agreement.settle(agreements.now_ns())
        self._changes += 1
        self._due_s = 0.0
        sites = [segment.plan.sites[side] for side in fault.sides]
        site = sites[0] if len(sites) == 1 else "both ends"
        text = fault_text(fault.kind, fault.value)
        self.feed.add("fault", text, link=fault.link, site=site, bad=True)

    def _note_mkpdu(self, segment: Segment, side: int, frame: bytes) -> None:
        sites = segment.plan.sites
        facts = {"link": segment.plan.name, "site": sites[side], "to": sites[1 - side]}
        self.feed.add("mkpdu", mkpdu_text(frame), **facts)

    def state(self) -> WatchJson:
        """Return the lab as it is."""
        blueprint = self._lab.blueprint
        with self._lab.agreements.lock:
            links = [_link(segment) for segment in self._lab.segments.values()]
        links += [
            link_json(plan, (), [(None, 0, 0)] * 2, (0, 0), {}, {})
            for plan in blueprint.links
            if plan.standby
        ]
        bare = blueprint.unprotected
        return {
            "schema": "macsec/lab-watch/1",
            "mode": "real",
            "topology": blueprint.name,
            "description": blueprint.description,
            "state": "running",
            "pace": 1.0,
            "time_ns": self._lab.agreements.now_ns(),
            "until_ns": None,
            "seed": None,
            "digest": "",
            "nodes": nodes(blueprint),
            "links": links,
            "offers": list(IN_REAL_TIME),
            "changes": self._changes,
            "warning": f"{ALARM}: {', '.join(bare)}" if bare else "",
        }


def _link(segment: Segment) -> WatchedLinkJson:
    sites, wire = segment.plan.sites, segment.wire
    traffic = [pump.traffic for pump in segment.pumps]
    ways = [
        (None if wire is None else wire[way], 0, traffic[1 - way].from_wire["frames_out"])
        for way in (0, 1)
    ]
    refused = [traffic[way].to_wire["blocked"] for way in (0, 1)]
    faults = {site: _faults(segment, side) for side, site in enumerate(sites)}
    counters = {site: dict(secy.counters) for site, secy in zip(sites, segment.secys, strict=True)}
    if not segment.plan.protected:
        counters = {}
    return link_json(segment.plan, segment.ends, ways, (refused[0], refused[1]), faults, counters)


def _faults(segment: Segment, side: int) -> FaultsJson:
    way = None if segment.line is None else segment.line.ways[side]
    return cast(
        FaultsJson,
        {
            "cut": way is not None and way.cut,
            "drop": 0.0 if way is None else way.drop,
            "delay": 0 if way is None else way.delay,
            "wrong_key": bool(segment.ends) and segment.wrong_keys(side).on,
            "clock": 100,
        },
    )
