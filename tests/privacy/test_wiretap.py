"""A wiretap behind MACsec: a privacy channel looks the same for every load."""

from __future__ import annotations

import random

import pytest
from support.planes import Plane, add_rx, add_tx

from macsec import FrameBatch
from macsec.privacy import ChannelSettings, Observation, PrivacyType, PrY, PrYSettings
from macsec.wire import Engine, Link

OWN = bytes.fromhex("02000000000a")
RATE = 50_000
END = 40_000_000


def load(seed: int, packets: int, least: int, most: int) -> list[tuple[int, bytes]]:
    """Return frames of random sizes at random times, between stations of many addresses."""
    draw = random.Random(seed)
    times = sorted(draw.randrange(END // 2) for _ in range(packets))
    return [(time, draw.randbytes(draw.randint(least, most))) for time in times]


LOADS = {
    "nothing": [],
    "few small": load(1, 12, 60, 90),
    "many large": load(2, 60, 800, 2600),
}


def privately(frames, plane: Plane, **channel):
    """Send over a wire under a channel and MACsec; return what a tap saw, and what arrived."""
    settings = ChannelSettings(requested_kbit_rate=RATE, **channel)
    pry = PrY(
        PrYSettings(
            pry_address=OWN,
            channels={PrivacyType.EXPRESS: settings},
            selection=(PrivacyType.EXPRESS,) * 8,
        )
    )
    other = PrY(PrYSettings(pry_address=bytes.fromhex("02000000000b")))
    secys = add_tx(plane.secy()), add_rx(plane.secy())
    engine = Engine()
    link = Link(engine, "wire")
    seen, arrived = [], []

    class Tap:
        def on_frame(self, time_ns, direction, frame):
            seen.append((time_ns, frame))
            return frame

    def received(frame):
        _, clear = secys[1].validate_frame(frame)
        arrived.extend(other.receive(clear))

    link.taps.append(Tap())
    link.b.receiver = received
    pry.start(0)
    todo = iter([*frames, (END, None)])
    for time, frame in todo:
        for sent in pry.due(time):
            engine.run(until_ns=sent.time_ns)
            link.a.send(secys[0].protect_frame(sent.octets))
        if frame is not None:
            pry.send(time, frame)
    engine.run()
    observation = Observation()
    observation.add(FrameBatch.from_frames([f for _, f in seen], [t for t, _ in seen]))
    return observation, arrived


@pytest.mark.parametrize("name", ["few small", "many large"])
def test_a_tap_sees_one_size_and_one_gap_for_every_load(every_plane, name):
    """Sizes, gaps and addresses are those of a channel that carries nothing at all."""
    idle, nothing = privately(LOADS["nothing"], every_plane)
    busy, arrived = privately(LOADS[name], every_plane)
    assert nothing == []
    assert arrived == [frame for _, frame in LOADS[name]]
    assert busy.constant
    assert (busy.sizes, busy.gaps, busy.addresses) == (idle.sizes, idle.gaps, idle.addresses)
    assert busy.frames == idle.frames > 100


def test_small_mppdus_hide_large_frames_alike(plane):
    """With MPPDUs of 260 octets all frames of the load go in fragments, and nothing shows it."""
    idle, _ = privately([], plane, user_data_frame_size=256)
    busy, arrived = privately(LOADS["few small"], plane, user_data_frame_size=256)
    assert arrived == [frame for _, frame in LOADS["few small"]]
    assert (busy.sizes, busy.gaps) == (idle.sizes, idle.gaps)


def test_observation_sees_what_varies():
    """A size, a gap or an address that varies is not constant: the observer is not blind."""
    same = [bytes(60)] * 3
    for frames, times in (
        ([*same, bytes(61)], [0, 10, 20, 30]),
        ([*same, b"\x01" * 60], [0, 10, 20, 30]),
        ([*same, bytes(60)], [0, 10, 20, 32]),
    ):
        seen = Observation()
        for row in range(4):
            seen.add(FrameBatch.from_frames(frames[row : row + 1], times[row : row + 1]))
        assert not seen.constant
        assert sum(seen.gaps.values()) == 3
