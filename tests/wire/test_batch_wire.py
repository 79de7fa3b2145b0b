"""One direction for frames in batches: arrivals and times, in C and in Python."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest
from support.planes import SCI_A
from support.virtual.wires import CARRIERS

from macsec.errors import ConfigError, EnvironmentLacks
from macsec.frames import FrameBatch
from macsec.native import load
from macsec.wire.batch_wire import Carrier
from macsec.wire.engine import HORIZON_PS
from macsec.wire.lane import LinkStats
from macsec.wire.params import LinkParams
from macsec.wire.trace import Fate

EVERYTHING = {
    "rate": "100gbit",
    "overhead": "ethernet",
    "delay": "5us",
    "jitter": "1us",
    "correlation": "10%",
    "duplicate": "20% 10%",
    "corrupt": "20% 10%",
    "reorder": "20% 10%",
    "gap": 3,
    "limit": 100,
    "drop": [3, 4, 7],
    "down": [(20_000, 21_000)],
    "mtu": 1000,
    "match": "ethertype=0x88e5",
}
SCENARIOS = {
    "nothing": ({}, "9cea369ecc0a0750c739ed52e172fd43d07b356c9fd9de5bcabc90cf8cd324d2"),
    "line": (
        {"rate": "40gbit", "overhead": "ethernet", "delay": "500ns"},
        "8da39abf707ecc4726b2f379806769f193976d1621d988780d7db37dee24e9d4",
    ),
    "random": (
        EVERYTHING | {"loss": "2% 20%", "distribution": "normal"},
        "d3baf3394af525f3de617b856772d44a122a21c085036751f6e28137ebdfa2c2",
    ),
    "state": (
        EVERYTHING
        | {"loss": "state 2% 30% 10% 40% 1%", "distribution": "pareto", "ordered": False},
        "958e699dc43e4808421216f923165df0154cd7216ffe65a827a0729e7646eacb",
    ),
    "gemodel": (
        EVERYTHING
        | {
            "loss": "gemodel 1% 30% 90% 0.1%",
            "distribution": "paretonormal",
            "ordered": True,
            "fcs": "fix",
            "corrupt_at": "icv",
        },
        "053d1fa5fcc7191350331308e42035f54b46d4dbdfa6ac5b791b180ffd9a231c",
    ),
    "slots": (
        EVERYTHING
        | {
            "rate": None,
            "overhead": 0,
            "slot": "1us 2us packets 9",
            "fcs": "fix",
            "corrupt_at": "pn",
        },
        "8907499df7891ff0d6c70cdb5de2cac771f4c082503eac841324f12a0baa02fc",
    ),
    "spread slots": (
        EVERYTHING
        | {"slot": "distribution normal 800ns 100ns bytes 900", "seed": 5, "match": None},
        "4a130dcb21dbaa04c3539760fa596f3364772bea7e70d4c8d047f4f44b33f0fc",
    ),
}


def traffic(count: int) -> tuple[FrameBatch, np.ndarray]:
    """Return MACsec frames of several lengths with others between them, and their times."""
    tag = bytes.fromhex("88e52c00")
    frames = [
        bytes(12)
        + (tag + n.to_bytes(4) + bytes.fromhex(SCI_A) if n % 9 else b"\x08\x00")
        + bytes(range(64 + n * 37 % 190)) * (1 + (n % 50 == 1) * 8)
        for n in range(count)
    ]
    return FrameBatch.from_frames(frames, source=np.arange(count) % 3), np.arange(count) * 19_777


@pytest.fixture(params=CARRIERS)
def carrier_class(request: pytest.FixtureRequest) -> type[Carrier]:
    """Each implementation: the Python lane, and C if built."""
    return CARRIERS[request.param]


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_has_its_digest(name: str, carrier_class: type[Carrier]) -> None:
    """The digest is the same in C and Python, on every machine."""
    given, digest = SCENARIOS[name]
    carrier = carrier_class(LinkParams(**given), 11, name, 1)
    carrier.carry(*traffic(2000))
    carrier.finish()
    assert carrier.digest == digest
    if "match" in given:  # type: ignore[operator]  # every count moves
        happened = carrier.stats.as_dict()
        idle = {"fcs_errors"} if "fcs" in given else set()  # type: ignore[operator]
        idle |= {"filtered"} if given["match"] is None else set()  # type: ignore[index]
        idle |= {"busy_ps"} if given["rate"] is None else set()  # type: ignore[index]
        assert {field for field, count in happened.items() if not count} == idle


@pytest.mark.parametrize("sizes", [[2000], [1] * 50 + [1950], [700, 0, 3, 1297]])
def test_any_split_into_batches_gives_the_same_history(
    carrier_class: type[Carrier], sizes: list[int]
) -> None:
    """Frames on their way at the end of a batch arrive with a later one."""
    batch, times = traffic(2000)
    params = LinkParams(**SCENARIOS["gemodel"][0])
    whole = carrier_class(params, 1)
    first, rest = whole.carry(batch, times), whole.finish()
    split = carrier_class(params, 1)
    parts, at = [], 0
    for size in sizes:
        parts.append(split.carry(batch[at : at + size], times[at : at + size]))
        at += size
    parts.append(split.finish())
    assert split.digest == whole.digest
    assert split.stats == whole.stats
    assert [f for part in parts for f in part.batch] == [*first.batch, *rest.batch]
    for column in ("time_ps", "number"):
        both = [np.concatenate([getattr(p, column) for p in x]) for x in (parts, (first, rest))]
        assert np.array_equal(*both)


def test_columns_belong_to_the_frames(carrier_class: type[Carrier]) -> None:
    """Source, time and number stay with their frame; the ends include lost frames."""
    batch, times = traffic(500)
    carrier = carrier_class(LinkParams(delay="1us", jitter="1us", loss="10%"))
    parts = [carrier.carry(batch, times), carrier.finish()]
    came = [
        row
        for part in parts
        for row in zip(
            part.batch,
            part.batch.source,
            part.batch.time_ns,
            part.time_ps,
            part.number,
            strict=True,
        )
    ]
    assert len(came) == carrier.stats.received
    for frame, source, time_ns, time_ps, number in came:
        assert frame == batch[int(number) - 1]
        assert source == batch.source[number - 1]
        assert time_ns == time_ps // 1000
        assert times[number - 1] <= time_ps <= times[number - 1] + 2 * 10**6
    fates = np.concatenate([part.ends.records["fate"] for part in parts])
    numbers = np.concatenate([part.ends.number for part in parts])
    assert sorted(numbers) == list(range(1, 501))
    assert np.count_nonzero(fates == Fate.LOST) == carrier.stats.lost


def test_times_of_the_batch_are_nanoseconds(carrier_class: type[Carrier]) -> None:
    """They are the times of sending if no exact ones are given."""
    batch = FrameBatch.from_frames([bytes(60)] * 2, [5, 9])
    carried = carrier_class(LinkParams(delay=1)).carry(batch)
    assert carried.time_ps.tolist() == [6000]


def test_no_frames_in_gives_none_out(carrier_class: type[Carrier]) -> None:
    """An empty batch is valid; the counts are all there."""
    carrier = carrier_class(LinkParams())
    assert len(carrier.carry(FrameBatch.from_frames([])).batch) == 0
    assert len(carrier.finish().batch) == 0
    assert carrier.stats.as_dict().keys() == LinkStats().as_dict().keys()


@pytest.mark.parametrize("times", [[5, 4], [-1, 0], [0], [0, 1 << 62]])
def test_invalid_times_are_refused(carrier_class: type[Carrier], times: list[int]) -> None:
    """Times that go back, do not fit the frames in number, or are after the end of time."""
    batch = FrameBatch.from_frames([bytes(60)] * 2)
    with pytest.raises(ConfigError, match="time_ps"):
        carrier_class(LinkParams()).carry(batch, times)


def test_batch_earlier_than_the_one_before_is_refused(carrier_class: type[Carrier]) -> None:
    """Times never go back from batch to batch."""
    carrier = carrier_class(LinkParams())
    batch = FrameBatch.from_frames([bytes(60)])
    carrier.carry(batch, [7])
    with pytest.raises(ConfigError, match="time_ps"):
        carrier.carry(batch, [6])


def test_frames_that_a_capture_cut_are_refused(carrier_class: type[Carrier]) -> None:
    """Their missing octets cannot be sent."""
    whole = FrameBatch.from_frames([bytes(60)])
    cut = FrameBatch(whole.arena, whole.start, whole.length, wire_length=[61])
    with pytest.raises(ConfigError, match="cut"):
        carrier_class(LinkParams()).carry(cut)


def test_a_rate_beyond_the_end_of_time_is_an_error(carrier_class: type[Carrier]) -> None:
    """C and Python raise the same error."""
    batch = FrameBatch.from_frames([bytes(100_000)] * 100)
    with pytest.raises(ConfigError, match=r"^rate: a frame would come out after the end"):
        carrier_class(LinkParams(rate=1)).carry(batch)


@pytest.mark.parametrize("params", [LinkParams(), LinkParams(ordered=True)])
def test_frame_may_arrive_at_the_last_picosecond(
    carrier_class: type[Carrier], params: LinkParams
) -> None:
    """A frame may come out at the end of virtual time, and none after it."""
    batch, later = FrameBatch.from_frames([bytes(60)]), dataclasses.replace(params, delay=1)
    carrier = carrier_class(later)
    carrier.carry(batch, [HORIZON_PS - 1000])
    assert carrier.finish().time_ps.tolist() == [HORIZON_PS]
    with pytest.raises(ConfigError, match="end of virtual time"):
        carrier_class(later).carry(batch, [HORIZON_PS - 999])


def test_missing_extension_module_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it "auto" has no library, "native" and a carrier fail; other names are refused."""
    with pytest.raises(ConfigError, match="backend 'fast'"):
        load("fast")
    monkeypatch.setitem(sys.modules, "macsec._native", None)
    assert load("auto") is None
    with pytest.raises(EnvironmentLacks, match="not built"):
        load("native")
    with pytest.raises(EnvironmentLacks, match="not built"):
        Carrier(LinkParams())
