"""Random labs, and all results of a run, to compare a lab in Python with one in C."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.errors import MACsecError
from macsec.frames import FrameBatch
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.records.captures import record
from macsec.secy import Verdict
from macsec.wire.params import LinkParams
from macsec.wire.trace import TraceRecord
from support.virtual.wires import link_params

SITES = ("a", "b", "c", "d")
_CIPHERS = ["gcm-aes-128", "gcm-aes-xpn-256"]
_PROTECTIONS = st.just("off") | st.fixed_dictionaries(
    {
        "keys": st.sampled_from(["static", "static", "mka"]),
        "cipher": st.sampled_from(_CIPHERS),
        "window": st.sampled_from([0, 0, 3, 64]),
        "encrypt": st.booleans(),
        "validate": st.sampled_from(["strict", "check", "disabled"]),
        "replay": st.booleans(),
    }
)
_KINDS = [b"\x08\x00", b"\x08\x00", b"\x81\x00\x00\x64\x08\x00", b"\x88\x8e", b"\x88\x08"]


@dataclass(frozen=True)
class Plan:
    """A lab to build on either engine; `frames`: those of its captures, with times in ns."""

    topology: dict[str, Any]
    params: list[tuple[LinkParams, LinkParams]]
    cables: list[LinkParams]
    frames: list[tuple[int, bytes]]
    cuts: list[int]
    seed: int

    def built(self, backend: str) -> Lab:
        """Return the lab, not run yet."""
        blueprint = Blueprint.of(load_topology(self.topology), seeded(1, "a test"))
        links = zip(blueprint.links, self.params, strict=True)
        cables = zip(blueprint.sites, self.cables, strict=True)
        blueprint = replace(
            blueprint,
            links=tuple(replace(link, params=params) for link, params in links),
            cables=dict(cables),
        )
        return Lab(blueprint, self.seed, backend)

    def read(self, _: str) -> Iterator[FrameBatch]:
        """Yield the frames of a capture, in batches."""
        edges = sorted({0, len(self.frames), *(cut % (len(self.frames) + 1) for cut in self.cuts)})
        for begin, end in pairwise(edges):
            part = self.frames[begin:end]
            yield FrameBatch.from_frames([frame for _, frame in part], [at for at, _ in part])


@st.composite
def labs(draw: st.DrawFn) -> Plan:
    """Draw labs with impairments, bridges, links in clear and with MACsec, and traffic."""
    sites = SITES[: draw(st.integers(2, len(SITES)))]
    hosts = {site: [f"{site}{n}" for n in range(draw(st.integers(1, 2)))] for site in sites}
    links = [
        {"between": [draw(st.sampled_from(sites[:at])), sites[at]], "macsec": draw(_PROTECTIONS)}
        for at in range(1, len(sites))
    ]
    if draw(st.booleans()):
        links.append({"between": [sites[0], sites[-1]], "name": "loop", "macsec": "off"})
    if draw(st.booleans()):
        links[0] |= {"lag": "pair"}
        links.append({**links[0], "name": "second", "macsec": draw(_PROTECTIONS)})
    names = [name for group in hosts.values() for name in group]
    topology: dict[str, Any] = {
        "mtu": draw(st.sampled_from([1500, 9000, 600])),
        "sites": {site: {"hosts": group} for site, group in hosts.items()},
        "links": links,
        "traffic": draw(st.lists(_traffic(names), min_size=1, max_size=4)),
    }
    if draw(st.booleans()):
        topology["begin"] = draw(st.sampled_from(["0", "3us"]))
    if draw(st.booleans()):
        topology["until"] = draw(st.sampled_from(["10us", "1ms", "4s"]))
    return Plan(
        topology,
        [draw(st.tuples(_params(), _params())) for _ in links],
        [draw(_params()) for _ in sites],
        draw(_capture(len(names))),
        draw(st.lists(st.integers(0, 30), max_size=2)),
        draw(st.integers(0, 2**64 - 1)),
    )


def _params() -> st.SearchStrategy[LinkParams]:
    """Draw the parameters of a direction; most links are no worse than slow."""
    slow = st.builds(
        LinkParams,
        delay=st.sampled_from([0, 1000, 50_000]),
        rate=st.sampled_from([None, 10**9, 10**10]),
    )
    return slow | slow | link_params()


@st.composite
def _traffic(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    source, to = draw(st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True))
    entry: dict[str, Any] = {"from": source, "to": to}
    if draw(st.integers(0, 3)) == 0:
        return entry | {"pcap": "-"}
    entry["model"] = draw(st.sampled_from(["constant", "poisson", "onoff"]))
    pace = [{"pps": 10**6}, {"pps": 3}, {"rate": "1gbit"}, {"rate": "999999937bit"}]
    entry |= draw(st.sampled_from(pace))
    entry["size"] = draw(st.sampled_from([60, 61, 300, 614]))
    entry["payload"] = draw(st.sampled_from(["x", "a payload of some octets"]))
    if entry["model"] == "onoff":
        entry |= {"burst": draw(st.sampled_from(["1ns", "2us"])), "pause": "7us"}
    entry["start"] = draw(st.sampled_from(["0", "1us", "123ns"]))
    if draw(st.booleans()):
        entry["duration"] = draw(st.sampled_from(["4us", "1s"]))
    entry["count"] = draw(st.integers(1, 12))
    return entry


@st.composite
def _capture(draw: st.DrawFn, hosts: int) -> list[tuple[int, bytes]]:
    """Draw frames with hosts' addresses or others, to groups, too short, equal ones."""
    first = 0x020000000000
    addresses = st.sampled_from(
        [(first | n).to_bytes(6) for n in range(1, hosts + 2)]
        + [b"\xff" * 6, bytes.fromhex("0180c2000003"), bytes(6)]
    )
    now, frames = 0, []
    for _ in range(draw(st.integers(0, 10))):
        now += draw(st.sampled_from([0, 1, 1000, 10**6]))
        head = draw(addresses) + draw(addresses) + draw(st.sampled_from(_KINDS))
        size = draw(st.sampled_from([0, 46, 46, 200, 1600]))
        frames.append((now, (head + bytes(size))[: draw(st.sampled_from([5, 13, 2000, 2000]))]))
    return frames


