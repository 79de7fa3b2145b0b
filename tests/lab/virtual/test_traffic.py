"""Traffic as departures in time: generators of UDP frames, and captures."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

import pytest
from support.planes import frame_of

from macsec.config import load_topology
from macsec.config.static_keys import seeded
from macsec.frames import FrameBatch
from macsec.lab import Blueprint
from macsec.lab.virtual.traffic import MIX, captured, departures
from macsec.time_units import PS_PER_US


def flow_of(**entry: Any) -> Any:
    """A flow from a1 to b1."""
    topology = {
        "sites": {"a": {"hosts": ["a1"]}, "b": {"hosts": ["b1"]}},
        "links": [{"between": ["a", "b"]}],
        "traffic": [{"from": "a1", "to": "b1", **entry}],
    }
    return Blueprint.of(load_topology(topology), seeded(1, "a test")).flows[0]


def sent(seed: int = 1, **entry: Any) -> list[Any]:
    """All departures of a generator."""
    return list(departures(flow_of(**entry), seed, lambda _: ()))


def times(**entry: Any) -> list[int]:
    """Their times in us, which all are whole here."""
    each = [departure.time_ps for departure in sent(**entry)]
    assert not any(time % PS_PER_US for time in each)
    return [time // PS_PER_US for time in each]


# ---------------------------------------------------------------- when


def test_a_constant_number_a_second():
    """From the start on, and as many as are counted."""
    assert times(pps=1000, count=3, start="5us") == [5, 1005, 2005]


def test_no_rounding_adds_up():
    """A third of a second is no whole number of ps; every third frame is on the second."""
    each = [departure.time_ps for departure in sent(pps=3, count=30_001)][::3]
    assert each == [second * 10**12 for second in range(10_001)]


def test_a_constant_rate():
    """Of frames without FCS: 500 octets at 4 Mbit/s take a ms."""
    assert times(rate="4mbit", size=500, count=4) == [0, 1000, 2000, 3000]


def test_a_duration():
    """What is due at its end is not sent."""
    assert times(pps=1000, duration="3ms") == [0, 1000, 2000]
    assert times(pps=1000, duration="10ms", count=2) == [0, 1000]


def test_on_and_off():
    """Two frames a burst of 2 ms, then nothing for 3 ms."""
    told = times(pps=1000, model="onoff", burst="2ms", pause="3ms", count=5)
    assert told == [0, 1000, 5000, 6000, 10000]


def test_poisson():
    """The mean is right, the spread that of an exponential, the seed decides."""
    entry = {"pps": 1000, "model": "poisson", "count": 5000}
    first, other = (sent(seed, **entry) for seed in (1, 2))
    assert first == sent(1, **entry) != other
    gaps = [(b.time_ps - a.time_ps) / 1e9 for a, b in pairwise(first)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert mean == pytest.approx(1, rel=0.05)
    assert variance == pytest.approx(1, rel=0.15)


# ---------------------------------------------------------------- what


def test_a_frame():
    """Ethernet, IPv4 with its checksum, UDP, the number, the payload again and again."""
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


def test_sizes():
    """One, or the mix 7:4:1; the seed decides the order."""
    assert {len(each.frame) for each in sent(pps=1, count=9, size=1514)} == {1514}
    mixed = [len(each.frame) for each in sent(pps=1000, count=3000, size="imix")]
    assert set(mixed) == set(MIX) == {60, 590, 1514}
    assert mixed.count(60) == pytest.approx(1750, abs=120)
    assert mixed.count(1514) == pytest.approx(250, abs=60)
    assert mixed != [len(each.frame) for each in sent(2, pps=1000, count=3000, size="imix")]


# ---------------------------------------------------------------- captures


def test_a_capture():
    """Its own times from the start on, none before its forerunner; the side by the addresses."""
    there = frame_of(60)
    back = there[6:12] + there[:6] + there[12:]
    batches = [
        FrameBatch.from_frames([there, back], [10**18, 10**18 + 5]),
        FrameBatch.from_frames([there, back], [10**18 + 3, 10**18 + 9]),
    ]
    told = list(captured(batches, 100))
    assert [each.time_ps for each in told] == [100_000, 105_000, 105_000, 109_000]
    assert [each.side for each in told] == [0, 1, 0, 1]
    assert [each.frame for each in told] == [there, back, there, back]


def test_a_capture_is_opened_by_its_path():
    """As the file names it, from the folder of the file."""
    opened = []

    def read(path: str) -> list[FrameBatch]:
        opened.append(path)
        return [FrameBatch.from_frames([frame_of(60)], [7])]

    told = list(departures(flow_of(pcap="some/x.pcap", start="2us"), 1, read))
    assert opened == ["some/x.pcap"]
    assert [each.time_ps for each in told] == [2_000_000]
