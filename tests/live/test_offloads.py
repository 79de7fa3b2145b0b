"""Large segments cut into frames, and frames joined into large segments, beside a Python twin."""

from __future__ import annotations

import random
from typing import Any

import pytest
from support.real.packets import (
    ACK,
    CWR,
    ECE,
    FIN,
    IPV4,
    IPV6,
    NEEDS_CHECKSUM,
    PSH,
    TCP,
    TIMESTAMPS,
    UDP,
    Packet,
    cut,
    ones_sum,
)

native = pytest.importorskip("macsec._native", reason="the native data plane is not built")
if not hasattr(native.lib, "macsec_cut_whole"):
    pytest.skip("the pump is for Linux", allow_module_level=True)

ffi, lib = native.ffi, native.lib
ROWS = 4096
KINDS = [(version, protocol) for version in (IPV4, IPV6) for protocol in (TCP, UDP)]
TAG, SERVICE_TAG = bytes.fromhex("81000064"), bytes.fromhex("88a80005")


def octets_of(length: int, seed: int = 1) -> bytes:
    """Return octets that no two segments have alike."""
    return random.Random(seed).randbytes(length)


def cut_in_c(offload: dict[str, int], frame: bytes) -> list[bytes]:
    """Return the frames that the pump would protect."""
    room = len(frame) * 60 + 4096
    to, lengths = ffi.new("uint8_t[]", room), ffi.new("int64_t[]", ROWS)
    given = ffi.new("macsec_offload *", offload)
    count = lib.macsec_cut_whole(given, frame, len(frame), to, room, lengths, ROWS)
    assert count >= 0
    ends = [sum(lengths[0:at]) for at in range(count + 1)]
    return [bytes(ffi.buffer(to + ends[at], lengths[at])) for at in range(count)]


def joined(frames: list[bytes], datagrams: bool = True) -> tuple[int, dict[str, int], bytes]:
    """Return how many of the first frames were joined, the offload header and the frame."""
    arena = b"".join(frames)
    starts = [sum(map(len, frames[:at])) for at in range(len(frames))]
    to, octets = ffi.new("uint8_t[]", len(arena) + 16), ffi.new("int64_t *")
    offload = ffi.new("macsec_offload *")
    count = lib.macsec_coalesce_whole(
        arena, starts, list(map(len, frames)), len(frames), datagrams, offload, to, octets
    )
    names = [name for name, _ in ffi.typeof("macsec_offload").fields]
    return count, {name: getattr(offload, name) for name in names}, bytes(ffi.buffer(to, octets[0]))


def series(packet: Packet, count: int, size: int = 100) -> list[Packet]:
    """Return packets that follow each other."""
    return [
        packet.with_(
            payload=octets_of(size, at), seq=packet.seq + at * size, ident=packet.ident + at
        )
        for at in range(count)
    ]


# ---------------------------------------------------------------- cut


