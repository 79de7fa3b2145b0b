"""What is asked of all frames of a batch at once: both twins, and the answers themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macsec import FrameBatch
from macsec.frames import columns

TWINS = ["python"] if columns._native is None else ["python", "native"]


@pytest.fixture(params=TWINS)
def twin(request):
    """`equal` and `addresses` of a twin."""
    return [getattr(columns, f"{request.param}_{name}") for name in ("equal", "addresses")]


@st.composite
def batches(draw, count):
    """Frames anywhere in an arena, overlapping and empty ones too."""
    arena = draw(st.binary(max_size=40).map(lambda octets: octets * 2))
    start = [draw(st.integers(0, len(arena))) for _ in range(count)]
    length = [draw(st.integers(0, len(arena) - at)) for at in start]
    return FrameBatch(arena, start, length)


PAIRS = st.integers(0, 8).flatmap(lambda count: st.tuples(batches(count), batches(count)))


@given(PAIRS)
def test_equal(pair):
    """Rows are equal where their octets are; both twins say so."""
    one, other = pair
    expected = [a == b for a, b in zip(one.frames(), other.frames(), strict=True)]
    assert columns.equal(one, other).tolist() == expected
    assert columns.python_equal(one, other).tolist() == expected
    assert columns.equal(one, one).all()


def test_equal_sees_every_octet(twin):
    """A difference in any octet, in the length, at either end."""
    equal, _ = twin
    frame = bytes(range(64))
    others = [frame[:at] + b"\xff" + frame[at + 1 :] for at in range(64)]
    others += [frame[:-1], frame + b"\0", b"", frame]
    one, other = FrameBatch.from_frames([frame] * len(others)), FrameBatch.from_frames(others)
    assert equal(one, other).tolist() == [False] * 67 + [True]


def test_batches_of_different_size():
    """Rows that have no counterpart are the caller's mistake."""
    with pytest.raises(ValueError, match="1 frames against 0"):
        columns.equal(FrameBatch.from_frames([b"x"]), FrameBatch.from_frames([]))


@given(PAIRS)
def test_addresses(pair):
    """Destination and source as numbers, zero where a frame does not hold both."""
    for batch in pair:
        whole = [frame if len(frame) >= 12 else bytes(12) for frame in batch.frames()]
        expected = [int.from_bytes(f[:6]) for f in whole], [int.from_bytes(f[6:12]) for f in whole]
        for ask in (columns.addresses, columns.python_addresses):
            assert tuple(column.tolist() for column in ask(batch)) == expected


def test_addresses_of_eleven_and_twelve_octets(twin):
    """The shortest frame with addresses has twelve octets."""
    _, addresses = twin
    batch = FrameBatch.from_frames([bytes(range(1, 12)), bytes(range(1, 13))])
    destinations, sources = addresses(batch)
    assert destinations.tolist() == [0, 0x010203040506]
    assert sources.tolist() == [0, 0x0708090A0B0C]
