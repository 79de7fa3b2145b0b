"""FrameBatch: bounds, immutability, sharing, and octets in and out."""

from __future__ import annotations

import copy
import gc
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planes import Plane

from macsec.frames import FrameBatch

FRAMES = st.lists(st.binary(max_size=60), max_size=12)
INT64 = st.integers(-(2**63), 2**63 - 1)
HOSTILE = st.one_of(
    st.sampled_from([-(2**63), -1, 0, 1, 2**31, 2**32, 2**62, 2**63 - 1, 2**63 - 60]), INT64
)
COLUMNS = ("start", "length", "time_ns", "source", "wire_length")


# ---------------------------------------------------------------- bounds


@given(st.integers(0, 60), st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE), min_size=1, max_size=4))
def test_hostile_columns_are_refused(size: int, rows: list[tuple[int, int, int]]) -> None:
    """Negative, huge and overflowing columns are refused; numbers without end are the model."""
    inside = all(
        start >= 0 and length >= 0 and start + length <= size and wire >= length
        for start, length, wire in rows
    )
    starts, lengths, wires = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    if inside:
        batch = FrameBatch(bytes(size), starts, lengths, wire_length=wires)
        assert [len(frame) for frame in batch] == lengths.tolist()
    else:
        with pytest.raises(ValueError, match="does not fit its arena"):
            FrameBatch(bytes(size), starts, lengths, wire_length=wires)


@given(st.integers(0, 30), st.integers(-2, 32), st.integers(-2, 32))
def test_frame_may_end_with_the_arena(size: int, start: int, length: int) -> None:
    """Exactly the frames that lie inside are taken, empty ones at the very end too."""
    if start >= 0 and length >= 0 and start + length <= size:
        assert FrameBatch(bytes(size), [start], [length]).octets == length
    else:
        with pytest.raises(ValueError, match=r"frame 0 \(start"):
            FrameBatch(bytes(size), [start], [length])


@pytest.mark.parametrize(
    "start, length",
    [
        (2**63 - 1, 1),
        (1, 2**63 - 1),
        (2**63 - 1, 2**63 - 1),
        (2**63 - 40, 60),
        (-(2**63), 2**63 - 1),
        (-1, 10),
        (10, -1),
        (-10, 20),
        (0, 65),
        (64, 1),
    ],
)
def test_sum_beyond_int64_is_refused(start: int, length: int) -> None:
    """start + length beyond 2^63 does not come round to a place inside."""
    with pytest.raises(ValueError, match=r"frame 1 .* does not fit its arena of 64 octets"):
        FrameBatch(bytes(64), [0, start], [64, length])


@pytest.mark.parametrize(
    "given_columns, message",
    [
        (([0], [1, 2]), "expected a column of 1 rows"),
        (([0, 1], [1]), "expected a column of 2 rows"),
        (([[0]], [[1]]), "shape"),
        (([0.0], [1]), "a column holds integers, not float64"),
        (([0], [1.5]), "a column holds integers"),
        ((["0"], [1]), "a column holds integers"),
        (([True], [1]), "a column holds integers, not bool"),
        (([0], [1], [0, 0]), "expected a column of 1 rows"),
        (([0], [1], [0], []), "expected a column of 1 rows"),
        (([0], [1], [0], [0], [1, 1]), "expected a column of 1 rows"),
        (([0], [5], [0], [0], [4]), "on the wire 4"),
    ],
)
def test_columns_must_fit_the_frames(given_columns: Any, message: str) -> None:
    """Every column has one integer a frame; no frame is longer in the capture than on the wire."""
    with pytest.raises(ValueError, match=message):
        FrameBatch(bytes(10), *given_columns)


@pytest.mark.parametrize(
    "arena",
    [
        np.zeros(10, np.int8),
        np.zeros(10, np.uint16),
        np.zeros((2, 5), np.uint8),
        np.zeros(20, np.uint8)[::2],
        np.zeros(10),
        [1, 2, 3],
    ],
    ids=lambda arena: getattr(arena, "dtype", "list"),
)
def test_arena_is_one_contiguous_row_of_octets(arena: Any) -> None:
    """An arena is one contiguous row of octets."""
    with pytest.raises(ValueError, match="contiguous one-dimensional array of uint8"):
        FrameBatch(arena, [0], [1])


@pytest.mark.parametrize("column", [np.uint64(2**63), np.uint64(2**64 - 1)])
def test_unsigned_numbers_beyond_int64_are_refused(column: np.uint64) -> None:
    """Unsigned columns too large for int64 are refused, not wrapped to a place inside."""
    with pytest.raises((ValueError, OverflowError)):
        FrameBatch(bytes(10), np.array([column]), [1])
    with pytest.raises((ValueError, OverflowError)):
        FrameBatch(bytes(10), [0], np.array([column]))


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64])
def test_integers_of_any_width_are_taken_by_value(kind: Any) -> None:
    """Columns of other integer types are taken by value."""
    batch = FrameBatch(bytes(range(10)), np.array([2, 3], kind), np.array([1, 4], kind))
    assert batch.frames() == [b"\x02", b"\x03\x04\x05\x06"]
    assert batch.start.dtype == np.int64


