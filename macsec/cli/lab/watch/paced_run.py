"""A lab in virtual time that is watched: paced, paused, stepped, and disturbed by the user.

A fault is a change of the topology at the present time, so the run can be repeated from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from time import monotonic
from typing import Any, Literal, cast

from macsec.config.topology.recording import Entry, recorded
from macsec.lab import Lab
from macsec.lab.blueprint import Blueprint, Change
from macsec.lab.virtual.site_link import SiteLink
from macsec.lab.virtual.traffic.sources import Source
from macsec.report.lab.outcome import LabRun, alarm
from macsec.report.lab.watch import (
    FaultsJson,
    WatchedLinkJson,
    WatchJson,
    fault_text,
    link_json,
    mkpdu_text,
    nodes,
)
from macsec.time_units import NS_PER_S

from .commands import IN_VIRTUAL_TIME, InjectedFault, PageCommand
from .feed import Feed

TICK_S = 0.05
"""Time between steps of the run; a step that takes longer is not made up for."""
PUBLISH_S = 0.2
"""Shortest time between two states; a state takes at most a tenth of the time."""

Wait = Callable[[int, float], Collection[Any] | None]
"""Waits for a descriptor or seconds; returns signals that end it, or None for the descriptor."""


class VirtualWatch:
    """Runs a lab until its end, and serves commands until a signal.

    `text`: the topology; `pace`: virtual seconds a second; `on_end` is called once at the end.
    """

    def __init__(
        self,
        lab: Lab,
        run: LabRun,
        text: str,
        until_ns: int | None,
        pace: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._lab, self._run, self._text, self._clock = lab, run, text, clock
        self._until_ns = lab.blueprint.until if until_ns is None else until_ns
        self.pace, self.paused, self.ended = pace, False, False
        self.feed = Feed(lambda: lab.engine.now_ns)
        self.feed.recording = self.recording
        self.changes: list[Entry] = []
        self._recorded: tuple[tuple[Entry, ...], int] = (), 0
        self._last_s = clock()
        self._due_s = self._last_s
        for link in lab.links:
            for side, end in enumerate(link.ends or ()):
                end.on_mkpdu = partial(self._note_mkpdu, link, side)

    @property
    def blueprint(self) -> Blueprint:
        """The blueprint of the lab."""
        return self._lab.blueprint

    def begin(self, read: Source) -> None:
        """Schedule the run; `read` opens the captures of its traffic."""
        self._lab.begin(read)

    def recording(self) -> str:
        """Return the run so far as a topology, for any thread."""
        changes, now_ns = self._recorded
        head = f"# macsec lab run FILE --seed {self._run.seed}\n"
        head += "# Paths in it are relative to the folder of the first file.\n"
        return head + recorded(self._text, changes, now_ns)

    def serve(self, wait: Wait, on_end: Callable[[], None]) -> None:
        """Run and answer until `wait` returns a signal, or the page ends it."""
        while True:
            for command in self.feed.take():
                self.obey(command)
            self.advance()
            self._publish()
            if self.ended:
                on_end()
                break
            if wait(self.feed.fileno(), TICK_S):
                self._end()
                on_end()
                return
        self.publish()
        while not wait(self.feed.fileno(), TICK_S):
            self.feed.take()

    # ------------------------------------------------------------ time

    def advance(self) -> None:
        """Run for the time that passed since the call before, at the pace, or to the end."""
        now_s = self._clock()
        passed_s, self._last_s = min(now_s - self._last_s, 2 * TICK_S), now_s
        if not (self.paused or self.ended):
            self._run_for(round(passed_s * self.pace * NS_PER_S))

    def _run_for(self, span_ns: int) -> None:
        engine = self._lab.engine
        to_ns = engine.now_ns + span_ns
        if self._until_ns is not None and to_ns >= self._until_ns:
            to_ns = max(self._until_ns, engine.now_ns)
            self.ended = True
        engine.run(to_ns)
        self._recorded = tuple(self.changes), engine.now_ns

    def _end(self) -> None:
        self.ended = True
        self.publish()

    # ------------------------------------------------------------ commands

    def obey(self, command: PageCommand) -> None:
        """Do what the page asks for; nothing once the run has ended."""
        if self.ended:
            return
        if command.fault is not None:
            self._disturb(command.fault)
        elif command.act == "pace":
            self.pace = command.amount
        elif command.act == "step":
            self.paused = True
            self._run_for(round(command.amount))
        elif command.act == "end":
            self.ended = True
        else:
            self.paused = command.act == "pause"
        self._due_s = 0.0

    def _disturb(self, fault: InjectedFault) -> None:
        """Make a change one ns from now, before all that is due then."""
        at_ns = self._lab.engine.now_ns + 1
        if self._until_ns is not None and at_ns > self._until_ns:
            return
        place = f"changes.{len(self.changes)} of the page"
        self._lab.change(Change(at_ns, fault.link, fault.sides, fault.kind, fault.value, place))
        entry = {"at": f"{at_ns}ns", "link": fault.link}
        site = self._site(fault)
        self.changes.append(entry | ({"site": site} if site else {}) | {fault.kind: fault.text})
        self._run_for(1)
        text = fault_text(fault.kind, fault.value)
        self.feed.add("fault", text, link=fault.link, site=site or "both ends", bad=True)

    def _site(self, fault: InjectedFault) -> str | None:
        if len(fault.sides) > 1:
            return None
        plan = next(link.plan for link in self._lab.links if link.plan.name == fault.link)
        return plan.sites[fault.sides[0]]

    # ------------------------------------------------------------ states

    def _note_mkpdu(self, link: SiteLink, side: int, frame: bytes) -> None:
        name, sites = link.plan.name, link.plan.sites
        facts = {"link": name, "site": sites[side], "to": sites[1 - side]}
        self.feed.add("mkpdu", mkpdu_text(frame), **facts)

    def _publish(self) -> None:
        """Publish the state if it is due."""
        began_s = self._clock()
        if began_s < self._due_s:
            return
        self.publish()
        took_s = self._clock() - began_s
        self._due_s = began_s + max(PUBLISH_S, 10 * took_s)

    def publish(self) -> None:
        """Publish the state."""
        self.feed.publish(self.state())

    def state(self) -> WatchJson:
        """Return the lab as it is."""
        lab = self._lab
        return {
            "schema": "macsec/lab-watch/1",
            "mode": "virtual",
            "topology": lab.blueprint.name,
            "description": lab.blueprint.description,
            "state": self._state(),
            "pace": self.pace,
            "time_ns": lab.engine.now_ns,
            "until_ns": self._until_ns,
            "seed": self._run.seed,
            "digest": lab.digest,
            "nodes": nodes(lab.blueprint),
            "links": [_link(link) for link in lab.links],
            "offers": list(IN_VIRTUAL_TIME),
            "changes": len(self.changes),
            "warning": alarm(lab),
        }

    def _state(self) -> Literal["running", "paused", "ended"]:
        if self.ended:
            return "ended"
        return "paused" if self.paused else "running"


def _link(link: SiteLink) -> WatchedLinkJson:
    ways = [
        (stats, link.faults.taken[way], link.delivered(way)) for way, stats in enumerate(link.stats)
    ]
    counters = {
        site: dict(end.secy.counters)
        for site, end in zip(link.plan.sites, link.ends or (), strict=False)
    }
    faults = {site: _faults(link, side) for side, site in enumerate(link.plan.sites)}
    refused = link.refused(0), link.refused(1)
    return link_json(link.plan, link.agreed, ways, refused, faults, counters)


def _faults(link: SiteLink, side: int) -> FaultsJson:
    way = link.faults.ways[side]
    return cast(
        FaultsJson,
        {
            "cut": way.cut,
            "drop": way.drop,
            "delay": way.delay,
            "wrong_key": bool(link.agreed) and link.wrong_keys(side).on,
            "clock": link.ends[side].clock_percent if link.ends else 100,
        },
    )