@dataclass
class Watched:
    """All that hooks of Python saw in a run, in order."""

    lab: Lab
    seen: list[Any] = field(default_factory=list)

    def attach(self) -> None:
        """Set every hook that there is."""
        self.lab.engine.trace.watch = self._record
        for link in self.lab.links:
            link.link.a.watch = self._noting("a")
            link.link.taps.append(_Echo())
            for end in link.ends or ():
                end.watch = _Noting(self, end.name)
                end.uncontrolled.receiver = self._noting("uncontrolled")
                end.controlled.watch = self._noting("controlled")
        for host in self.lab.hosts.values():
            host.listener = self._noting(host.name)
            host.port.watch = self._noting(f"from {host.name}")

    def note(self, *what: Any) -> None:
        """Add what a hook saw, with the time."""
        self.seen.append((self.lab.engine.now_ps, *what))

    def _noting(self, name: str) -> Any:
        return lambda frame: self.note(name, frame)

    def _record(self, record: TraceRecord) -> None:
        self.note(record)


class _Echo:
    """A tap that passes most frames on, takes some, and answers others with two."""

    def __init__(self) -> None:
        self._count = 0

    def on_frame(self, time_ns: int, direction: int, frame: bytes) -> list[bytes] | None:
        """Handle an arriving frame."""
        self._count += 1
        return {0: [], 1: [frame, frame[:20]]}.get(self._count % 5)


class _Noting:
    """The watch of a station."""

    def __init__(self, watched: Watched, name: str) -> None:
        self._watched, self._name = watched, name

    def protected(self, frame: bytes, octets: bytes | None) -> None:
        """Note a frame that is sent."""
        self._watched.note(self._name, frame, octets)

    def validated(self, octets: bytes, verdict: Verdict, frame: bytes | None) -> None:
        """Note a frame that is received."""
        self._watched.note(self._name, octets, verdict, frame)


def outcome(plan: Plan, backend: str, how: str = "plain") -> dict[str, Any]:
    """Run a lab and return all its results; `how`: plain, recorded, watched, leaping."""
    with plan.built(backend) as lab:
        watched = Watched(lab)
        if how == "watched":
            watched.attach()
        recorders = record(lab) if how == "recorded" else []
        error = None
        try:
            lab.run(None, plan.read, leaps=how == "leaping")
        except MACsecError as raised:
            error = f"{type(raised).__name__}: {raised}"
            lab.finish()
        return results_of(lab) | {
            "error": error,
            "seen": watched.seen,
            "recorded": [
                (r.name, list(r.batch), r.batch.time_ns.tolist(), r.batch.source.tolist())
                for r in recorders
            ],
            "directions": [r.directions for r in recorders],
        }


def results_of(lab: Lab) -> dict[str, Any]:
    """Return all counts of a lab, its digest and its time."""
    bridges = [bridge for site in lab.sites.values() for bridge in (site.switch, site.edge)]
    ends = [end for link in lab.links for end in link.ends or ()]
    return {
        "digest": lab.digest,
        "count": lab.engine.trace.count,
        "now_ps": lab.engine.now_ps,
        "began_ps": lab.began_ps,
        "links": [link.stats for link in lab.links],
        "uplinks": [site.uplink.stats for site in lab.sites.values()],
        "delivered": [link.delivered(way) for link in lab.links for way in range(2)],
        "refused": [link.refused(way) for link in lab.links for way in range(2)],
        "hosts": [host.stats for host in lab.hosts.values()],
        "tallies": lab.tallies,
        "bridges": [bridge.counts for bridge in bridges],
        "stations": [(end.delivered, end.blocked, end.mkpdus_sent) for end in ends],
        "counters": [dict(end.secy.counters) for end in ends],
        "saks": [end.saks for link in lab.links for end in link.agreed],
    }
