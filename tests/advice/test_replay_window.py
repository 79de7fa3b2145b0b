"""The least window that loses no frame, against what a SecY does with that window."""

from __future__ import annotations

from random import Random

import pytest
from support.planes import SCI_A, frame_of

from macsec import SecY
from macsec.advice.replay_window import REACH, ChannelOrder, Reordering, advised, steps
from macsec.frames import FrameBatch
from macsec.terms import ETHERTYPE_MACSEC

KEY = bytes(range(16))


def order_of(pns: list[int], an: int = 0) -> ChannelOrder:
    """Return the order of an SC whose PNs arrive so, a millisecond apart."""
    channel = ChannelOrder(1)
    for at, pn in enumerate(pns):
        channel.hear(an, pn % (1 << 32), at * 1_000_000)
    return channel


def late_with(window: int, frames: list[bytes]) -> int:
    """Return the frames that a SecY with this window refuses as late."""
    secy = {"window": str(window)}
    rx = [{"sci": SCI_A, "sa": {"0": {"key": KEY.hex()}}}]
    with SecY.from_config({"secy": secy, "rx": rx}) as receiver:
        outcome = receiver.validate(FrameBatch.from_frames(frames))
        return [each.label for each in outcome.verdict].count("late")


@pytest.mark.parametrize("seed", range(4))
def test_window_is_the_least_under_which_a_secy_drops_nothing(seed: int) -> None:
    """With the window that is found no frame is late, with one less some are."""
    random = Random(seed)
    tx = {"sci": SCI_A, "sa": {"0": {"key": KEY.hex()}}}
    with SecY.from_config({"tx": tx}) as sender:
        frames = [sender.protect_frame(frame_of(60)) or b"" for _ in range(200)]
    held = [at + random.random() * 20 * (at % 3 == 0) for at in range(200)]
    arriving = [frames[at] for at in sorted(range(200), key=held.__getitem__)]
    reordering = Reordering(ETHERTYPE_MACSEC)
    reordering.hear(FrameBatch.from_frames(arriving[:77]))
    reordering.hear(FrameBatch.from_frames(arriving[77:]))
    (channel,) = reordering.channels.values()
    window = reordering.window
    assert window > 1
    assert late_with(window, arriving) == 0
    for less in (0, window // 2, window - 1):
        assert late_with(less, arriving) == channel.lost_with(less) > 0


def test_frames_in_order_need_no_window() -> None:
    """Loss alone needs none, and no reach makes a gap a reordering."""
    channel = order_of([1, 2, 3, 9, 10, 5000])
    assert (channel.late, channel.window, advised(channel.window)) == (0, 0, 0)


def test_distance_counts_from_the_highest_pn() -> None:
    """PNs 2, 75, 50, 3: 50 is 25 behind and needs 26."""
    channel = order_of([2, 75, 50, 3])
    assert sorted(channel.behind.items()) == [(25, 1), (72, 1)]
    assert (channel.lost_with(26), channel.lost_with(25), channel.window) == (1, 2, 73)
    assert advised(channel.window) == 128
    assert dict(steps(channel))[64] == 1


def test_repeated_pn_asks_for_no_window() -> None:
    """A copy is no reordering, whether of the highest or of an older PN."""
    channel = order_of([1, 2, 3, 3, 2, 1])
    assert (channel.repeated, channel.late) == (3, 0)


def test_extended_pns_pass_the_end_of_32_bits() -> None:
    """A wrap of the 32 bits that frames carry is a step like any other."""
    start = (1 << 32) - 3
    channel = order_of([start + step for step in (0, 1, 4, 3, 2, 5)])
    assert (channel.window, channel.apart) == (3, 0)


def test_pn_far_off_is_no_reordering() -> None:
    """PNs that go on elsewhere are another SAK under the AN: the order begins anew there."""
    channel = order_of([5_000_000, 5_000_001, 1, 2, 4, 3])
    assert (channel.apart, channel.window) == (2, 2)
    assert order_of([10, 10 + REACH, 10 + 3 * (1 << 30), 11 + REACH]).apart == 1


def test_sa_that_returns_with_low_pns_has_another_sak() -> None:
    """A second life of an AN begins at its own lowest PN."""
    channel = ChannelOrder(1)
    for an, pns in ((0, range(100_000, 100_010)), (1, range(1, 9)), (0, (1, 2, 4, 3))):
        for pn in pns:
            channel.hear(an, pn, 0)
    assert (channel.window, channel.apart, channel.rate) == (2, 0, 0.0)


def test_late_frame_of_the_old_sak_counts_with_its_own_sa() -> None:
    """Frames of the old SA after the first of the new one are in order."""
    channel = ChannelOrder(1)
    for an, pn in ((0, 7), (0, 8), (1, 1), (0, 9), (1, 2), (0, 10)):
        channel.hear(an, pn, 0)
    assert (channel.late, channel.repeated, channel.apart) == (0, 0, 0)


def test_replayable_time_is_the_window_at_the_rate() -> None:
    """At 1,000 frames a second a window of 64 is open for 64 ms."""
    assert order_of([*range(1, 101)]).exposure_s(64) == pytest.approx(0.064)


def test_frames_without_a_sectag_do_not_count() -> None:
    """Clear frames, short ones and frames of the KaY are passed over; tags are skipped."""
    sectag = bytes.fromhex("88e52c0000000007") + bytes(8)
    behind_tags = bytes(12) + bytes.fromhex("8100000788a80009") + sectag + bytes(40)
    frames = [bytes(60), bytes(13), bytes(12) + bytes.fromhex("88e5280000000007"), behind_tags]
    reordering = Reordering(ETHERTYPE_MACSEC)
    reordering.hear(FrameBatch.from_frames(frames))
    assert reordering.frames == 4
    assert [each.frames for each in reordering.channels.values()] == [1]
