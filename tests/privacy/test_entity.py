"""The PrY: frames in, MPPDUs out, and the same frames again; loss and reordering lose no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec.errors import ConfigError
from macsec.privacy import ChannelSettings, PrivacyType, PrY, PrYSettings

OWN, PEER = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b")
GROUP = bytes.fromhex("0180c2000003")
EXPRESS, PREEMPTABLE = PrivacyType.EXPRESS, PrivacyType.PREEMPTABLE
FRAMES = st.lists(st.integers(14, 700), min_size=1, max_size=12)


def frames_of(lengths: list[int], priority: int | None = None) -> list[bytes]:
    """Return frames that all differ."""
    tag = b"" if priority is None else bytes.fromhex("8100") + (priority << 13).to_bytes(2)
    return [
        (bytes([at + 1]) * 12 + tag + bytes((at + k) % 251 for k in range(length)))[:length]
        for at, length in enumerate(lengths)
    ]


def sender(**given: Any) -> PrY:
    """Return a PrY that sends."""
    return PrY(PrYSettings(pry_address=PEER, **given))


def channel(size: int = 128, rate: int = 1000, **given: Any) -> ChannelSettings:
    """Return the settings of a channel of small MPPDUs."""
    return ChannelSettings(requested_kbit_rate=rate, user_data_frame_size=size, **given)


def receiver(**given: Any) -> PrY:
    """Return a PrY that receives."""
    return PrY(PrYSettings(pry_address=OWN, **given))


def carried(pry: PrY, frames: list[bytes]) -> list[bytes]:
    """Return the MPPDUs of all channels for frames that come at once."""
    pry.start(0)
    assert [pry.send(0, frame) for frame in frames] == [None] * len(frames)
    return [sent.octets for sent in pry.rest()]


@given(FRAMES, st.sampled_from([1, 16, 32, 64]), st.integers(0, 800))
def test_privacy_frames_carry_each_frame_padded(lengths, padding, least):
    """One MPPDU a frame, its size 4 octets and a multiple of the padding, or the least size."""
    frames, pry, other = frames_of(lengths), sender(frame_padding=padding, least=least), receiver()
    sent = [pry.send(0, frame).octets for frame in frames]
    assert [other.receive(octets) for octets in sent] == [[frame] for frame in frames]
    for frame, octets in zip(frames, sent, strict=True):
        filled = len(octets) - 12 - 4
        assert filled % padding == 0 <= filled - max(len(frame), least - 4) < padding
        assert octets[:12] == GROUP + PEER
    assert pry.frames.out_pf_pad_octets == sum(map(len, sent)) - sum(lengths)


@given(FRAMES, st.integers(128, 400), st.booleans())
def test_channel_carries_every_frame_in_order(lengths, size, both_kinds):
    """Frames that fit go whole, others in fragments; every MPPDU is as long."""
    channels = {EXPRESS: channel(size)}
    if both_kinds:
        channels[PREEMPTABLE] = channel(size + 50)
    frames = frames_of(lengths)
    pry = sender(channels=channels, selection=(EXPRESS,) * 8)
    other = receiver()
    mppdus = carried(pry, frames)
    assert [frame for octets in mppdus for frame in other.receive(octets)] == frames
    sizes = {channels[kind].mppdu_size + 12 for kind in channels}
    assert {len(octets) for octets in mppdus} <= sizes
    sent, got = pry.channels[EXPRESS].counters, other.received
    assert got.in_user_octets == sent.out_ch_user_octets == sum(lengths)
    assert got.in_encapsulated_frames == sent.out_encapsulated_frames
    assert got.in_user_express_fragments == sent.out_express_fragments
    assert got.in_express_discard_fragments == got.in_errored_mppdus == 0
    assert got.in_pad_octets + got.in_user_octets == sum(map(len, mppdus))


@given(FRAMES, st.data())
def test_loss_and_reordering_deliver_only_frames_that_were_sent(lengths, data):
    """No frame is ever made of parts of two; frames whose MPPDUs all came in order arrive."""
    frames = frames_of(lengths)
    pry, other = sender(channels={EXPRESS: channel()}, selection=(EXPRESS,) * 8), receiver()
    mppdus = carried(pry, frames)
    kept = data.draw(st.lists(st.sampled_from(range(len(mppdus))), unique=True))
    arrived = [frame for at in kept for frame in other.receive(mppdus[at])]
    assert set(arrived) <= set(frames)
    assert len(set(arrived)) == len(arrived)
    if kept == sorted(kept):
        assert arrived == [frame for frame in frames if frame in arrived]
        lost = set(range(len(mppdus))) - set(kept)
        assert len(frames) - len(arrived) <= sum(_touched(mppdus[at]) for at in lost)
    else:
        assert len(arrived) <= len(frames)


def _touched(mppdu: bytes) -> int:
    """Return the number of frames of which an MPPDU has at least a part."""
    from macsec.privacy.mppdu import EncapsulatedFrame, Fragment, components

    parts = components(mppdu[14:])
    return sum(isinstance(part, EncapsulatedFrame | Fragment) for part in parts)


def test_a_lost_fragment_is_one_discard_and_the_next_frame_arrives():
    """The counter counts discard events: the partial frame, then the rest of it."""
    frames = frames_of([400, 60])
    pry, other = sender(channels={EXPRESS: channel()}, selection=(EXPRESS,) * 8), receiver()
    mppdus = carried(pry, frames)
    arrived = [frame for octets in mppdus[:1] + mppdus[2:] for frame in other.receive(octets)]
    assert arrived == [frames[1]]
    assert other.received.in_user_express_fragments == 3
    assert other.received.in_express_discard_fragments == 2
    assert other.received.in_user_frames == 1


@given(st.lists(FRAMES, min_size=2, max_size=4), st.randoms())
def test_peers_that_interleave_are_kept_apart(loads, random):
    """Fragments of several peers to one receiver, in any mixture, each in its order."""
    other = receiver()
    queues = []
    for number, lengths in enumerate(loads):
        given_address = bytes([2, 0, 0, 0, 1, number])
        settings = PrYSettings(
            pry_address=given_address, channels={EXPRESS: channel()}, selection=(EXPRESS,) * 8
        )
        queues.append((carried(PrY(settings), frames_of(lengths)), frames_of(lengths)))
    wanted = [frame for _, frames in queues for frame in frames]
    arrived = []
    waiting = [list(mppdus) for mppdus, _ in queues]
    while any(waiting):
        chosen = random.choice([each for each in waiting if each])
        arrived += other.receive(chosen.pop(0))
    assert sorted(arrived) == sorted(wanted)


def test_unknown_peers_and_too_many_peers_are_discarded():
    """Fragments of a peer that is not named, or past max-peers; whole frames still arrive."""
    frames = frames_of([300, 40])
    mppdus = carried(sender(channels={EXPRESS: channel()}, selection=(EXPRESS,) * 8), frames)
    for given_peers in ({"peers": frozenset({OWN})}, {"max_peers": 1}):
        other = receiver(**given_peers)
        stranger = mppdus[0][:6] + bytes.fromhex("020000000099") + mppdus[0][12:]
        if "max_peers" in given_peers:
            other.receive(stranger)
        assert [frame for octets in mppdus for frame in other.receive(octets)] == [frames[1]]
        assert other.received.in_express_discard_fragments == 3
        assert other.received.in_user_express_fragments == 3 + ("max_peers" in given_peers)


def test_both_channels_have_fragments_of_their_kind():
    """Priorities choose the channel; preemptable fragments are reassembled beside express ones."""
    low, high = frames_of([300, 250], 1), frames_of([310], 6)
    selection = (PREEMPTABLE,) * 4 + (EXPRESS,) * 4
    pry = sender(channels={EXPRESS: channel(), PREEMPTABLE: channel()}, selection=selection)
    other = receiver()
    arrived = [frame for octets in carried(pry, low + high) for frame in other.receive(octets)]
    assert sorted(arrived) == sorted(low + high)
    assert other.received.in_user_preemptable_fragments == 6
    assert other.received.in_user_express_fragments == 3
    assert pry.channels[PREEMPTABLE].counters.out_preempt_fragments == 6


def test_one_channel_alone_has_express_fragments_and_takes_all():
    """With one channel, its fragments are express, and frames of the other come there (20.8)."""
    selection = (PREEMPTABLE,) * 4 + (EXPRESS,) * 4
    pry = sender(channels={PREEMPTABLE: channel()}, selection=selection)
    other = receiver()
    frames = frames_of([300], 1) + frames_of([300], 6)
    assert [frame for m in carried(pry, frames) for frame in other.receive(m)] == frames
    assert other.received.in_user_preemptable_fragments == 0
    without = sender(selection=selection).send(5, frames[0])
    assert other.receive(without.octets) == [frames[0]]


def test_departures_have_no_error_that_adds_up():
    """The time of MPPDU n is that of n intervals, to the nanosecond below."""
    pry = sender(channels={EXPRESS: channel(200, 999)}, selection=(EXPRESS,) * 8)
    settings = pry.channels[EXPRESS].settings
    assert settings.mppdu_bits_on_wire == 8 * (8 + 12 + 16 + 16 + 4 + 12 + 200)
    pry.start(1000)
    times = [sent.time_ns for sent in pry.due(1000 + 10**9)]
    exact = settings.mppdu_bits_on_wire * 10**9 / 999_000
    assert all(0 <= 1000 + at * exact - time < 1 for at, time in enumerate(times))
    assert len(times) == -(-999_000 // settings.mppdu_bits_on_wire)


def test_none_passes_and_frames_that_do_not_fit_are_refused():
    """Frames without privacy leave as they are; a long one without fragments is refused."""
    pry = sender(channels={EXPRESS: channel(fragment_enable=False)}, selection=(EXPRESS,) * 8)
    assert pry.send(0, frames_of([125])[0]) is None
    assert (pry.refused, len(pry.channels[EXPRESS])) == (1, 0)
    (frame,) = frames_of([124])
    assert [frame] == [f for m in carried(pry, [frame]) for f in receiver().receive(m)]
    plain, other = sender(selection=(PrivacyType.NONE,) * 8), receiver()
    assert other.receive(plain.send(0, frame).octets) == [frame]
    assert (plain.frames.out_unprotected_frames, plain.frames.out_unprotected_octets) == (1, 124)
    assert other.received.in_user_unprotected_octets == 124
    assert sender().send(0, bytes(13)) is None


def test_mppdus_of_others_pass_as_they_are():
    """Another address or another EtherType is no MPPDU of ours (20.11)."""
    (frame,) = frames_of([60])
    sent = sender().send(0, frame).octets
    assert receiver(ethertype=0x88B6).receive(sent) == [sent]
    elsewhere = bytes.fromhex("0180c2000000") + sent[6:]
    assert receiver().receive(elsewhere) == [elsewhere]
    assert receiver().receive(OWN + sent[6:]) == [frame]


@given(st.binary(max_size=120))
def test_any_frame_is_received_without_an_exception(octets):
    """Octets behind the front of an MPPDU, and frames of any kind."""
    other = receiver()
    other.receive(octets)
    front = GROUP + PEER + bytes.fromhex("88b5")
    found = other.receive(front + octets)
    assert sum(map(len, found)) <= len(octets)
    assert other.received.in_mppdus == 1 + (
        octets[:6] in (OWN, GROUP) and octets[12:14] == b"\x88\xb5"
    )
    assert other.received.in_errored_mppdus <= 2


def test_a_reassembled_frame_has_at_most_mtu_and_22_octets():
    """The limit counts the FCS, which a fragment does not have."""
    frames = frames_of([518, 519])
    pry = sender(channels={EXPRESS: channel()}, selection=(EXPRESS,) * 8)
    other = receiver(if_mtu=500)
    assert [f for m in carried(pry, frames) for f in other.receive(m)] == [frames[0]]
    assert other.received.in_express_discard_fragments >= 1


@pytest.mark.parametrize(
    "given_settings, words",
    [
        ({"frame_padding": 8}, "frame-padding 8"),
        ({"selection": ()}, "privacy-selection"),
        ({"max_peers": 0}, "max-peers 0"),
        ({"channels": {PrivacyType.NONE: channel()}}, "channel"),
    ],
)
def test_settings_that_cannot_be_are_refused(given_settings, words):
    """The error names the setting."""
    with pytest.raises(ConfigError, match=words):
        replace(PrYSettings(pry_address=OWN), **given_settings)


def test_settings_of_a_channel_have_the_ranges_of_the_module():
    """user-data-frame-size is 128 to 32768 octets, the rate at least 1."""
    with pytest.raises(ConfigError, match="user-data-frame-size 127"):
        channel(127)
    with pytest.raises(ConfigError, match="requested-kbit-rate 0"):
        channel(rate=0)
    assert channel(32768).mppdu_size == 32768
