"""Random parameters of links and random traffic, for the tests of the virtual wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from macsec.frames import FrameBatch
from macsec.native import load
from macsec.wire.batch_wire import Carrier
from macsec.wire.engine import Engine
from macsec.wire.lane import LinkStats
from macsec.wire.link import Link
from macsec.wire.param_values import CORRUPT_AT, DISTRIBUTIONS, FCS, Chance, Loss, Slot
from macsec.wire.params import LinkParams
from macsec.wire.trace import Record
from support.planes import SCI_A

CHANCE = st.sampled_from([0.0, 0.001, 0.1, 0.3, 0.5, 1.0]) | st.floats(0, 1)
SHORT = st.sampled_from([0, 1, 10, 1000]) | st.integers(0, 5000)
CHANCES = st.builds(Chance, CHANCE, st.just(0.0) | CHANCE)


def _losses(number: int) -> st.SearchStrategy[tuple[float, ...]]:
    return st.tuples(*[CHANCE] * number)


LOSSES = (
    st.none()
    | st.builds(Loss, st.just("random"), _losses(2))
    | st.builds(Loss, st.just("gemodel"), _losses(4))
    | st.builds(Loss, st.just("state"), st.tuples(*[st.floats(0, 0.5)] * 5))
)
ROOMS = {"packets": st.integers(0, 5), "octets": st.integers(0, 300)}
SLOTS = (
    st.none()
    | st.tuples(SHORT, SHORT)
    .map(sorted)
    .flatmap(lambda ends: st.builds(Slot, st.just(ends[0]), st.just(ends[1]), **ROOMS))
    | st.builds(
        Slot,
        distribution=st.sampled_from(DISTRIBUTIONS),
        delay=SHORT,
        jitter=st.integers(1, 5000),
        **ROOMS,
    )
)


@st.composite
def tc_params(draw: st.DrawFn) -> dict[str, Any]:
    """All that tc has a word for, in every combination that holds together."""
    given: dict[str, Any] = {
        "delay": draw(SHORT),
        "jitter": draw(SHORT),
        "correlation": draw(st.just(0.0) | CHANCE),
        "loss": draw(LOSSES),
        "corrupt": draw(CHANCES),
        "duplicate": draw(CHANCES),
        "limit": draw(st.none() | st.sampled_from([1, 2, 3, 10, 1000])),
        "slot": draw(SLOTS),
        "seed": draw(st.none() | st.integers(0, (1 << 64) - 1)),
    }
    if given["jitter"]:
        given["distribution"] = draw(st.sampled_from(DISTRIBUTIONS))
    if given["delay"]:
        given["reorder"] = draw(CHANCES)
        given["gap"] = draw(st.integers(1, 5)) if given["reorder"].probability else 0
    if draw(st.booleans()):
        given["rate"] = draw(st.sampled_from([10**6, 10**9, 10**11, 8 * 10**11, 999_999_937]))
        given["overhead"] = draw(st.sampled_from(["ethernet", 0, -14]))
        given["cell"] = draw(st.sampled_from([0, 48]))
        given["cell_overhead"] = draw(st.sampled_from([5, -2])) if given["cell"] else 0
    return given


@st.composite
def link_params(draw: st.DrawFn) -> LinkParams:
    """Everything at once."""
    given = draw(tc_params())
    given["drop"] = draw(st.lists(st.integers(1, 30), max_size=4))
    edges = sorted(draw(st.sets(EDGES, max_size=6)))
    given["down"] = list(zip(edges[::2], edges[1::2], strict=False))
    given["match"] = draw(st.none() | st.none() | st.sampled_from(MATCHES))
    given["mtu"] = draw(st.none() | st.none() | MTUS)
    given["ordered"] = draw(st.sampled_from([None, False, True]))
    given["fcs"] = draw(st.sampled_from(FCS))
    given["corrupt_at"] = draw(st.sampled_from(CORRUPT_AT))
    return LinkParams(**given)


# Some fall together with the times and lengths of the traffic below.
EDGES = st.sampled_from([0, 1000, 2000, 3000, 10_000, 11_000, 20_000]) | st.integers(0, 99_000)
MTUS = st.sampled_from([20, 40, 64, 72, 80, 85]) | st.integers(1, 120)
MATCHES: list[dict[str, Any]] = [
    {"ethertype": 0x88E5},
    {"ethertype": 0x88E5, "an": 1},
    {"ethertype": 0x0800, "vlan": 100},
    {"vlan": 100},
    {"sci": SCI_A},
    {"sci": "0200000000010001"},
    {"sci": "0200000000010000", "an": 0},
]

_ADDRESSES = bytes.fromhex("020000000002020000000001")
_TAGS = [b"", bytes.fromhex("81000064"), bytes.fromhex("88a8000581000064"), bytes.fromhex("9100")]
_TYPES = [b"\x08\x00", b"\x88\x8e", b"\x88\xe5", b"\x88\xe5", b"\x88\xe5"]


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Frames of all kinds: with and without VLAN tags and SecTAG, whole and cut anywhere."""
    kind = draw(st.sampled_from(_TYPES))
    tag = b""
    if kind == b"\x88\xe5":
        tci = draw(st.sampled_from([0x00, 0x20, 0x2C, 0x40, 0x50, 0x10, 0x0C, 0x80]))
        sci = draw(st.sampled_from([bytes.fromhex(SCI_A), bytes(8)]))
        tag = bytes((tci | draw(st.integers(0, 3)), draw(st.sampled_from([0, 0, 5, 47, 200]))))
        tag += bytes(4) + (sci if tci & 0x20 else b"")
    frame = _ADDRESSES + draw(st.sampled_from(_TAGS)) + kind + tag
    frame += bytes(draw(st.sampled_from([0, 5, 20, 21, 40, 64, 65])))
    return frame[: draw(st.sampled_from([len(frame)] * 5 + [0, 5, 13, 14, 20, 23]))]


