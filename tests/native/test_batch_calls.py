"""A batch a call: arguments, threads beside it, forks, and who owns what."""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import tracemalloc
import weakref
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from support.planes import Plane, batch_of, frame_of, pair, receiver, sender, spoiled

from macsec.errors import ArenaError, MACsecError
from macsec.frames import FrameBatch
from macsec.secy import Controls, Outcome, Verdict

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec import _native
from macsec._native import ffi
from macsec.secy.native import NativePlane
from macsec.secy.own_arena import GROWS_BY, own_arena

NATIVE = Plane("native")
FRAME = frame_of(50)
SHORT = batch_of([FRAME])
LONG = batch_of([FRAME] * 200)
"""Batches for which the GIL is kept, and released."""
TURNS = 1500


class Closed(Exception):
    """The error of closed calls in this test."""


def closed() -> None:
    """Raise it."""
    raise Closed


def parts_of(plane: NativePlane) -> list[Any]:
    """The parts of which the calls into a plane are made."""
    address = int(ffi.cast("uintptr_t", plane._secy))
    return [plane._secy, address, plane._lock, FrameBatch, Outcome, own_arena, closed]


@pytest.mark.parametrize("batch", [SHORT, LONG], ids=["short", "long"])
def test_closed_calls_end_in_the_given_error(batch: FrameBatch) -> None:
    """After close() both calls raise, and the lock is free."""
    plane = NativePlane(Controls())
    calls = _native.BatchCalls(*parts_of(plane))
    assert calls.protect(batch, None).codes[0] == Verdict.NOT_OPERATIONAL
    calls.close()
    for call in (calls.protect, calls.validate):
        with pytest.raises(Closed):
            call(batch, None)
    assert plane.tally().frames[Verdict.NOT_OPERATIONAL] == len(batch)


def test_calls_are_made_of_the_right_parts() -> None:
    """A wrong part is refused when the calls are made."""
    parts: list[Any] = parts_of(NativePlane(Controls()))
    make: Any = _native.BatchCalls
    for at, wrong in ((1, "address"), (1, 1 << 200), (2, threading.Lock()), (3, None), (4, 5)):
        with pytest.raises((TypeError, OverflowError)):
            make(*parts[:at], wrong, *parts[at + 1 :])
    with pytest.raises(TypeError):
        make(*parts[:-1])


def test_other_arguments_are_refused() -> None:
    """A call takes a batch and an arena or None; the types of results cannot be made."""
    calls = NativePlane(Controls())._many
    for arguments in ((), (SHORT,), (SHORT, None, None, None)):
        for call in (calls.protect, calls.validate):
            with pytest.raises(TypeError, match="wanted"):
                call(*arguments)
    with pytest.raises(TypeError, match="wanted"):
        calls.validate(SHORT, None, b"0")
    with pytest.raises(TypeError, match="bytes"):
        calls.protect(SHORT, None, None)
    with pytest.raises(ValueError, match="a priority for each frame is wanted"):
        calls.protect(SHORT, None, bytes(len(SHORT) + 1))
    with pytest.raises(AttributeError):
        calls.protect(b"frame", None)
    for kind in (_native.Frames, _native.PieceMemory):
        with pytest.raises(TypeError):
            kind()


@pytest.mark.parametrize(
    "columns",
    [
        ([0, 0], [1, 1], [1]),
        (np.zeros(2, np.int32), [1, 1], [1, 1]),
        (np.zeros(4, np.int64)[::2], [1, 1], [1, 1]),
        (np.zeros((1, 2), np.int64), [1, 1], [1, 1]),
    ],
    ids=["length", "width", "gaps", "dimensions"],
)
def test_columns_of_another_shape_are_refused(columns: tuple[Any, ...]) -> None:
    """C reads no column whose type or length is another than that of the others."""
    start, length, wire_length = map(np.asarray, columns)
    time = np.zeros(2, np.int64)
    batch = FrameBatch.trusted(np.zeros(9, np.uint8), start, length, time, time, wire_length)
    with pytest.raises((ValueError, BufferError)):
        NativePlane(Controls()).protect(batch)


@pytest.mark.parametrize(
    "turn", [0, *(pytest.param(n, marks=pytest.mark.exhaustive) for n in range(1, 10))]
)
def test_columns_changed_in_a_call_are_an_error(turn: int) -> None:
    """A length that grew once the memory was taken: an error and no PN, or a whole result."""
    batch = FrameBatch(bytes(5000), [0], [60])
    sends, arena = sender(NATIVE), bytearray(60 + GROWS_BY)
    turns = iter(range(turn, -1, -1))

    def change(*_: object) -> None:
        if next(turns, None) == 0:
            batch.length.setflags(write=True)
            batch.length[0] = 5000

    usual = gc.get_threshold()
    gc.collect()
    gc.callbacks.append(change)
    gc.set_threshold(1)  # some versions of Python collect garbage in the middle of a call
    try:
        codes = sends.protect(batch, out=arena).codes.tolist()
    except (BufferError, ArenaError):
        codes = []
    finally:
        gc.set_threshold(*usual)
        gc.callbacks.remove(change)
    assert codes in ([], [Verdict.ENCRYPTED])
    assert sends.tx.sa[0].next_pn == 1 + len(codes)


