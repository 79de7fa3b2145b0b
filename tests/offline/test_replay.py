"""Replay of a capture across an emulated link."""

from __future__ import annotations

from dataclasses import replace
from hashlib import shake_256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planes import frame_of

from macsec import FrameBatch
from macsec.offline.replay import LinkConfigs, Replay
from macsec.suites import SUITES


def draw(purpose, octets):
    """Return octets for a purpose."""
    return shake_256(purpose.encode()).digest(octets)


@pytest.mark.parametrize("cipher", list(SUITES))
def test_both_stations_share_a_sak_and_have_their_own_sci(plane, cipher):
    """Under XPN they have two SSCIs: the greater SCI has 1."""
    link = LinkConfigs(cipher, draw)
    a, b = link.station(0), link.station(1)
    assert a["tx"] == b["rx"][0]
    assert a["tx"]["sci"] < b["tx"]["sci"]
    if SUITES[cipher].xpn:
        assert (a["tx"]["sa"][0]["ssci"], b["tx"]["sa"][0]["ssci"]) == (2, 1)
    with Replay(link, plane.backend, plane.kernel) as replay:
        replay.compare(replay.carry(FrameBatch.from_frames([frame_of(40)])))
        assert replay.score.perfect


ADDRESS = st.sampled_from([bytes([2, 0, 0, 0, 0, n]) for n in range(4)] + [b"\xff" * 6])
FRAMES = st.builds(
    lambda to, source, body: to + source + body,
    ADDRESS,
    ADDRESS,
    st.binary(min_size=1, max_size=90),
)


@given(st.lists(FRAMES, max_size=30), st.integers(0, 30), st.sampled_from(list(SUITES)))
def test_generated_frames_cross_equal(frames, at, cipher):
    """Any frames, in any batches, arrive unchanged and stay in order on the wire."""
    if frames[0:1] and len(frames[0]) < 14:
        frames = frames[1:]
    frames = [frame for frame in frames if len(frame) >= 13]
    with Replay(LinkConfigs(cipher, draw), "auto") as replay:
        lengths = []
        for part in (frames[:at], frames[at:]):
            received = replay.carry(FrameBatch.from_frames(part, range(len(part))))
            wire = received.on_wire()
            assert wire.time_ns.tolist() == list(range(len(part)))
            lengths += wire.length.tolist()
            replay.compare(received)
        score = replay.score
        assert score.perfect
        assert (score.frames, score.octets) == (len(frames), sum(map(len, frames)))
        assert lengths == [len(frame) + 32 for frame in frames]
        assert score.overhead == 32 * len(frames)


def test_frame_that_is_not_sent_is_not_on_the_wire(plane):
    """The others keep their order, their times and their rows of the capture."""
    with Replay(LinkConfigs("gcm-aes-128", draw), plane.backend, plane.kernel) as replay:
        sent = replay.carry(
            FrameBatch.from_frames([frame_of(40), frame_of(40)[:10], frame_of(50)], [5, 6, 7])
        )
        wire = sent.on_wire()
        assert sent.rows().tolist() == [0, 2]
        assert wire.time_ns.tolist() == [5, 7]
        assert wire.length.tolist() == [len(frame_of(40)) + 32, len(frame_of(50)) + 32]


def test_changed_frame_is_not_counted_as_equal(plane):
    """It is counted as delivered."""
    with Replay(LinkConfigs("gcm-aes-128", draw), plane.backend, plane.kernel) as replay:
        received = replay.carry(FrameBatch.from_frames([frame_of(40), frame_of(50)]))
        other = FrameBatch.from_frames([frame_of(40), frame_of(50, fill=1)])
        replay.compare(replace(received, clear=other))
        assert (replay.score.delivered, replay.score.equal) == (2, 1)
        assert not replay.score.perfect


def test_counters_of_a_direction_are_of_its_sender_and_receiver(plane):
    """Out counters come from one station, In counters from the other."""
    with Replay(LinkConfigs("gcm-aes-128", draw), plane.backend, plane.kernel) as replay:
        there = frame_of(40)
        back = there[6:12] + there[:6] + there[12:]
        replay.carry(FrameBatch.from_frames([there, back, there]))
        ways = [replay.counters(side) for side in (0, 1)]
    assert [way["OutPktsEncrypted"] for way in ways] == [2, 1]
    assert [way["InPktsOK"] for way in ways] == [2, 1]
