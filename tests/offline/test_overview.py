"""The summary of a capture: PNs that are missing, repeated and late, against a plain count."""

from __future__ import annotations

import random

import numpy as np
import pytest
from support.planes import SCI_A, frame_of

from macsec import FrameBatch, SecY
from macsec.frames.dissect import observe
from macsec.frames.sectag import TagRules
from macsec.offline import overview as overview_module
from macsec.offline.overview import ChannelKey, Overview, SeenChannel

KEY = "30313233343536373839303132333435"
RULES = TagRules()


def counted(pns: list[int]) -> tuple[int, int, int]:
    """Missing, repeated and late, by definition."""
    seen: set[int] = set()
    repeated = late = 0
    for pn in pns:
        repeated += pn in seen
        late += pn not in seen and bool(seen) and pn < max(seen)
        seen.add(pn)
    return max(seen) - min(seen) + 1 - len(seen), repeated, late


@pytest.mark.parametrize("seed", range(30))
def test_missing_repeated_and_late_are_exact(seed):
    """For any order, in batches of any size."""
    rng = random.Random(seed)
    pns = [rng.randrange(1, 60) for _ in range(rng.randrange(1, 50))]
    if seed % 3 == 0:
        pns.sort()
    channel = SeenChannel()
    at = 0
    while at < len(pns):
        size = rng.randrange(1, 9)
        channel.add(np.array(pns[at : at + size], np.int64))
        at += size
    assert (channel.missing, channel.repeated, channel.late) == counted(pns)
    assert (channel.frames, channel.first_pn) == (len(pns), pns[0])
    assert (channel.lowest_pn, channel.highest_pn) == (min(pns), max(pns))


def test_pns_of_xpn_go_on_behind_the_field():
    """The 32 bits of the tag wrap."""
    channel = SeenChannel(xpn=True)
    channel.add(np.array([2**32 - 2, 2**32 - 1], np.int64))
    channel.add(np.array([0, 2], np.int64))
    assert (channel.highest_pn, channel.missing, channel.repeated) == (2**32 + 2, 1, 0)


def test_gaps_are_bounded(monkeypatch):
    """A flood of gaps costs no memory; forgotten ones are missing still."""
    monkeypatch.setattr(overview_module, "GAPS_MOST", 4)
    channel = SeenChannel()
    channel.add(np.arange(1, 101, 2))
    assert channel.missing == 49
    assert len(channel._gaps) == 4


def test_every_frame_is_counted_where_the_dissector_sees_it():
    """SCIs in tags and implied ones, VLAN tags, faults, other EtherTypes, and short frames."""
    sent = []
    for number, tag in (
        (1, {}),
        (2, {"send_sci": "off", "end_station": "on"}),
        (3, {"send_sci": "off"}),
    ):
        config = {"secy": tag, "tx": {"sci": SCI_A, "sa": {0: {"key": KEY, "pn": number}}}}
        with SecY.from_config(config) as secy:
            frames = [frame_of(64), frame_of(20), frame_of(900)]
            sent += [octets for each in frames if (octets := secy.protect_frame(each))]
    spoiled = bytearray(sent[0])
    spoiled[14] |= 0x80
    tagged = sent[1][:12] + b"\x81\x00\x00\x05" + sent[1][12:]
    frames = [*sent, bytes(spoiled), tagged, frame_of(50), b"\x00" * 13, b"", sent[0][:20]]
    overview = Overview(RULES)
    overview.add(FrameBatch.from_frames(frames))
    overview.add(FrameBatch.from_frames([]))
    sights = [observe(frame, RULES) for frame in frames]
    wanted: dict[ChannelKey, int] = {}
    for sight in sights:
        if sight.tag is not None:
            source = sight.source if sight.sci is None else None
            key = ChannelKey(sight.sci, source, sight.tag.an)
            wanted[key] = wanted.get(key, 0) + 1
    assert {key: channel.frames for key, channel in overview.channels.items()} == wanted
    assert overview.macsec == sum(sight.is_macsec for sight in sights)
    assert overview.faults.total() == sum(sight.fault is not None for sight in sights)
    assert overview.frames == overview.macsec + overview.others.total() == len(frames)
    assert overview.octets == sum(map(len, frames))


def test_span_is_from_the_earliest_frame_to_the_latest():
    """Frames need no order, and records without octets, a tail of zeros, have no time."""
    overview = Overview(RULES)
    for times in ([5, 9], [2, 7], [0]):
        octets = [b"" if time == 0 else frame_of(50) for time in times]
        overview.add(FrameBatch.from_frames(octets, time_ns=times))
    assert overview.span_ns == 7
    assert Overview(RULES).span_ns == 0
