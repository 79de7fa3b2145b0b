"""One frame a call: the lock, threads beside it, arguments, and who owns what."""

from __future__ import annotations

import gc
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from support.planes import SCI_A, Plane, frame_of, receiver, sender

from macsec.errors import MACsecError
from macsec.frames import FrameBatch
from macsec.secy import Controls, SecY, Verdict

pytest.importorskip("macsec._native", reason="the native data plane is not built")

from macsec import _native
from macsec._native import ffi, lib
from macsec.secy.native import NativePlane

FRAME = frame_of(50)
NATIVE = Plane("native")
EACH = 20_000
BATCH = FrameBatch.from_frames([FRAME] * 64)


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Run functions in a thread each, and return their results."""
    answers: list[Any] = [None] * len(work)
    begin = threading.Barrier(len(work))

    def run(row: int) -> None:
        begin.wait()
        answers[row] = work[row]()

    threads = [threading.Thread(target=run, args=(row,)) for row in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def single_frames(secy: SecY) -> list[bytes]:
    """Protect n frames, one at a time."""
    return [secy.protect_frame(FRAME) or b"" for _ in range(EACH)]


def batches_and_management(secy: SecY) -> list[bytes]:
    """As many frames in batches, with management in between."""
    sent = []
    for _ in range(EACH // len(BATCH)):
        sent += secy.protect(BATCH).batch.frames()
        secy.set_controls(window=len(sent))
    return sent


@pytest.mark.usefixtures("eager_threads")
def test_frames_beside_frames_and_batches() -> None:
    """Two threads of single frames and one of batches: no PN twice, every frame valid and whole."""
    secy = sender(NATIVE)
    works = [single_frames, single_frames, batches_and_management]
    sent = [frame for each in at_once(*[lambda w=w: w(secy) for w in works]) for frame in each]
    pns = sorted(int.from_bytes(frame[16:20]) for frame in sent)
    assert pns == list(range(1, len(sent) + 1))
    check = receiver(NATIVE, replay=False)
    clear = check.validate(FrameBatch.from_frames(sent)).batch
    assert len(clear) == len(sent) == 2 * EACH + EACH // len(BATCH) * len(BATCH)
    assert set(clear.frames()) == {FRAME}
    assert secy.counters["OutPktsEncrypted"] == len(sent)


@pytest.mark.usefixtures("eager_threads")
def test_receiving_beside_batches() -> None:
    """Of frames received by three threads at once, with replay protection each is good once."""
    sends, check = sender(NATIVE), receiver(NATIVE, window=1000, duplicates_reject=True)
    wire = sends.protect(FrameBatch.from_frames([FRAME] * 900)).batch
    frames = wire.frames()

    def one_by_one() -> list[bytes]:
        results = [check.validate_frame(frame) for frame in frames]
        return [clear for _, clear in results if clear is not None]

    def batched() -> list[bytes]:
        return [clear for row in range(900) for clear in check.validate(wire[row : row + 1]).batch]

    answers = at_once(one_by_one, one_by_one, batched)
    assert [frame for each in answers for frame in each] == [FRAME] * 900
    assert check.rx[SCI_A].counters["InPktsOK"] == 900
    assert check.rx[SCI_A].counters["InPktsLate"] == 1800


class Recorder:
    """A lock that records its calls, and may refuse."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.refuses: type[BaseException] | None = None

    def acquire(self) -> None:
        """Taken, or interrupted."""
        if self.refuses is not None:
            raise self.refuses
        self.calls.append("acquire")

    def release(self) -> None:
        """Given back."""
        self.calls.append("release")


class Closed(Exception):
    """The error of closed calls in this test."""


def closed() -> None:
    """Raise it."""
    raise Closed


def calls_of(plane: NativePlane, lock: Any) -> _native.FrameCalls:
    """Calls into a plane under another lock."""
    address = int(ffi.cast("uintptr_t", plane._secy))
    return _native.FrameCalls(plane._secy, address, lock, tuple(Verdict), closed)


