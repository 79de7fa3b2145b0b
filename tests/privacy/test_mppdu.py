"""MPPDUs: any octets are read without an exception, and what is written is what is read."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from macsec.privacy.mppdu import (
    EXPRESS,
    FRAGMENT_HEADER,
    FRAME_LEAST,
    PREEMPTABLE,
    EncapsulatedFrame,
    Errored,
    Fragment,
    Padding,
    Unknown,
    components,
)

FRAMES = st.binary(min_size=FRAME_LEAST, max_size=80).map(EncapsulatedFrame)
FRAGMENTS = st.builds(
    Fragment,
    st.sampled_from([EXPRESS, PREEMPTABLE]),
    st.integers(0, 65535),
    st.booleans(),
    st.booleans(),
    st.binary(min_size=1, max_size=60),
)


@given(st.lists(FRAMES | FRAGMENTS, max_size=6), st.integers(0, 40))
def test_components_come_back_as_they_were_written(parts, padding):
    """Frames, fragments and padding, in any order, padding last."""
    octets = b"".join(part.encode() for part in parts) + Padding(padding).encode()
    assert list(components(octets)) == [*parts, *([Padding(padding)] if padding else [])]


@given(st.binary(max_size=200))
@example(b"\x00")
@example(b"\x80")
@example(b"\x80\x00\x00")
def test_any_octets_are_read_to_their_end(octets):
    """No octets raise; a fault or padding takes the rest, and lengths add up."""
    found = list(components(octets))
    lengths = [_length(part) for part in found]
    assert sum(lengths) == len(octets)
    assert all(not isinstance(part, Errored | Padding) for part in found[:-1])


def _length(part):
    if isinstance(part, EncapsulatedFrame):
        return 2 + len(part.octets)
    if isinstance(part, Fragment):
        return FRAGMENT_HEADER + len(part.octets)
    return part.length


@given(st.lists(FRAMES | FRAGMENTS, min_size=1, max_size=4), st.data())
def test_a_cut_mppdu_gives_what_is_before_the_cut(parts, data):
    """Components in front of the cut are as they were; the one that is cut is a fault."""
    octets = b"".join(part.encode() for part in parts)
    end = data.draw(st.integers(0, len(octets)))
    found = list(components(octets[:end]))
    kept = [part for part in found if not isinstance(part, Errored | Padding)]
    assert kept == parts[: len(kept)]
    assert sum(map(_length, kept)) <= end


@pytest.mark.parametrize(
    "text, expected",
    [
        ("e00000030102030000", [Unknown(6, 7), Padding(2)]),
        ("0000ff", [Padding(3)]),
        ("000d" + 13 * "11", [Errored("a frame of under 14 octets", 15)]),
        ("000f" + 14 * "11", [Errored("the MPPDU ends in a frame", 16)]),
        ("800000020001", [Errored("a fragment without octets, or with spare bits", 6)]),
        ("80010003000111", [Errored("a fragment without octets, or with spare bits", 7)]),
        ("8c000003000711", [Fragment(EXPRESS, 7, True, True, b"\x11")]),
        ("94000003ffff11", [Fragment(PREEMPTABLE, 65535, False, True, b"\x11")]),
        ("8c0000030007", [Errored("the MPPDU ends in a component", 6)]),
        ("01", [Errored("one octet is left, and not zero", 1)]),
    ],
)
def test_octets_of_each_component(text, expected):
    """The encoding of each component, and each fault."""
    assert list(components(bytes.fromhex(text))) == expected
