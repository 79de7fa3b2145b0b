"""Operations on a whole batch, in C and in Python."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec import FrameBatch
from macsec.frames import columns
from macsec.native import load

NATIVE = load("auto", needs="macsec_frames_addresses")
TWINS = ["reference", "native"] if NATIVE else ["reference"]


@pytest.fixture(params=TWINS)
def twin(request):
    """`equal` and `addresses` of a twin."""
    if request.param == "native":
        return partial(columns.native_equal, NATIVE), partial(columns.native_addresses, NATIVE)
    return columns.reference_equal, columns.reference_addresses


@st.composite
def batches(draw, count):
    """Frames anywhere in an arena, overlapping and empty ones too."""
    arena = draw(st.binary(max_size=40).map(lambda octets: octets * 2))
    start = [draw(st.integers(0, len(arena))) for _ in range(count)]
    length = [draw(st.integers(0, len(arena) - at)) for at in start]
    return FrameBatch(arena, start, length)


PAIRS = st.integers(0, 8).flatmap(lambda count: st.tuples(batches(count), batches(count)))


@given(PAIRS)
def test_rows_are_equal_where_their_octets_are(pair):
    """Rows are equal where their octets are, on both twins."""
    one, other = pair
    expected = [a == b for a, b in zip(one.frames(), other.frames(), strict=True)]
    assert columns.equal(one, other).tolist() == expected
    assert columns.reference_equal(one, other).tolist() == expected
    assert columns.equal(one, one).all()


def test_difference_in_any_octet_is_seen(twin):
    """A difference in any octet, in the length, at either end."""
    equal, _ = twin
    frame = bytes(range(64))
    others = [frame[:at] + b"\xff" + frame[at + 1 :] for at in range(64)]
    others += [frame[:-1], frame + b"\0", b"", frame]
    one, other = FrameBatch.from_frames([frame] * len(others)), FrameBatch.from_frames(others)
    assert equal(one, other).tolist() == [False] * 67 + [True]


@given(PAIRS, st.data())
def test_rows_choose_the_frames_that_are_compared(pair, data):
    """Rows of the first batch, in any order and repeated, beside all frames of the second."""
    one, other = pair
    places = st.integers(0, len(one) - 1)
    rows = np.array([data.draw(places) for _ in range(len(other))], np.int64)
    expected = columns.reference_equal(one.take(rows), other).tolist()
    assert columns.equal(one, other, rows).tolist() == expected
    assert columns.reference_equal(one, other, rows).tolist() == expected


NAMES = st.integers(0, 600).map(lambda number: (2 << 40) + number * 257)
"""More than C remembers at a time, with equal low octets."""
ADDRESS = NAMES | st.just((1 << 48) - 1)


@given(st.sets(NAMES, max_size=40), st.lists(st.tuples(ADDRESS, ADDRESS)), st.integers(0, 3))
def test_sides_are_known_if_all_stations_are(known, pairs, short):
    """The side of each sender, if it and its destination are stations; a group is none."""
    names = sorted(known)
    sides = [name // 257 % 2 for name in names]
    stations = columns.KnownStations(np.array(names, np.uint64), np.array(sides, np.int64))
    frames = [to.to_bytes(6) + by.to_bytes(6) for to, by in pairs]
    batch = FrameBatch.from_frames(frames + [bytes(11)] * short)
    unknown = any(by not in known or (to not in known and to >> 40 != 255) for to, by in pairs)
    expected = None if unknown else [by // 257 % 2 for _, by in pairs] + [0] * short
    for ask in (columns.known_sides, columns.reference_known_sides):
        found = ask(batch, stations)
        assert (found if found is None else found.tolist()) == expected


def test_sender_of_any_of_many_stations_is_found():
    """Each of 5,000 stations, in turn and at random."""
    names = np.arange(5000, dtype=np.uint64) * 64 + (2 << 40)
    stations = columns.KnownStations(names, np.arange(5000) % 2)
    order = np.concatenate([np.arange(5000), np.random.default_rng(1).permutation(5000)])
    frames = [b"\xff" * 6 + int(names[at]).to_bytes(6) for at in order]
    for ask in (columns.known_sides, columns.reference_known_sides):
        sides = ask(FrameBatch.from_frames(frames), stations)
        assert sides is not None
        assert sides.tolist() == (order % 2).tolist()


def test_batches_of_different_size_are_refused():
    """Rows without a counterpart are the caller's mistake."""
    with pytest.raises(ValueError, match="1 frames against 0"):
        columns.equal(FrameBatch.from_frames([b"x"]), FrameBatch.from_frames([]))
    one = FrameBatch.from_frames([b"x"])
    with pytest.raises(ValueError, match="2 frames against 1"):
        columns.equal(one, one, np.zeros(2, np.int64))


@given(PAIRS)
def test_addresses_are_numbers_or_zero_for_a_short_frame(pair):
    """Destination and source as numbers, zero where a frame does not hold both."""
    for batch in pair:
        whole = [frame if len(frame) >= 12 else bytes(12) for frame in batch.frames()]
        expected = [int.from_bytes(f[:6]) for f in whole], [int.from_bytes(f[6:12]) for f in whole]
        for ask in (columns.addresses, columns.reference_addresses):
            assert tuple(column.tolist() for column in ask(batch)) == expected


def test_shortest_frame_with_addresses_has_twelve_octets(twin):
    """The shortest frame with addresses has twelve octets."""
    _, addresses = twin
    batch = FrameBatch.from_frames([bytes(range(1, 12)), bytes(range(1, 13))])
    destinations, sources = addresses(batch)
    assert destinations.tolist() == [0, 0x010203040506]
    assert sources.tolist() == [0, 0x0708090A0B0C]