@pytest.mark.parametrize(("version", "protocol"), KINDS)
@pytest.mark.parametrize("tags", [b"", TAG, SERVICE_TAG + TAG])
@pytest.mark.parametrize("length", [1, 99, 100, 101, 1000, 1001, 20_000])
def test_a_large_segment_is_cut_as_the_kernel_would(version, protocol, tags, length):
    """Sequence numbers, identifications, lengths and checksums of each frame."""
    packet = Packet(octets_of(length), version=version, protocol=protocol, tags=tags)
    found = cut_in_c(packet.offload(100), packet.large)
    assert found == cut(packet, 100)
    assert len(found) == -(-length // 100)


@pytest.mark.parametrize(
    "changes",
    [
        {"flags": ACK | PSH | FIN},
        {"flags": ACK | CWR | ECE},
        {"flags": ACK | CWR | PSH},
        {"seq": (1 << 32) - 150},
        {"ident": 0xFFFF},
        {"options": b""},
        {"options": TIMESTAMPS * 3 + b"\x01\x01\x01\x00"},
        {"tos": 0x2E << 2 | 1},
        {"dont_fragment": False, "ttl": 1},
        {"ip_options": bytes.fromhex("94040000")},
        {"version": IPV6, "extension": bytes.fromhex("0600010400000000")},
    ],
    ids=str,
)
def test_fields_of_a_large_segment_are_kept_or_counted_on(changes):
    """PSH and FIN only in the last, CWR only in the first; numbers wrap around."""
    packet = Packet(octets_of(450), **changes)
    assert cut_in_c(packet.offload(100), packet.large) == cut(packet, 100)


def test_every_pair_of_payload_and_size_is_cut_without_loss():
    """Payloads together are the payload."""
    for length in range(1, 40):
        packet = Packet(octets_of(length), options=b"")
        for size in range(1, 42):
            found = cut_in_c(packet.offload(size), packet.large)
            assert b"".join(frame[packet.head :] for frame in found) == packet.payload


@pytest.mark.parametrize("protocol", [TCP, UDP])
@pytest.mark.parametrize("length", [0, 1, 2, 31, 32, 33, 1448, 1449])
def test_a_missing_checksum_is_set(protocol, length):
    """Of a frame that is not large: as the kernel's own routine does it."""
    packet = Packet(octets_of(length), protocol=protocol)
    offload = packet.offload(0, type=0)
    assert cut_in_c(offload, packet.large) == [packet.frame]


def test_a_checksum_of_zero_is_sent_as_ones():
    """0 means for UDP that there is none."""
    packet = Packet(b"\0\0", protocol=UDP)
    rest = 0xFFFF ^ ones_sum(packet.pseudo + packet.frame[packet.transport :][:6])
    packet = packet.with_(payload=rest.to_bytes(2))
    (found,) = cut_in_c(packet.offload(0, type=0), packet.large)
    assert found[packet.transport + 6 :][:2] == b"\xff\xff"
    assert found == packet.frame


def test_a_frame_without_offloads_passes_as_it_is():
    """Any octets."""
    for frame in (b"\0", octets_of(60), Packet(octets_of(90)).frame):
        assert cut_in_c(Packet(b"").offload(0, type=0, flags=0), frame) == [frame]


WHOLE = Packet(octets_of(450))


@pytest.mark.parametrize(
    ("offload", "frame"),
    [
        (WHOLE.offload(0), WHOLE.large),
        (Packet(b"").offload(100), Packet(b"").large),
        (WHOLE.offload(100, type=3), WHOLE.large),
        (WHOLE.offload(100, type=4), WHOLE.large),
        (WHOLE.offload(100, type=5), WHOLE.large),
        (WHOLE.offload(100, flags=0), WHOLE.large),
        (WHOLE.offload(100, checksum_start=20), WHOLE.large),
        (WHOLE.offload(100, checksum_start=0xFFFF, checksum_at=0xFFFF), WHOLE.large),
        (WHOLE.offload(100), WHOLE.large[:-1]),
        (WHOLE.offload(100), WHOLE.large[: WHOLE.head]),
        (WHOLE.offload(100), WHOLE.large[:30]),
        (WHOLE.offload(100), WHOLE.large[:3]),
        (WHOLE.offload(100), WHOLE.with_(fragment=0x2000).large),
        (WHOLE.offload(100), WHOLE.with_(patch={WHOLE.transport + 12: b"\x10"}).large),
        (WHOLE.offload(100), WHOLE.with_(patch={WHOLE.network: b"\x4f"}).large),
    ],
)
def test_a_segment_that_cannot_be_cut_goes_on_in_one(offload, frame):
    """The SecY then refuses and counts it where it is too long; no octet but a checksum changes."""
    (found,) = cut_in_c(offload, frame)
    assert len(found) == len(frame)
    assert sum(one != other for one, other in zip(found, frame, strict=True)) <= 2


# ---------------------------------------------------------------- join


@pytest.mark.parametrize(("version", "protocol"), KINDS)
@pytest.mark.parametrize("tags", [b"", TAG, SERVICE_TAG + TAG])
@pytest.mark.parametrize("last", [100, 1])
def test_frames_that_follow_each_other_become_one(version, protocol, tags, last):
    """The last may be shorter. The checksum is left to the kernel."""
    first = Packet(b"", version=version, protocol=protocol, tags=tags)
    packets = series(first, 5)
    packets[-1] = packets[-1].with_(payload=packets[-1].payload[:last])
    count, offload, frame = joined([packet.frame for packet in packets])
    whole = packets[0].with_(payload=b"".join(packet.payload for packet in packets))
    assert count == 5
    assert frame == whole.large
    assert offload == whole.offload(100)


@pytest.mark.parametrize(("version", "protocol"), KINDS)
def test_joining_undoes_cutting(version, protocol):
    """A large segment comes out as it went in, with the flags of its last frame."""
    packet = Packet(octets_of(6400 - 50), version=version, protocol=protocol, flags=ACK | PSH)
    frames = cut_in_c(packet.offload(100), packet.large)
    count, offload, frame = joined(frames)
    assert (count, offload, frame) == (64, packet.offload(100), packet.large)
    assert cut_in_c(offload, frame) == frames


ENDS_AT_TWO = [{"flags": ACK | PSH}, {"flags": ACK | FIN}, {"flags": ACK | PSH | FIN}]


@pytest.mark.parametrize("changes", ENDS_AT_TWO, ids=str)
def test_a_frame_with_psh_or_fin_is_the_last(changes):
    """In the middle of a large segment they would be lost."""
    packets = series(Packet(b""), 4)
    packets[1] = packets[1].with_(**changes)
    frames = [packet.frame for packet in packets]
    count, offload, frame = joined(frames)
    assert count == 2
    assert cut_in_c(offload, frame) == frames[:2]


def test_a_short_frame_is_the_last():
    """All but the last have one length."""
    packets = series(Packet(b""), 4)
    packets[1] = packets[1].with_(payload=octets_of(99))
    packets[2] = packets[2].with_(seq=packets[2].seq - 1)
    assert joined([packet.frame for packet in packets])[0] == 2


SECOND: list[dict[str, Any]] = [
    {"seq": 1099},
    {"seq": 1101},
    {"ack": 78},
    {"flags": ACK | ECE},
    {"flags": ACK | CWR},
    {"flags": ACK | 0x02},
    {"flags": ACK | 0x04},
    {"flags": ACK | 0x20},
    {"flags": 0},
    {"window": 511},
    {"urgent": 1},
    {"options": TIMESTAMPS[:-1] + b"\x0a"},
    {"options": b""},
    {"options": TIMESTAMPS + bytes(4)},
    {"ports": (5202, 40000)},
    {"ports": (5201, 40001)},
    {"ident": 1},
    {"ident": 3},
    {"tos": 1},
    {"ttl": 63},
    {"dont_fragment": False},
    {"fragment": 0x2000},
    {"fragment": 1},
    {"ip_options": bytes(4)},
    {"tags": TAG},
    {"macs": bytes(12)},
    {"padding": b"\0"},
    {"payload": b""},
    {"payload": octets_of(101)},
    {"checksum": 7},
    {"version": IPV6},
    {"protocol": UDP},
    {"patch": {24: b"\0\0"}},
    {"patch": {30: b"\7"}},
]
"""Fields of a second frame that keep it apart from the first."""


@pytest.mark.parametrize("changes", SECOND, ids=str)
def test_a_frame_that_differs_is_not_joined(changes):
    """One field differs from what the next frame of the flow has."""
    one, other = (packet.frame for packet in series(Packet(b""), 2))
    assert joined([one, other])[0] == 2
    other = series(Packet(b""), 2)[1].with_(**changes).frame
    count, offload, frame = joined([one, other])
    assert (count, frame, any(offload.values())) == (1, one, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"flags": ACK | PSH},
        {"flags": ACK | 0x02},
        {"flags": ACK | CWR},
        {"ip_options": bytes(4)},
        {"version": IPV6, "extension": bytes.fromhex("0600010400000000")},
        {"protocol": UDP, "checksum": 0},
        {"checksum": 1},
        {"padding": b"\0"},
        {"patch": {24: b"\1\1"}},
    ],
    ids=str,
)
def test_frames_that_may_not_lead_stay_alone(changes):
    """All frames are alike."""
    frames = [packet.frame for packet in series(Packet(b"", **changes), 3)]
    count, offload, frame = joined(frames)
    assert (count, frame, any(offload.values())) == (1, frames[0], False)


