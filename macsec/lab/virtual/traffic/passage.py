"""A capture that crosses a lab, from a host of one site to a host of another, and its score.

The lab is as `lab run` would build it, with the capture as its only traffic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from macsec.config import Topology, TrafficSection, hosts_of
from macsec.errors import ConfigError, FormatError
from macsec.frames import FrameBatch
from macsec.frames.unsent import Unsent
from macsec.lab.virtual.lab import Lab
from macsec.lab.virtual.site_link import SiteLink
from macsec.secy import Verdict
from macsec.time_units import PS_PER_NS
from macsec.wire.lane import STOPPED

Ends = tuple[str, str]
_REFUSED = [v.counter for v in Verdict if not v.delivered and v.counter is not None]
_PROTECTED = [str(v.counter) for v in (Verdict.ENCRYPTED, Verdict.PROTECTED)]


def with_capture(topology: Topology, ends: Ends | None = None) -> Topology:
    """Return the topology with a capture as its only traffic, and without `until`.

    `ends`: the hosts of sides A and B; by default the first host of the file and the last one.
    Raises ConfigError unless these are on two sites.
    """
    hosts = {host.name: host for host in hosts_of(topology)}
    file = topology.origin.name or "topology"
    for name in ends or ():
        if name not in hosts:
            raise ConfigError(f"{file}: no host is called {name}; it has {', '.join(hosts)}")
    if not hosts:
        raise ConfigError(f"{file}: there are no hosts to send a capture")
    a, b = ends or (next(iter(hosts)), next(reversed(hosts)))
    if hosts[a].site == hosts[b].site:
        raise ConfigError(f"{file}: {a} and {b} are on one site: no link lies between them")
    traffic = [TrafficSection.model_validate({"from": a, "to": b, "pcap": "-"})]
    return topology.model_copy(update={"traffic": traffic, "until": None})


class Hop(NamedTuple):
    """A link on the path; `near`: the number of its end on the side of A."""

    link: SiteLink
    near: int


@dataclass(frozen=True, slots=True)
class PassageScore:
    """The frames of both directions, by their fate.

    `unsent`: frames that could not be sent. `protected`: by the first protected link on their
    way. `delivered`: arrived at the host of the far side; `equal`: arrived as sent, each counted
    once. `lost`: by a wire, its copies and queues included; `duplicated`: copies that a wire made;
    `refused`: by a SecY, or by a closed Controlled Port; `link_local`: ended at the first bridge,
    which relays none of their kind.
    """

    frames: int
    octets: int
    unsent: Unsent
    protected: int
    delivered: int
    equal: int
    lost: int
    duplicated: int
    refused: int
    link_local: int

    @property
    def perfect(self) -> bool:
        """True if every frame arrived once, and unchanged."""
        return self.frames == self.delivered == self.equal

    @property
    def explained(self) -> bool:
        """True if loss and copies on the wires explain all frames that were sent and missed.

        A frame that a SecY refuses is explained only as a copy.
        """
        more = self.delivered - self.equal
        explained = self.lost + self.link_local
        return self.missing <= explained and max(more, self.refused) <= self.duplicated

    @property
    def missing(self) -> int:
        """Frames that were sent and did not arrive as they were."""
        return self.frames - self.unsent.frames - self.equal


class Passage:
    """A capture that crosses a lab of a blueprint `with_capture`.

    `path`: the links that it crosses, from side A to side B. `wire`: the frames on them. `fault`:
    the error that ended it early, if any. Every frame crosses, even if a switch would keep it
    because source and destination are on one side: a capture of a loopback is of that kind. Raises
    ConfigError if there is no path.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        (flow,) = lab.blueprint.flows
        self.ends = lab.hosts[flow.source.name], lab.hosts[flow.to.name]
        self.path = path_of(lab, flow.source.site, flow.to.site)
        self.fault: FormatError | None = None
        self._first_ns = 0
        self._batch = FrameBatch.from_frames([])
        self._before = (0, 0)
        self._bridges = [each for site in lab.sites.values() for each in (site.switch, site.edge)]
        for bridge in self._bridges:
            bridge.hairpin = True
        stations = [(hop.link, side) for hop in self.path for side in (hop.near, 1 - hop.near)]
        names = [f"{link.plan.name} {link.plan.sites[side]}" for link, side in stations]
        self.wire = lab.recorder("wire", tuple(names))
        for number, (link, side) in enumerate(stations):
            self.wire.watch_port(link.common_port(side), number)

    def run(self, batches: Iterable[FrameBatch]) -> PassageScore:
        """Send all frames at the times of the capture, and run until none is in flight.

        A frame with a time that cannot be ends it: see `fault`.
        """
        try:
            self.lab.run(None, lambda _: self._noting_the_first(batches), leaps=True)
        except FormatError as fault:
            self.fault = fault
            self.lab.finish()
        return self._score()

    def _noting_the_first(self, batches: Iterable[FrameBatch]) -> Iterator[FrameBatch]:
        begun = False
        for batch in batches:
            frames, octets = self._before
            self._before = frames + len(self._batch), octets + self._batch.octets
            self._batch = batch
            if not begun and (sendable := Unsent().add(batch)).any():
                begun, self._first_ns = True, int(batch.time_ns[sendable.argmax()])
            yield batch

    @property
    def on_wire(self) -> FrameBatch:
        """The frames on all links of the path, at the capture's time; `source` is the station.

        Key agreement comes before the first frame.
        """
        seen = self.wire.batch
        shift = self._first_ns - (self.lab.began_ps or 0) // PS_PER_NS
        return FrameBatch.trusted(
            seen.arena,
            seen.start,
            seen.length,
            seen.time_ns + shift,
            seen.source,
            seen.wire_length,
        )

    @property
    def counters(self) -> dict[str, int]:
        """The counters of all SecYs on the path, summed."""
        every = [end.secy.counters for hop in self.path for end in hop.link.ends or ()]
        return {name: sum(each[name] for each in every) for name in every[0]} if every else {}

    def _score(self) -> PassageScore:
        lab = self.lab
        (tally,) = lab.tallies
        stats = [way.as_dict() for hop in self.path for way in hop.link.stats]
        counters = self.counters
        closed = [hop.link.refused(way) for hop in self.path for way in range(2)]
        frames = tally.sent + tally.unsent.frames
        return PassageScore(
            frames=frames,
            octets=self._octets_of(frames),
            unsent=tally.unsent,
            protected=self._protected(),
            delivered=sum(host.stats.received for host in self.ends),
            equal=tally.delivered,
            lost=sum(way[name] for way in stats for name in STOPPED.values()),
            duplicated=sum(way["duplicated"] for way in stats),
            refused=sum(counters.get(name, 0) for name in _REFUSED) + sum(closed),
            link_local=sum(bridge.counts.link_local for bridge in self._bridges),
        )

    def _octets_of(self, frames: int) -> int:
        """Return the octets of the first frames, the last of which are in the latest batch."""
        before, octets = self._before
        return octets + int(self._batch.length[: frames - before].sum())

    def _protected(self) -> int:
        """Return the frames that the first protected link of each direction protected."""
        hops = [hop for hop in self.path if hop.link.ends is not None]
        ways = ((hops[0], hops[0].near), (hops[-1], 1 - hops[-1].near)) if hops else ()
        senders = [hop.link.ends[side].secy for hop, side in ways if hop.link.ends is not None]
        return sum(secy.counters[name] for secy in senders for name in _PROTECTED)


def path_of(lab: Lab, here: str, to: str) -> list[Hop]:
    """Return the links from one site to another. Raises ConfigError if there is no way."""
    by_name = {link.plan.name: link for link in lab.links}
    path: list[Hop] = []
    while here != to:
        name = lab.blueprint.tree.next_link(here, to)
        if name is None:
            raise ConfigError(f"{lab.blueprint.name}: no links lead from {here} to {to}")
        link = by_name[name]
        near = link.plan.sites.index(here)
        path.append(Hop(link, near))
        here = link.plan.sites[1 - near]
    return path
