"""Operations on a whole batch, in C and in Python."""

from __future__ import annotations

from functools import partial

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


def test_batches_of_different_size_are_refused():
    """Rows without a counterpart are the caller's mistake."""
    with pytest.raises(ValueError, match="1 frames against 0"):
        columns.equal(FrameBatch.from_frames([b"x"]), FrameBatch.from_frames([]))


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