# ---------------------------------------------------------------- immutability


def test_arena_and_columns_are_read_only() -> None:
    """Arena and columns are read-only for every caller."""
    batch = FrameBatch(np.zeros(10, np.uint8), np.array([0]), np.array([5]))
    for name in ("arena", *COLUMNS):
        with pytest.raises(ValueError, match="read-only"):
            getattr(batch, name)[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        batch.view(0)[0] = 1
    part = batch[:1]
    for name in ("arena", *COLUMNS):
        with pytest.raises(ValueError, match="read-only"):
            getattr(part, name)[0] = 1
    with pytest.raises(AttributeError):
        batch.other = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["arena", *COLUMNS])
def test_a_batch_never_changes(every_plane: Plane, name: str) -> None:
    """No array is exchanged or deleted, and none by a second call of `__init__` that fails."""
    batch = FrameBatch(bytes(range(200)), [0, 100], [60, 100])
    for wrong in (np.zeros(1, np.uint8), np.array([1 << 40] * 2)):
        with pytest.raises(AttributeError, match=name):
            setattr(batch, name, wrong)
    with pytest.raises(AttributeError, match=name):
        delattr(batch, name)
    with pytest.raises(ValueError, match="does not fit"):
        batch.__init__(bytes(9), [0, 0], [60, 100])  # type: ignore[misc]
    protected = every_plane.secy(protect=False).protect(batch)
    assert protected.batch.frames() == [bytes(range(60)), bytes(range(100, 200))]


def test_the_callers_columns_are_copied() -> None:
    """No caller can move a frame after its bounds were checked."""
    columns = {name: np.array([0, 3], np.int64) for name in ("start", "length")}
    columns["wire_length"] = np.array([9, 9], np.int64)
    batch = FrameBatch(bytes(range(10)), **columns)
    for column in columns.values():
        column[:] = 2**62
    assert batch.frames() == [b"", b"\x03\x04\x05"]
    assert batch.wire_length.tolist() == [9, 9]


def test_frozen_column_with_a_writable_owner_is_copied() -> None:
    """A column that looks frozen but can be written through its owner is not trusted."""
    owner = np.array([0, 1], np.int64)
    frozen = owner.view()
    frozen.flags.writeable = False
    batch = FrameBatch(bytes(range(10)), frozen, [5, 5])
    owner[:] = 1 << 40
    assert batch.start.tolist() == [0, 1]


def test_the_callers_array_is_not_frozen() -> None:
    """The batch's view of an arena is read-only; the caller's own array stays as it was."""
    octets = np.zeros(10, np.uint8)
    batch = FrameBatch(octets, [0], [10])
    octets[3] = 7
    assert batch[0][3] == 7  # it is a view, as documented: the octets are not copied
    assert octets.flags.writeable


# ---------------------------------------------------------------- octets in and out


@given(FRAMES)
def test_octets_are_the_same_by_every_way_of_reading(frames: list[bytes]) -> None:
    """Every way of reading returns the octets that went in."""
    batch = FrameBatch.from_frames(frames)
    assert batch.frames() == list(batch) == frames
    assert [batch[row] for row in range(len(batch))] == frames
    assert [batch.view(row).tobytes() for row in range(len(batch))] == frames
    assert (len(batch), batch.octets) == (len(frames), sum(map(len, frames)))
    assert batch.wire_length.tolist() == list(map(len, frames))
    assert repr(batch) == f"<FrameBatch of {len(frames)} frames, {batch.octets} octets>"


@pytest.mark.parametrize(
    "kind", [bytes, bytearray, memoryview, lambda b: np.frombuffer(b, np.uint8)]
)
def test_frames_and_arena_may_be_any_bytes_like(kind: Any) -> None:
    """Frames may be any bytes-like, and so may an arena."""
    frames = [b"abc", b"", b"defg"]
    assert FrameBatch.from_frames(kind(frame) for frame in frames).frames() == frames
    assert FrameBatch(kind(b"abcdef"), [1], [3]).frames() == [b"bcd"]


def test_times_and_sources_follow_every_selection() -> None:
    """Columns beside the frames default to zero and follow every selection."""
    batch = FrameBatch.from_frames([b"a", b"b", b"c"], [10, 20, 30], [7, 8, 9])
    assert (batch[1:].time_ns.tolist(), batch[1:].source.tolist()) == ([20, 30], [8, 9])
    picked = batch[np.array([2, 0])]
    assert picked.frames() == [b"c", b"a"]
    assert (picked.time_ns.tolist(), picked.source.tolist()) == ([30, 10], [9, 7])
    assert batch.take(np.array([False, True, False])).frames() == [b"b"]
    plain = FrameBatch.from_frames([b"a"])
    assert (plain.time_ns.tolist(), plain.source.tolist()) == ([0], [0])


