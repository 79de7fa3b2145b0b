"""Two sides of a link, found by addresses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from macsec import FrameBatch
from macsec.frames.sides import Split

GROUP = bytes.fromhex("ffffffffffff")


def mac(number):
    """A unicast address."""
    return bytes([2, 0, 0, 0, 0, number])


def batch_of(*pairs):
    """Frames between stations: (source, destination), None for a group address."""
    return FrameBatch.from_frames(
        [(GROUP if to is None else mac(to)) + mac(source) + b"\x08\x00" for source, to in pairs]
    )


def sides(*pairs):
    """The side of each frame."""
    return Split().sides(batch_of(*pairs)).tolist()


def test_first_source_is_side_a():
    """Its partner is on side B, from the first frame on."""
    assert sides((5, 3), (3, 5), (5, 3)) == [0, 1, 0]


def test_frames_of_one_station_are_all_of_side_a():
    """All frames from one station to many are of side A."""
    assert sides((1, 2), (1, 3), (1, None)) == [0, 0, 0]


def test_two_stations_that_begin_with_group_frames_differ():
    """Two stations that both begin with group addresses are on two sides."""
    assert sides((1, None), (2, None), (2, 1), (1, 2)) == [0, 1, 1, 0]


def test_partner_of_a_partner_is_on_the_same_side():
    """A station that sends to side B is on side A."""
    assert sides((1, 2), (3, 2), (2, 3), (4, 3)) == [0, 0, 1, 1]


def test_frame_too_short_for_addresses_is_of_side_a():
    """Frames under 12 octets are of side A and place no station."""
    split = Split()
    assert split.sides(FrameBatch.from_frames([b"", bytes(11)])).tolist() == [0, 0]
    assert split.sides(batch_of((2, 1))).tolist() == [0]


@st.composite
def conversations(draw):
    """Unicast frames between two camps, each with a station that was met before."""
    left = draw(st.lists(st.integers(0, 20), min_size=1, max_size=6, unique=True))
    right = draw(st.lists(st.integers(30, 50), min_size=1, max_size=6, unique=True))
    met = {draw(st.sampled_from(left))}
    frames = []
    for _ in range(draw(st.integers(1, 40))):
        known = draw(st.sampled_from(sorted(met)))
        other = draw(st.sampled_from(right if known in left else left))
        met.add(other)
        frames.append(draw(st.permutations([known, other])))
    return left, frames


@given(conversations())
def test_two_groups_are_on_two_sides(drawn):
    """Every frame of one camp goes one way, of the other camp the other way."""
    left, frames = drawn
    found = sides(*frames)
    camps = [source in left for source, _ in frames]
    assert len({side ^ camp for side, camp in zip(found, camps, strict=True)}) == 1
    assert found[0] == 0


@given(
    st.lists(st.tuples(st.integers(0, 6), st.none() | st.integers(0, 6)), max_size=40),
    st.integers(0, 40),
)
def test_sides_do_not_depend_on_batch_boundaries(frames, at):
    """Batches of any size give the same sides."""
    split = Split()
    parts = [split.sides(batch_of(*part)).tolist() for part in (frames[:at], frames[at:])]
    assert [side for part in parts for side in part] == sides(*frames)


def greedy(pairs, most):
    """The rules, one frame after the other."""
    side, found = {}, []

    def meet(station, which):
        if len(side) < most:
            side.setdefault(station, which)

    for source, to in pairs:
        own = side.get(source)
        if own is None:
            if to is None and side:
                found.append(1)
                continue
            own = 1 - side[to] if to in side else 0
            meet(source, own)
        if to is not None:
            meet(to, 1 - own)
        found.append(own)
    return found


PAIRS = st.lists(st.tuples(st.integers(0, 6), st.none() | st.integers(0, 6)), max_size=40)


@given(PAIRS, st.lists(st.integers(0, 40), max_size=4), st.sampled_from([1, 3, 100]))
def test_batches_follow_the_rule_of_single_frames(frames, cuts, most):
    """However the batches are cut and few stations remembered, frames are judged one by one."""
    split, found, before = Split(most), [], 0
    for at in (*sorted(cuts), len(frames)):
        found += split.sides(batch_of(*frames[before:at])).tolist()
        before = max(before, at)
    assert found == greedy(frames, most)


def test_flood_of_addresses_is_not_remembered():
    """No more stations than the limit are remembered, and those stay where they were."""
    split = Split(most=10)
    assert split.sides(batch_of((1, 2))).tolist() == [0]
    split.sides(batch_of(*((number, 2) for number in range(3, 200))))
    # The bound of the memory is not visible from outside.
    assert len(split._stations) == len(split._sides) == 10
    assert split.sides(batch_of((2, 1), (1, 2), (199, 2), (199, 1))).tolist() == [1, 0, 0, 1]
