"""When frames are due, exactly, and how long they are."""

from __future__ import annotations

from typing import Any

import pytest
from support.services.otg import flow

from macsec.otg.model import read
from macsec.otg.model.flows import Size, TrafficFlow
from macsec.otg.traffic.pacing import Pacing, most_pps
from macsec.otg.traffic.rates import CurrentRates
from macsec.otg.traffic.sizes import bounds_of, sizes_of
from macsec.time_units import PS_PER_S

GBIT = 10**9


def due(sizes: list[int], speed: int = GBIT, **given: Any) -> list[int]:
    """The due times of frames in ps."""
    pacing = Pacing(read(TrafficFlow, flow(**given)), speed)
    return [pacing.due(size) for size in sizes]


def test_frames_a_second_add_up_exactly() -> None:
    """A third of a second, three times, is a second."""
    times = due([64] * 4, rate={"pps": 3})
    assert times == [0, PS_PER_S // 3, 2 * PS_PER_S // 3, PS_PER_S]


@pytest.mark.parametrize(
    ("rate", "gap_ps"),
    [
        ({"bps": 672}, PS_PER_S),
        ({"kbps": 672}, PS_PER_S // 1000),
        ({"mbps": 672}, 10**6),
        ({"gbps": 1}, 672_000),
        ({"percentage": 50}, 2 * 672_000),
        ({"percentage": 100}, 672_000),
        ({"pps": 10**9}, 672_000),
    ],
)
def test_bits_a_second_count_preamble_and_gap(rate: dict[str, Any], gap_ps: int) -> None:
    """64 octets are 672 bits of the line, which no rate exceeds."""
    assert due([64, 64, 64], rate=rate) == [0, gap_ps, 2 * gap_ps]


def test_longer_gap_slows_a_flow_down() -> None:
    """The gap of the duration is the least one between frames, in octets."""
    longer = {"choice": "continuous", "continuous": {"gap": 112}}
    assert due([64, 64], rate={"percentage": 100}, duration=longer) == [0, 184 * 8000]


def test_bursts_are_apart_by_their_gap() -> None:
    """Two frames, a pause, two frames; the flow ends with its last burst."""
    burst = {"bursts": 2, "packets": 2, "inter_burst_gap": {"microseconds": 5}}
    duration = {"choice": "burst", "burst": burst}
    gap, pause = PS_PER_S // 10**6, 5 * 10**6
    assert due([64] * 4, rate={"pps": 10**6}, duration=duration) == [
        0,
        gap,
        2 * gap + pause,
        3 * gap + pause,
    ]
    assert Pacing(read(TrafficFlow, flow(duration=duration)), GBIT).count == 4


def test_delay_comes_before_the_first_frame() -> None:
    """In octets of the line, or as a time; fixed seconds count from it."""
    seconds = {"seconds": 2, "delay": {"bytes": 125}}
    given = {"duration": {"fixed_seconds": seconds}}
    assert due([64], **given) == [10**6]
    assert Pacing(read(TrafficFlow, flow(**given)), GBIT).end_ps == 10**6 + 2 * PS_PER_S


@pytest.mark.parametrize(
    ("size", "first"),
    [
        ({"fixed": 100}, [100, 100, 100]),
        ({"increment": {"start": 64, "end": 66, "step": 2}}, [64, 66, 64]),
        ({"choice": "increment"}, [64, 65, 66]),
    ],
)
def test_sizes_follow_their_kind(size: dict[str, Any], first: list[int]) -> None:
    """Fixed, or in steps that begin anew."""
    sizes = sizes_of(read(Size, size), 1, "f")
    assert [sizes(n) for n in range(3)] == first


def test_random_sizes_and_mixes_follow_from_the_seed() -> None:
    """All sizes are in bounds; the mix has its shares."""
    random = read(Size, {"random": {"min": 64, "max": 70}})
    drawn = [[sizes_of(random, seed, "f")(n) for n in range(1)] for seed in (1, 1)]
    assert drawn[0] == drawn[1]
    sizes = sizes_of(random, 1, "f")
    assert {sizes(n) for n in range(200)} == set(range(64, 71))
    mix = read(Size, {"weight_pairs": {"predefined": "imix"}})
    sizes = sizes_of(mix, 1, "f")
    found = [sizes(n) for n in range(1200)]
    assert [round(found.count(size) / 100) for size in (64, 570, 1518)] == [7, 4, 1]
    assert bounds_of(mix) == (64, 1518)


def test_most_frames_a_second_are_those_of_the_shortest() -> None:
    """10 Gbit/s are 14.88 million frames of 64 octets."""
    given = read(TrafficFlow, flow(rate={"percentage": 100}, size={"fixed": 64}))
    assert round(most_pps(given, 10 * GBIT)) == 14_880_952


def test_current_rate_is_that_of_the_last_second() -> None:
    """Whole tenths of a second alone count; an old rate fades to zero."""
    rates = CurrentRates()
    for n in range(2000):
        rates.add(n * PS_PER_S // 1000, 100)
    assert rates.at(2 * PS_PER_S) == (1000, 100_000)
    assert rates.at(int(2.5 * PS_PER_S)) == (500, 50_000)
    assert rates.at(4 * PS_PER_S) == (0, 0)