@pytest.mark.parametrize("name", ["protect", "validate"])
def test_lock_is_taken_and_released_once_a_frame(name: str) -> None:
    """Taken and given back once a frame; an interrupt while waiting leaves frame and lock alone."""
    plane, lock = NativePlane(Controls()), Recorder()
    calls = calls_of(plane, lock)
    call = getattr(calls, name)
    assert call(b"") == (Verdict.RUNT, None)
    assert lock.calls == ["acquire", "release"]
    lock.refuses = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        call(b"")
    assert lock.calls == ["acquire", "release"]
    assert plane.tally().frames[Verdict.RUNT] == 1
    lock.refuses = None
    calls.close()
    with pytest.raises(Closed):
        call(b"")
    assert lock.calls == ["acquire", "release"] * 2
    assert plane.tally().frames[Verdict.RUNT] == 1


@pytest.mark.usefixtures("eager_threads")
def test_closing_beside_frames() -> None:
    """A SecY that closes meanwhile lets a frame through whole or refuses it."""
    secy = sender(NATIVE)
    whole = len(secy.protect_frame(FRAME) or b"")

    def until_closed() -> set[int]:
        lengths = set()
        try:
            while True:
                lengths.add(len(secy.protect_frame(FRAME) or b""))
        except MACsecError:
            return lengths

    answers = at_once(until_closed, until_closed, secy.close)
    assert all(lengths <= {whole} for lengths in answers[:2])
    with pytest.raises(MACsecError, match="closed"):
        secy.protect_frame(FRAME)


def test_calls_accept_only_bytes() -> None:
    """The calls take bytes and nothing else: other kinds are for the SecY to convert."""
    calls = NativePlane(Controls())._one
    for other in (bytearray(FRAME), memoryview(FRAME), "frame", 64, None):
        with pytest.raises(TypeError, match="bytes"):
            calls.protect(other)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="bytes"):
            calls.validate(other)  # type: ignore[arg-type]


def test_made_of_the_right_parts() -> None:
    """Wrong parts are refused when the calls are made."""
    plane = NativePlane(Controls())
    for parts in (
        (None, "address", threading.Lock(), (), closed),
        (None, 0, object(), (), closed),
        (None, 0, threading.Lock(), [], closed),
        (None, 1 << 200, threading.Lock(), (), closed),
        (),
    ):
        with pytest.raises((TypeError, AttributeError, OverflowError)):
            _native.FrameCalls(*parts)  # type: ignore[arg-type]
    assert calls_of(plane, threading.Lock()).protect(b"") == (Verdict.RUNT, None)


def test_nothing_is_left_over() -> None:
    """Thousands of calls, good and bad, leave no memory and no reference behind."""
    sends, check = sender(NATIVE), receiver(NATIVE, replay=False)
    wire = sends.protect_frame(FRAME) or b""
    bad = wire[:-1] + bytes([wire[-1] ^ 1])

    def once() -> None:
        sends.protect_frame(FRAME)
        check.validate_frame(wire)
        check.validate_frame(bad)
        check.validate_frame(b"")

    def standing() -> list[int]:
        gc.collect()
        watched = (FRAME, wire, Verdict.OK, Verdict.NOT_VALID, None)
        return [tracemalloc.get_traced_memory()[0], *map(sys.getrefcount, watched)]

    once()
    tracemalloc.start()
    try:
        standing()
        before = standing()
        for _ in range(2000):
            once()
        grown = [now - then for then, now in zip(before, standing(), strict=True)]
    finally:
        tracemalloc.stop()
    assert max(map(abs, grown)) < 1000


def test_the_calls_keep_their_secy() -> None:
    """The memory of a SecY lasts as long as the calls into it, and no longer."""
    plane = NativePlane(Controls())
    calls, owner = plane._one, weakref.ref(plane._secy)
    del plane
    gc.collect()
    assert calls.protect(FRAME) == (Verdict.NOT_OPERATIONAL, None)
    assert owner() is not None
    del calls
    gc.collect()
    assert owner() is None


def test_the_c_calls_agree() -> None:
    """The calls return what C returns as one number: a verdict and a count of octets."""
    first, second = sender(NATIVE), sender(NATIVE)
    out = ffi.new("uint8_t[]", len(FRAME) + 32)
    ended = lib.macsec_protect_frame(first._plane._secy, FRAME, len(FRAME), out)  # type: ignore[attr-defined]
    result = second._plane.protect_frame(FRAME)
    assert result == (ended & 0xFF, ffi.buffer(out, ended >> 8)[:])
    assert result[0] is Verdict.ENCRYPTED
