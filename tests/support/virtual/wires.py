"""Random links and traffic, and the Python twin of batches, for tests of the virtual wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from macsec.frames import Column, FrameBatch, Octets
from macsec.native import load
from macsec.wire.batch_wire import BatchLane, Carrier
from macsec.wire.engine import HORIZON_PS, Engine
from macsec.wire.impairments import Starts, flip_bit
from macsec.wire.lane import Lane, LinkStats, Transit
from macsec.wire.link import Link
from macsec.wire.native_lane import FrameEnds, Picked
from macsec.wire.param_values import CORRUPT_AT, DISTRIBUTIONS, FCS, Chance, Loss, SlotTiming
from macsec.wire.params import LinkParams
from macsec.wire.trace import RECORDS, Fate, TraceRecord, pack
from support.planes import SCI_A


def in_flight(link: Link, direction: int) -> int:
    """Return the number of frames on their way."""
    return len(link._ways[direction].lane)


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
    .flatmap(lambda ends: st.builds(SlotTiming, st.just(ends[0]), st.just(ends[1]), **ROOMS))
    | st.builds(
        SlotTiming,
        distribution=st.sampled_from(DISTRIBUTIONS),
        delay=SHORT,
        jitter=st.integers(1, 5000),
        **ROOMS,
    )
)


@st.composite
def tc_params(draw: st.DrawFn) -> dict[str, Any]:
    """Draw parameters that tc has too, in every valid combination."""
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
    """Draw all parameters at once."""
    given = draw(tc_params())
    given["drop"] = draw(st.lists(st.integers(1, 30), max_size=4))
    edges = sorted(draw(st.sets(EDGES, max_size=6)))
    given["down"] = list(zip(edges[::2], edges[1::2], strict=False))
    given["match"] = draw(st.none() | st.none() | st.sampled_from(MATCHES))
    given["mtu"] = draw(st.none() | st.none() | MTUS)
    given["ordered"] = draw(st.sampled_from([None, False, True]))
    given["fcs"] = draw(st.sampled_from(FCS))
    given["corrupt_at"] = draw(st.sampled_from(CORRUPT_AT))
    given["sectag_ethertype"] = draw(st.sampled_from([0x88E5, 0x88E5, 0x9876]))
    return LinkParams(**given)


# Some coincide with times and lengths of the traffic below.
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
_SECTAGS = [b"\x88\xe5"] * 3 + [b"\x98\x76"]
_TYPES = [b"\x08\x00", b"\x88\x8e", *_SECTAGS]


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Draw frames of all kinds: with and without VLAN tags and SecTAG, whole and cut anywhere."""
    kind = draw(st.sampled_from(_TYPES))
    tag = b""
    if kind in _SECTAGS:
        tci = draw(st.sampled_from([0x00, 0x20, 0x2C, 0x40, 0x50, 0x10, 0x0C, 0x80]))
        sci = draw(st.sampled_from([bytes.fromhex(SCI_A), bytes(8)]))
        tag = bytes((tci | draw(st.integers(0, 3)), draw(st.sampled_from([0, 0, 5, 47, 200]))))
        tag += bytes(4) + (sci if tci & 0x20 else b"")
    frame = _ADDRESSES + draw(st.sampled_from(_TAGS)) + kind + tag
    frame += bytes(draw(st.sampled_from([0, 5, 20, 21, 40, 64, 65])))
    return frame[: draw(st.sampled_from([len(frame)] * 5 + [0, 5, 13, 14, 20, 23]))]


@st.composite
def traffic(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    """Draw frames with rising times in ps, some equal, some far apart; the pattern repeats."""
    now, sent = draw(st.sampled_from([0, 1, 10**6])), []
    gap = st.sampled_from([0, 0, 1, 6720, 10**6, 10**7])
    pattern = draw(st.lists(st.tuples(gap, frames()), min_size=1, max_size=12))
    for wait, frame in pattern * draw(st.integers(0, 8)):
        now += wait
        sent.append((now, frame))
    return sent


@dataclass(frozen=True)
class History:
    """The outcome of traffic from a to b."""

    arrived: list[tuple[int, bytes]]
    records: list[TraceRecord]
    stats: LinkStats
    digest: str


def play(
    params: LinkParams, sent: list[tuple[int, bytes]], seed: int = 0, name: str = "wire"
) -> History:
    """Send frames at their times over a link of their own, until nothing is on its way.

    The C twin, if built, must have the same history.
    """
    engine = Engine(seed)
    records: list[TraceRecord] = []
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
    """Send the same in one batch over the C twin; return arrivals, counts and digest."""
    carrier = Carrier(params, seed, name)
    batch = FrameBatch.from_frames([frame for _, frame in sent])
    times = np.array([time_ps for time_ps, _ in sent], np.int64)
    parts = [carrier.carry(batch, times), carrier.finish()]
    arrived = [row for p in parts for row in zip(p.time_ps.tolist(), p.batch, strict=True)]
    return arrived, carrier.stats, carrier.digest


class ReferenceCarrier(Carrier):
    """A carrier on the Python lane, which the C twin must match."""

    def _new_lane(self, params: LinkParams, start: Starts, direction: int) -> BatchLane:
        return _ColumnLane(params, start, direction)


CARRIERS: dict[str, type[Carrier]] = {"reference": ReferenceCarrier}
if load("auto"):
    CARRIERS["native"] = Carrier


class _ColumnLane:
    """The Python lane, driven by columns."""

    def __init__(self, params: LinkParams, start: Starts, direction: int) -> None:
        self._lane = Lane(params, start, self._note)
        self._direction = direction
        self._rows: list[tuple[int, int, bytes]] = []

    @property
    def stats(self) -> LinkStats:
        return self._lane.stats

    def send(self, batch: FrameBatch, time_ps: Column) -> FrameEnds:
        for frame, now_ps in zip(batch.frames(), time_ps.tolist(), strict=True):
            self._pop_until(now_ps)
            self._lane.send(now_ps, frame)
        return self._ends()

    def drain(self) -> FrameEnds:
        self._pop_until(HORIZON_PS)
        return self._ends()

    def oldest(self) -> int | None:
        return min((transit.number for transit in self._lane.in_transit()), default=None)

    def gather(self, arenas: list[Octets], source: Column, pick: Picked) -> Octets:
        parts = []
        for at, start, length, bit in zip(source, *pick, strict=True):
            frame = arenas[at][start : start + length].tobytes()
            parts.append(flip_bit(frame, int(bit)) if bit >= 0 else frame)
        return np.frombuffer(b"".join(parts), np.uint8)

    def _pop_until(self, until_ps: int) -> None:
        while (due := self._lane.next_ps) is not None and due <= until_ps:
            transit = self._lane.pop(due)
            if transit is not None:
                self._note(due, Fate.ARRIVED, transit)

    def _note(self, time_ps: int, fate: Fate, transit: Transit) -> None:
        mark, frame = transit.mark, transit.frame
        record = TraceRecord.of(time_ps, 0, self._direction, fate, mark, frame)
        self._rows.append((transit.number, transit.bit, pack(record)))

    def _ends(self) -> FrameEnds:
        rows, self._rows = self._rows, []
        number = np.array([row[0] for row in rows], np.int64)
        bit = np.array([row[1] for row in rows], np.int64)
        return FrameEnds(number, bit, np.frombuffer(b"".join(row[2] for row in rows), RECORDS))
