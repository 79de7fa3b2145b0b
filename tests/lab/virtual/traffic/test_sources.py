"""Traffic as frames in time: generators of UDP frames, and captures."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from support.planes import frame_of

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.frames import FrameBatch
from macsec.frames.unsent import Unsent
from macsec.lab import Blueprint
from macsec.lab.virtual.traffic.sources import MIX, captured, departures
from macsec.time_units import PS_PER_NS

PS_PER_US = 1000 * PS_PER_NS


def flow_of(**entry: Any) -> Any:
    """Return a flow from a1 to b1."""
    topology = {
        "sites": {"a": {"hosts": ["a1"]}, "b": {"hosts": ["b1"]}},
        "links": [{"between": ["a", "b"]}],
        "traffic": [{"from": "a1", "to": "b1", **entry}],
    }
    return Blueprint.of(load_topology(topology), seeded(1, "a test")).flows[0]


def sent(seed: int = 1, **entry: Any) -> list[Any]:
    """Return all frames of a generator, with their times."""
    return list(departures(flow_of(**entry), seed, lambda _: (), Unsent()))


def times(**entry: Any) -> list[int]:
    """Return their times in us, which are all whole here."""
    each = [departure.time_ps for departure in sent(**entry)]
    assert not any(time % PS_PER_US for time in each)
    return [time // PS_PER_US for time in each]


# ---------------------------------------------------------------- times


def test_constant_pps_spaces_frames_evenly_from_the_start():
    """`count` frames, the first at `start`."""
    assert times(pps=1000, count=3, start="5us") == [5, 1005, 2005]


def test_rounding_of_times_never_adds_up():
    """A third of a second is no whole number of ps; every third frame is on the second."""
    each = [departure.time_ps for departure in sent(pps=3, count=30_001)][::3]
    assert each == [second * 10**12 for second in range(10_001)]


def test_a_rate_counts_the_octets_of_frames_without_fcs():
    """500 octets at 4 Mbit/s take a ms."""
    assert times(rate="4mbit", size=500, count=4) == [0, 1000, 2000, 3000]


def test_a_frame_due_at_the_end_of_the_duration_is_not_sent():
    """Nor is one after `count` frames."""
    assert times(pps=1000, duration="3ms") == [0, 1000, 2000]
    assert times(pps=1000, duration="10ms", count=2) == [0, 1000]


def test_onoff_pauses_after_each_burst():
    """Two frames in a burst of 2 ms, then none for 3 ms."""
    each = times(pps=1000, model="onoff", burst="2ms", pause="3ms", count=5)
    assert each == [0, 1000, 5000, 6000, 10000]


def test_poisson_gaps_are_exponential_and_follow_the_seed():
    """Their mean and variance are right."""
    entry = {"pps": 1000, "model": "poisson", "count": 5000}
    first, other = (sent(seed, **entry) for seed in (1, 2))
    assert first == sent(1, **entry) != other
    gaps = [(b.time_ps - a.time_ps) / 1e9 for a, b in pairwise(first)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert mean == pytest.approx(1, rel=0.05)
    assert variance == pytest.approx(1, rel=0.15)


# ---------------------------------------------------------------- frames


def test_a_frame_is_valid_udp_with_its_number():
    """Ethernet, IPv4 with checksum, UDP, the number, then the payload repeated."""
    frames = [departure.frame for departure in sent(pps=1, count=2, size=100, payload="abc")]
    first, second = frames
    assert len(first) == 100
    assert first[:14] == bytes.fromhex("020000020001 020000010001 0800")
    assert struct.unpack(">H", first[16:18]) == (86,)
    assert first[26:34] == bytes((10, 0, 1, 1, 10, 0, 2, 1))
    words = struct.unpack(">10H", first[14:34])
    total = sum(words)
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF
    assert struct.unpack(">4H", first[34:42]) == (49152, 9, 66, 0)
    assert [frame[42:50] for frame in frames] == [bytes(8), bytes(7) + b"\x01"]
    assert first[50:] == (b"abc" * 17)[:50]
    assert first[50:] == second[50:]


def test_sizes_are_fixed_or_the_mix():
    """IMIX is 7:4:1, in an order of the seed."""
    assert {len(each.frame) for each in sent(pps=1, count=9, size=1514)} == {1514}
    mixed = [len(each.frame) for each in sent(pps=1000, count=3000, size="imix")]
    assert set(mixed) == set(MIX) == {60, 590, 1514}
    assert mixed.count(60) == pytest.approx(1750, abs=120)
    assert mixed.count(1514) == pytest.approx(250, abs=60)
    assert mixed != [len(each.frame) for each in sent(2, pps=1000, count=3000, size="imix")]


# ---------------------------------------------------------------- captures


def test_a_capture_keeps_its_times_and_sides():
    """From `start` on, no frame before the previous one; addresses decide the side."""
    there = frame_of(60)
    back = there[6:12] + there[:6] + there[12:]
    batches = [
        FrameBatch.from_frames([there, back], [10**18, 10**18 + 5]),
        FrameBatch.from_frames([there, back], [10**18 + 3, 10**18 + 9]),
    ]
    found = list(captured(batches, 100, Unsent()))
    assert [each.time_ps for each in found] == [100_000, 105_000, 105_000, 109_000]
    assert [each.side for each in found] == [0, 1, 0, 1]
    assert [each.frame for each in found] == [there, back, there, back]


def test_frames_that_cannot_be_sent_keep_their_numbers():
    """A cut frame and a runt are left out; the others keep their place in the capture."""
    whole = FrameBatch.from_frames([frame_of(60), bytes(12), frame_of(60), frame_of(2)], range(4))
    cut = np.array([1, 0, 0, 0])
    batch = FrameBatch(
        whole.arena, whole.start, whole.length, whole.time_ns, wire_length=whole.length + cut
    )
    unsent = Unsent()
    found = list(captured([batch, batch], 0, unsent))
    assert [each.number for each in found] == [3, 4, 7, 8]
    assert (unsent.cut, unsent.runts, unsent.frames) == (2, 2, 4)


def test_a_capture_is_opened_by_its_path():
    """The path is relative to the folder of the topology."""
    opened = []

    def read(path: str) -> list[FrameBatch]:
        opened.append(path)
        return [FrameBatch.from_frames([frame_of(60)], [7])]

    found = list(departures(flow_of(pcap="some/x.pcap", start="2us"), 1, read, Unsent()))
    assert opened == ["some/x.pcap"]
    assert [each.time_ps for each in found] == [2_000_000]