@given(FRAMES, st.data())
def test_slice_is_a_batch_that_shares_the_arena(frames: list[bytes], data: st.DataObject) -> None:
    """A slice is a batch of those rows and shares the arena."""
    batch = FrameBatch.from_frames(frames)
    cut = data.draw(st.slices(len(frames)))
    part = batch[cut]
    assert part.frames() == frames[cut]
    assert part.arena is batch.arena
    again = part[::-1]
    assert again.frames() == frames[cut][::-1]
    assert again.arena is batch.arena
    for name in COLUMNS:
        assert getattr(again, name).flags.c_contiguous


def test_slice_outlives_its_batch() -> None:
    """A slice outlives the batch it came from, and lets it go."""
    batch = FrameBatch.from_frames([bytes([n]) * 100 for n in range(5)])
    part = batch[3:4]
    arena = weakref.ref(batch.arena)
    del batch
    gc.collect()
    assert part.frames() == [b"\x03" * 100]
    assert arena() is part.arena


def test_row_out_of_range_is_an_index_error() -> None:
    """Rows count from the end too; one that is not there is an IndexError."""
    batch = FrameBatch.from_frames([b"a", b"b"])
    assert batch[-1] == b"b"
    for row in (2, -3):
        with pytest.raises(IndexError):
            batch[row]


@given(st.lists(FRAMES, max_size=4))
def test_concat_keeps_all_columns(parts: list[list[bytes]]) -> None:
    """Batches one behind the other, with all their columns."""
    batches = [
        FrameBatch.from_frames(frames, np.arange(len(frames)) + n, np.full(len(frames), n))
        for n, frames in enumerate(parts)
    ]
    whole = FrameBatch.concat(batches)
    assert whole.frames() == [frame for frames in parts for frame in frames]
    assert whole.source.tolist() == [n for n, frames in enumerate(parts) for _ in frames]
    assert whole.time_ns.tolist() == [n + i for n, f in enumerate(parts) for i in range(len(f))]


def test_concat_of_slices_keeps_their_rows() -> None:
    """Slices of large arenas give their own rows, cut marks included."""
    one = FrameBatch(b"abcdef", [0, 2, 4], [2, 2, 2], wire_length=[2, 9, 2])
    whole = FrameBatch.concat([one[2:], one[:2]])
    assert whole.frames() == [b"ef", b"ab", b"cd"]
    assert whole.wire_length.tolist() == [2, 2, 9]


def test_frames_may_overlap_repeat_and_be_empty() -> None:
    """Rows may share octets, repeat and be empty."""
    batch = FrameBatch(b"abcdef", [2, 0, 0, 6, 2], [4, 6, 3, 0, 4])
    assert batch.frames() == [b"cdef", b"abcdef", b"abc", b"", b"cdef"]
    assert batch.octets == 17


def test_batch_may_be_empty() -> None:
    """No frames: no octets, no rows, still a batch."""
    for batch in (FrameBatch.from_frames([]), FrameBatch(b"", [], []), FrameBatch.concat([])):
        assert (len(batch), batch.octets, batch.frames()) == (0, 0, [])
        assert batch[:0].frames() == []


def test_copy_of_a_batch_is_equal() -> None:
    """A batch holds no key: copying it gives an equal one."""
    batch = FrameBatch.from_frames([b"abc", b"de"], [1, 2], [3, 4])
    twin = copy.deepcopy(batch)
    assert twin.frames() == batch.frames()
    assert twin.time_ns.tolist() == [1, 2]


# ---------------------------------------------------------------- scapy


def test_scapy_packets_keep_octets_and_times() -> None:
    """Packets keep octets and times, to the nanosecond."""
    scapy = pytest.importorskip("scapy.layers.l2")
    inet = pytest.importorskip("scapy.layers.inet")
    utils = pytest.importorskip("scapy.utils")
    ether = scapy.Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02")
    packets = [ether / inet.IP(dst="192.0.2.1") / inet.UDP(dport=n) for n in (1, 2)]
    times = [1_700_000_000_123_456_789, 1]
    for packet, time_ns in zip(packets, times, strict=True):
        packet.time = utils.EDecimal(time_ns) / 1_000_000_000
    batch = FrameBatch.from_packets(packets)
    assert batch.frames() == [bytes(packet) for packet in packets]
    assert batch.time_ns.tolist() == times
    back = batch.packets()
    assert [bytes(packet) for packet in back] == batch.frames()
    assert [packet[inet.UDP].dport for packet in back] == [1, 2]
    assert FrameBatch.from_packets(back).time_ns.tolist() == times


def test_from_frames_takes_scapy_packets() -> None:
    """`from_frames` takes packets too: all that `bytes` takes."""
    scapy = pytest.importorskip("scapy.layers.l2")
    packet = scapy.Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02", type=0x88E5) / b"abc"
    assert FrameBatch.from_frames([packet]).frames() == [bytes(packet)]
