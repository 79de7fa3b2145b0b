"""An arena of the caller: results lie in it, or ArenaError says why not and nothing happened."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.planes import Plane, all_counters, batch_of, frame_of, pair, pn_state, spoiled

from macsec.errors import ArenaError
from macsec.frames import FrameBatch
from macsec.secy import Outcome, SecY

FRAMES = [frame_of(60), frame_of(1), frame_of(1500, fill=3)]
NEEDED = sum(map(len, FRAMES)) + 32 * len(FRAMES)

KINDS: dict[str, Callable[[int], Any]] = {
    "bytearray": bytearray,
    "memoryview": lambda octets: memoryview(bytearray(octets)),
    "array": lambda octets: np.zeros(octets, np.uint8),
    "mmap": lambda octets: mmap.mmap(-1, octets),
    "part of an array": lambda octets: np.zeros(octets + 7, np.uint8)[7:],
}


def same(one: Outcome, other: Outcome) -> bool:
    """Return whether two outcomes have the same columns and frames."""
    columns = ("delivered", "codes", "sci", "an", "pn")
    batch = ("start", "length", "wire_length", "time_ns", "source")
    return (
        one.batch.frames() == other.batch.frames()
        and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns)
        and all(np.array_equal(getattr(one.batch, n), getattr(other.batch, n)) for n in batch)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_result_lies_in_the_arena_of_the_caller(every_plane: Plane, kind: str) -> None:
    """The frames lie at the beginning of the arena, and all else is as without it."""
    sends, receives = pair(every_plane)
    again, other = pair(every_plane)
    given = FrameBatch.from_frames(FRAMES, [5, 6, 7], [1, 2, 3])
    arena, back = KINDS[kind](NEEDED), KINDS[kind](2 * NEEDED)
    sent, wanted = sends.protect(given, out=arena), again.protect(given)
    assert same(sent, wanted)
    assert bytes(memoryview(arena))[: sent.batch.octets] == b"".join(wanted.batch.frames())
    assert same(receives.validate(sent.batch, out=back), other.validate(wanted.batch))
    assert bytes(memoryview(back)).startswith(b"".join(FRAMES))


def test_frames_that_stop_leave_no_gap_in_the_arena(every_plane: Plane) -> None:
    """Only frames that go on lie in the arena, side by side."""
    sends, receives = pair(every_plane)
    wire = sends.protect(batch_of(FRAMES)).batch.frames()
    arena = bytearray(2 * NEEDED)
    given = FrameBatch.from_frames([wire[0], spoiled(wire[1]), wire[2]], [5, 6, 7])
    outcome = receives.validate(given, out=arena)
    assert outcome.delivered.tolist() == [0, 2]
    assert outcome.batch.time_ns.tolist() == [5, 7]
    assert arena.startswith(FRAMES[0] + FRAMES[2])


def test_later_calls_may_use_the_same_arena(every_plane: Plane) -> None:
    """A caller who is done with a result uses its arena again; the result then has other octets."""
    sends, _ = pair(every_plane)
    arena = bytearray(NEEDED)
    first = sends.protect(batch_of(FRAMES), out=arena)
    octets = first.batch.frames()
    second = sends.protect(batch_of(FRAMES), out=arena)
    assert first.batch.frames() == second.batch.frames() != octets
    assert first.pn.tolist() == [1, 2, 3]


def test_arena_stays_as_long_as_a_result_is_in_it(every_plane: Plane) -> None:
    """A bytearray cannot be resized under a result, nor an mmap closed."""
    sends, _ = pair(every_plane)
    arena, mapped = bytearray(NEEDED), mmap.mmap(-1, NEEDED)
    held = [sends.protect(batch_of(FRAMES), out=each).batch for each in (arena, mapped)]
    views = [batch.view(2) for batch in held]
    del held
    with pytest.raises(BufferError):
        arena.extend(bytes(1 << 20))
    with pytest.raises(BufferError):
        mapped.close()
    assert len(views[0]) == len(views[1])
    del views
    arena.extend(bytes(1 << 20))
    mapped.close()


def assert_refused(secy: SecY, batch: FrameBatch, arena: Any, says: str) -> None:
    """Both calls refuse the arena, and nothing moves."""
    before = all_counters(secy), pn_state(secy)
    for call in (secy.protect, secy.validate):
        with pytest.raises(ArenaError, match=says):
            call(batch, out=arena)
    assert (all_counters(secy), pn_state(secy)) == before


def test_arena_too_small_is_refused(every_plane: Plane) -> None:
    """One octet less than 32 for each frame is too few: no PN is used, no counter moves."""
    sends, _ = pair(every_plane)
    batch = batch_of(FRAMES)
    for octets in (0, 1, NEEDED - 1):
        assert_refused(sends, batch, bytearray(octets), f"has {octets} octets.* may need {NEEDED}")
    assert len(sends.protect(batch, out=bytearray(NEEDED)).batch) == 3
    assert len(sends.protect(batch_of([]), out=bytearray()).batch) == 0


@pytest.mark.parametrize(
    "arena, says",
    [
        (bytes(4096), "this bytes is read-only"),
        (memoryview(bytearray(4096)).toreadonly(), "this memoryview is read-only"),
        (np.zeros(8192, np.uint8)[::2], "gaps"),
        (np.array([None] * 4096), "not Python objects"),
        (np.zeros(4096, "u1, O"), "not Python objects"),
        (np.zeros(4096, "datetime64[s]"), "not ndarray"),
        (4096, "not int"),
        ("x" * 4096, "not str"),
        ([0] * 4096, "not list"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_arena_that_cannot_be_written_is_refused(every_plane: Plane, arena: Any, says: str) -> None:
    """Read-only octets, octets with gaps, and what is no buffer at all."""
    assert_refused(pair(every_plane)[0], batch_of(FRAMES), arena, says)


def test_arena_that_holds_the_frames_is_refused(every_plane: Plane) -> None:
    """A result would overwrite frames before they are read; other octets of the arena are free."""
    sends, receives = pair(every_plane)
    arena = np.zeros(NEEDED + 2 * len(FRAMES[0]), np.uint8)
    at = len(arena) - len(FRAMES[0])
    arena[at:] = np.frombuffer(FRAMES[0], np.uint8)
    batch = FrameBatch(arena, [at], [len(FRAMES[0])])
    for taken in (arena, arena[1:], arena[at + 1 - (len(FRAMES[0]) + 32) :]):
        assert_refused(sends, batch, taken, "holds frames of this batch")
    sent = sends.protect(batch, out=arena[:at])
    assert receives.validate(sent.batch).batch.frames() == FRAMES[:1]