def test_datagrams_are_joined_up_to_the_limit_of_the_kernel():
    """64, where the kernel knows large UDP; else none."""
    frames = [packet.frame for packet in series(Packet(b"", protocol=UDP), 70)]
    assert joined(frames)[0] == 64
    assert joined(frames, datagrams=False)[0] == 1


@pytest.mark.parametrize("version", [IPV4, IPV6])
def test_a_large_segment_has_at_most_65535_octets(version):
    """From the IP header on."""
    frames = [packet.frame for packet in series(Packet(b"", version=version), 12, 8948)]
    count, offload, frame = joined(frames)
    assert count == 7
    assert len(frame) - 14 <= 65_535
    assert cut_in_c(offload, frame) == frames[:7]


# ---------------------------------------------------------------- any frames


def mixed(draw: random.Random) -> list[bytes]:
    """Return frames of a flow, some of them changed, cut short or out of order."""
    version, protocol = draw.choice(KINDS)
    first = Packet(
        b"",
        version=version,
        protocol=protocol,
        seq=draw.choice([5, (1 << 32) - 120]),
        ident=draw.choice([5, 0xFFFE]),
        tags=draw.choice([b"", TAG]),
        flags=draw.choice([ACK, ACK | ECE]),
    )
    packets = series(first, draw.randint(1, 8), draw.choice([1, 2, 33, 100]))
    for at in range(len(packets)):
        if draw.random() < 0.15:
            packets[at] = packets[at].with_(**draw.choice(SECOND))
        if draw.random() < 0.1:
            packets[at] = packets[at].with_(flags=draw.choice([ACK | PSH, ACK | FIN]))
    frames = [packet.frame for packet in packets]
    if draw.random() < 0.1:
        draw.shuffle(frames)
    if draw.random() < 0.1:
        frames[-1] = frames[-1][: draw.randrange(len(frames[-1]))] or b"\0"
    return frames


def test_cutting_what_was_joined_gives_the_same_octets():
    """Joined frames come back, and other frames are as they were."""
    draw, joins = random.Random(7), 0
    for _ in range(3000):
        frames = mixed(draw)
        count, offload, frame = joined(frames)
        assert cut_in_c(offload, frame) == frames[:count]
        assert count == 1 or offload["flags"] == NEEDS_CHECKSUM
        joins += count > 1
    assert joins > 1000