@st.composite
def traffic(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    """Frames and their times in ps, rising; some of one time, some far apart; and that again."""
    now, sent = draw(st.sampled_from([0, 1, 10**6])), []
    gap = st.sampled_from([0, 0, 1, 6720, 10**6, 10**7])
    pattern = draw(st.lists(st.tuples(gap, frames()), min_size=1, max_size=12))
    for wait, frame in pattern * draw(st.integers(0, 8)):
        now += wait
        sent.append((now, frame))
    return sent


@dataclass(frozen=True)
class History:
    """What happened to the traffic of a to b."""

    arrived: list[tuple[int, bytes]]
    records: list[Record]
    stats: LinkStats
    digest: str


def play(
    params: LinkParams, sent: list[tuple[int, bytes]], seed: int = 0, name: str = "wire"
) -> History:
    """Send frames at their times over a link of their own, until nothing is on its way.

    Where the C twin is there it has to tell the same story.
    """
    engine = Engine(seed)
    records: list[Record] = []
    engine.trace.watch = records.append
    link = Link(engine, name, params)
    arrived: list[tuple[int, bytes]] = []
    link.b.receiver = lambda frame: arrived.append((engine.now_ps, frame))
    for time_ps, frame in sent:
        engine.at(time_ps, lambda frame=frame: link.a.send(frame))
    engine.run()
    history = History(arrived, records, link.stats[0], engine.digest)
    if load("auto"):
        assert carried(params, sent, seed, name) == (history.arrived, history.stats, history.digest)
    return history


def carried(
    params: LinkParams, sent: list[tuple[int, bytes]], seed: int, name: str
) -> tuple[list[tuple[int, bytes]], LinkStats, str]:
    """The same by one batch over the C twin: what arrived, the counts, the digest."""
    carrier = Carrier(params, seed, name, backend="native")
    batch = FrameBatch.from_frames([frame for _, frame in sent])
    times = np.array([time_ps for time_ps, _ in sent], np.int64)
    parts = [carrier.carry(batch, times), carrier.finish()]
    arrived = [row for p in parts for row in zip(p.time_ps.tolist(), p.batch, strict=True)]
    return arrived, carrier.stats, carrier.digest
