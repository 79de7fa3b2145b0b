"""Memory of results: theirs alone while anything of them is left, then used again."""

from __future__ import annotations

import copy
import pickle
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from support.planes import BOTH_PLANES, Plane, batch_of, frame_of, pair, spoiled

from macsec.frames import FrameBatch
from macsec.secy import Outcome, SecY

COLUMNS = ("delivered", "codes", "sci", "an", "pn")
ARRAYS = ("arena", "start", "length", "wire_length", "time_ns", "source")

native_only = pytest.mark.skipif(len(BOTH_PLANES) < 2, reason="the native plane is not built")


def arrays_of(outcome: Outcome) -> dict[str, Any]:
    """Return all arrays of an outcome by name."""
    found = {name: getattr(outcome, name) for name in COLUMNS}
    return found | {name: getattr(outcome.batch, name) for name in ARRAYS}


def place(array: Any) -> tuple[int, int]:
    """Return first and last address of the octets of an array."""
    first = array.__array_interface__["data"][0]
    return first, first + array.nbytes


def arena_of(secy: SecY, batch: FrameBatch) -> int:
    """Return the address of a result that is dropped at once."""
    return place(secy.protect(batch).batch.arena)[0]


def test_results_never_share_memory(every_plane: Plane) -> None:
    """Of results kept in any number, in any order, no two share an octet, and none changes."""
    sends, receives = pair(every_plane, window=100_000)
    draw = random.Random(7)
    kept: list[tuple[dict[str, Any], dict[str, bytes]]] = []
    for turn in range(120):
        frames = [frame_of(draw.randrange(1, 400), fill=turn) for _ in range(draw.randrange(9))]
        sent = sends.protect(batch_of(frames))
        wire = sent.batch.frames()
        if len(wire) > 2:
            wire[1] = spoiled(wire[1])
        for outcome in (sent, receives.validate(FrameBatch.from_frames(wire))):
            arrays = arrays_of(outcome)
            kept.append((arrays, {name: array.tobytes() for name, array in arrays.items()}))
        while len(kept) > draw.randrange(1, 60):
            del kept[draw.randrange(len(kept))]
    places = []
    for arrays, octets in kept:
        assert {name: array.tobytes() for name, array in arrays.items()} == octets
        places += [place(arrays[name]) for name in ("arena", *COLUMNS, "start", "length")]
    apart = sorted(at for at in places if at[0] != at[1])
    assert all(one[1] <= other[0] for one, other in pairwise(apart))


@pytest.mark.as_built
@native_only
def test_memory_of_a_dropped_result_is_used_again() -> None:
    """The next result lies where the last one was, unless something of that is left."""
    sends, _ = pair(BOTH_PLANES[1])
    batch = batch_of([frame_of(1000)] * 20)
    first = arena_of(sends, batch)
    assert arena_of(sends, batch) == first
    view = sends.protect(batch).batch.view(3)
    assert arena_of(sends, batch) != first
    del view
    assert arena_of(sends, batch) == first


@pytest.mark.as_built
@native_only
def test_a_column_keeps_no_frames() -> None:
    """The columns of a result that is dropped do not keep the memory of its frames."""
    sends, _ = pair(BOTH_PLANES[1])
    batch = batch_of([frame_of(9000)] * 50)
    first = arena_of(sends, batch)
    columns = []
    for _ in range(20):
        outcome = sends.protect(batch)
        columns.append((outcome.codes, outcome.pn))
        del outcome
        assert abs(arena_of(sends, batch) - first) < 1 << 20
    assert [pn.tolist()[0] for _, pn in columns] == list(range(51, 51 + 100 * 20, 100))


def test_results_outlive_secy_and_thread(every_plane: Plane) -> None:
    """A result made by a thread that ended, of a SecY that is closed, is whole."""
    frames = [frame_of(500, fill=n) for n in range(40)]

    def work() -> tuple[list[Outcome], list[bytes]]:
        sends, _ = pair(every_plane)
        with sends:
            kept = [sends.protect(batch_of(frames)) for _ in range(20)]
            return kept[5:], [frame for one in kept[5:] for frame in one.batch.frames()]

    with ThreadPoolExecutor(1) as pool:
        kept, wanted = pool.submit(work).result()
    again, wanted_too = work()
    assert [frame for one in kept for frame in one.batch.frames()] == wanted
    assert [frame for one in again for frame in one.batch.frames()] == wanted_too == wanted