def test_parts_of_a_result_have_names() -> None:
    """A part is known by its name; the frames of a caller have none, since they are arrays."""
    held = sender(NATIVE).protect(SHORT)._held
    assert held.part("pn")[1:] == ("u8", 32, 1)
    with pytest.raises(KeyError):
        held.part("pns")
    with pytest.raises(TypeError):
        held.part(5)
    with pytest.raises(TypeError):
        SHORT._held.part("pn")


def test_arena_grows_by_what_c_needs() -> None:
    """An arena that Python finds large enough is large enough for C, to the octet."""
    batch = batch_of([FRAME, b"", frame_of(7)])
    needed = batch.octets + GROWS_BY * len(batch)
    calls = NativePlane(Controls())._many
    assert calls.protect(batch, bytearray(needed)).codes.tolist() == [24, 16, 24]
    with pytest.raises(ArenaError):
        calls.protect(batch, bytearray(needed - 1))


@pytest.mark.usefixtures("eager_threads")
def test_batches_of_threads_on_one_secy() -> None:
    """Three threads on one SecY: no PN twice, every frame valid and whole."""
    secy = sender(NATIVE)
    begin = threading.Barrier(3)
    sent: list[FrameBatch] = []

    def work(batch: FrameBatch, times: int) -> None:
        begin.wait()
        sent.extend(secy.protect(batch).batch for _ in range(times))

    threads = [threading.Thread(target=work, args=at) for at in ((SHORT, 2000), (LONG, 30)) * 2]
    for thread in threads[:3]:
        thread.start()
    for thread in threads[:3]:
        thread.join()
    wire = FrameBatch.concat(sent)
    pns = sorted(int.from_bytes(frame[16:20]) for frame in wire)
    assert pns == list(range(1, 2 * 2000 + 30 * 200 + 1))
    assert set(receiver(NATIVE, replay=False).validate(wire).batch.frames()) == {FRAME}


@pytest.mark.usefixtures("eager_threads")
def test_closing_beside_batches() -> None:
    """A SecY that closes meanwhile lets a batch through whole or refuses it."""
    secy = sender(NATIVE)
    sizes: set[int] = set()

    def until_closed() -> None:
        try:
            while True:
                sizes.add(len(secy.protect(LONG).batch))
        except MACsecError:
            pass

    threads = [threading.Thread(target=until_closed) for _ in range(2)]
    for thread in threads:
        thread.start()
    secy.protect(LONG)
    secy.close()
    for thread in threads:
        thread.join()
    assert sizes <= {len(LONG)}


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_results_survive_a_fork() -> None:
    """Results of before a fork are whole on both sides, and each side makes more of its own."""
    secy, check = pair(NATIVE, window=10_000)
    kept = [secy.protect(LONG).batch for _ in range(5)]
    wanted = [batch.frames() for batch in kept]
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            good = [check.validate(batch).batch.frames() == LONG.frames() for batch in kept]
            del kept[2]
            more = [check.validate(LONG).codes.tolist() for _ in range(5)]
            same = [batch.frames() for batch in kept] == wanted[:2] + wanted[3:]
            os.write(write, json.dumps([all(good), same, len(more)]).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        answer = json.loads(file.read())
    os.waitpid(child, 0)
    assert answer == [True, True, 5]
    kept += [secy.protect(LONG).batch for _ in range(5)]
    assert [batch.frames() for batch in kept[:5]] == wanted
    assert check.validate(kept[0]).batch.frames() == LONG.frames()


@pytest.mark.exhaustive
def test_no_memory_and_no_reference_is_left_over() -> None:
    """Thousands of calls, good and bad, with every column looked at, leave nothing behind."""
    sends, check = sender(NATIVE), receiver(NATIVE, replay=False)
    wire = sends.protect(batch_of([FRAME] * 4)).batch
    mixed = batch_of([wire[0], spoiled(wire[1]), wire[2], b""])
    arena = bytearray(4096)
    names = ("arena", "start", "length", "wire_length", "time_ns", "source")

    def once() -> None:
        sends.protect(SHORT)
        for batch in (wire, mixed, batch_of([FRAME])):
            for outcome in (check.validate(batch), check.validate(batch, out=arena)):
                str(outcome.verdict), outcome.sci, outcome.an, outcome.pn, outcome.delivered
                check.validate(outcome.batch)
                for name in names:
                    getattr(outcome.batch, name)
        with suppress(ArenaError):
            sends.protect(SHORT, out=b"")  # type: ignore[arg-type]

    def standing() -> list[int]:
        gc.collect()
        watched = (SHORT, mixed, mixed.time_ns, Outcome, FrameBatch, arena, None)
        return [tracemalloc.get_traced_memory()[0], *map(sys.getrefcount, watched)]

    once()
    tracemalloc.start()
    try:
        for _ in range(TURNS):
            once()
        before = standing()
        for _ in range(TURNS):
            once()
        grown = [now - then for then, now in zip(before, standing(), strict=True)]
    finally:
        tracemalloc.stop()
    assert grown[0] < 16 * TURNS, "no object is as small; numpy's own caches fill slowly"
    assert max(map(abs, grown[1:])) < 20, grown


def test_the_calls_keep_their_secy_alive() -> None:
    """The memory of a SecY lasts as long as the calls into it, and no longer."""
    plane = NativePlane(Controls())
    calls, owner = plane._many, weakref.ref(plane._secy)
    del plane
    gc.collect()
    assert calls.protect(SHORT, None).codes.tolist() == [Verdict.NOT_OPERATIONAL]
    assert owner() is not None
    del calls
    gc.collect()
    assert owner() is None