def test_threads_drop_results_of_each_other(every_plane: Plane) -> None:
    """Results handed to another thread, and dropped there, while both make more."""
    frames = [frame_of(n + 1, fill=n) for n in range(30)]
    boxes: list[list[tuple[Outcome, list[bytes]]]] = [[], []]
    begin = threading.Barrier(2)
    wrong: list[object] = []

    def work(mine: int) -> None:
        sends, _ = pair(every_plane)
        begin.wait()
        for _ in range(60):
            outcome = sends.protect(batch_of(frames))
            boxes[1 - mine].append((outcome, outcome.batch.frames()))
            while boxes[mine] and len(boxes[mine]) % 3 == 0:
                theirs, octets = boxes[mine].pop()
                if theirs.batch.frames() != octets:
                    wrong.append(octets)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert all(one.batch.frames() == octets for box in boxes for one, octets in box)


def test_a_split_batch_has_the_results_of_the_whole(every_plane: Plane) -> None:
    """The parts of a batch give, one after the other, what the whole batch gives."""
    frames = [frame_of(1 + 13 * n % 300, fill=n) for n in range(40)]
    times = list(range(100, 140))
    whole_sends, whole_receives = pair(every_plane)
    sends, receives = pair(every_plane)
    whole = FrameBatch.from_frames(frames, times, times)
    bounds = [0, 1, 1, 7, 32, 40]
    parts = [whole[a:b] for a, b in pairwise(bounds)]

    def moved(secy: SecY, call: str, batches: list[FrameBatch]) -> list[Outcome]:
        return [getattr(secy, call)(batch) for batch in batches]

    one = moved(whole_sends, "protect", [whole])
    many = moved(sends, "protect", parts)
    assert_equal_results(one, many)
    assert_equal_results(
        moved(whole_receives, "validate", [one[0].batch]),
        moved(receives, "validate", [outcome.batch for outcome in many]),
    )


def assert_equal_results(one: list[Outcome], many: list[Outcome]) -> None:
    """The outcomes together are the one outcome."""
    joined = FrameBatch.concat([outcome.batch for outcome in many])
    assert joined.frames() == one[0].batch.frames()
    for name in ("time_ns", "source", "length", "wire_length"):
        assert getattr(joined, name).tolist() == getattr(one[0].batch, name).tolist(), name
    for name in ("codes", "sci", "an", "pn"):
        values = np.concatenate([getattr(outcome, name) for outcome in many])
        assert values.tolist() == getattr(one[0], name).tolist(), name


def test_columns_cannot_be_written(every_plane: Plane) -> None:
    """No array of an outcome's batch can be written, nor made so."""
    sends, _ = pair(every_plane)
    outcome = sends.protect(batch_of([frame_of(60)] * 3))
    for name in ARRAYS:
        with pytest.raises(ValueError, match="read-only"):
            getattr(outcome.batch, name)[:1] = 0
    with pytest.raises(FrozenInstanceError):
        outcome.codes = outcome.an  # type: ignore[misc]
    for thing in (outcome, outcome.batch):
        with pytest.raises(AttributeError, match="no attribute 'verdicts'"):
            thing.verdicts  # type: ignore[union-attr]  # noqa: B018


DUPLICATES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}


@pytest.mark.parametrize("looked_at", [False, True])
@pytest.mark.parametrize("how", DUPLICATES)
def test_outcomes_can_be_copied(every_plane: Plane, how: str, looked_at: bool) -> None:
    """A copy has the same frames and columns, whether or not they were looked at before."""
    sends, _ = pair(every_plane)
    outcome = sends.protect(FrameBatch.from_frames([frame_of(60), b"", frame_of(3)], [7, 8, 9]))
    if looked_at:
        arrays_of(outcome)
    twin = DUPLICATES[how](outcome)
    wanted = arrays_of(outcome)
    assert all(np.array_equal(wanted[name], array) for name, array in arrays_of(twin).items())
    assert DUPLICATES[how](outcome.batch).frames() == outcome.batch.frames()
    assert repr(twin) == repr(outcome)
