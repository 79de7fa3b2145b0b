"""Output of a data plane: nothing of a failed frame, nothing of another call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.planes import (
    CONFIDENTIAL,
    INTEGRITY,
    PLANES,
    SUITE_NAMES,
    C,
    Craft,
    Plane,
    add_rx,
    batch_of,
    frame_of,
    judged,
    pair,
    spoiled,
)

from macsec.frames import FrameBatch
from macsec.secy import SecY

NATIVE = [plane for plane in PLANES if plane.backend == "native"]
POISON = 0xDB
VLAN = bytes.fromhex("8100a123")


def run_in_c(secy: SecY, call: str, frames: list[bytes]) -> tuple[list[int], bytes, int]:
    """Call the C interface on poisoned output; return codes, whole arena, octets used."""
    from macsec._native import ffi, lib

    batch, rows = batch_of(frames), len(frames)
    given, out = ffi.new("macsec_frames *"), ffi.new("macsec_outcome *")
    held: list[Any] = [ffi.from_buffer("uint8_t[]", batch.arena)]
    given.arena, given.count = held[0], rows
    for name in ("start", "length", "wire_length"):
        held.append(ffi.from_buffer("int64_t[]", getattr(batch, name)))
        setattr(given, name, held[-1])
    out.capacity = lib.macsec_capacity(given)
    arena = ffi.new("uint8_t[]", bytes([POISON]) * out.capacity)
    out.arena = arena
    kinds = dict.fromkeys(("start", "length", "delivered"), "int64_t[]")
    kinds |= dict.fromkeys(("codes", "an"), "uint8_t[]") | dict.fromkeys(
        ("sci", "pn"), "uint64_t[]"
    )
    for name, kind in kinds.items():
        held.append(ffi.new(kind, rows))
        setattr(out, name, held[-1])
    assert getattr(lib, f"macsec_{call}")(secy._plane._secy, given, out) == 0  # type: ignore[attr-defined]
    return list(out.codes[0:rows]), bytes(ffi.buffer(arena, out.capacity)), out.octets


needs_native = pytest.mark.skipif(not NATIVE, reason="the native data plane was not built")


@needs_native
@pytest.mark.parametrize("native", NATIVE, ids=str)
@pytest.mark.parametrize("cipher", SUITE_NAMES)
@pytest.mark.parametrize("tci", [CONFIDENTIAL, INTEGRITY, INTEGRITY | C])
@pytest.mark.parametrize("tags, clear_tags", [(b"", 0), (VLAN, 1), (VLAN * 2, 2)])
def test_no_plaintext_is_left_after_a_failed_icv(
    native: Plane, cipher: str, tci: int, tags: bytes, clear_tags: int
) -> None:
    """With a wrong ICV no octet of plaintext is left in the output, at any length."""
    for offset in (0, 30, 50) if tci == CONFIDENTIAL and "xpn" not in cipher else (0,):
        secy = add_rx(native.secy(cipher=cipher, clear_tags=clear_tags, offset=offset))
        craft = Craft(cipher=cipher, tci=tci, tags=tags, offset=offset)
        for user in [*range(1, 140), 255, 256, 257, 1000, 1500, 9000]:
            clear = frame_of(user, fill=user)
            codes, arena, used = run_in_c(secy, "validate", [spoiled(craft.protect(clear))])
            assert (codes, used) == ([2], 0)
            # In front of the User Data there may be what was sent in clear; then only zeros.
            if tags:
                hidden = clear[12 + offset :] if tci == CONFIDENTIAL else b""
                assert not hidden[16:] or hidden[16:] not in arena
                written = arena.rstrip(bytes([POISON]))
                assert written.endswith(bytes(user))
            else:
                assert arena[12 : 12 + user] == bytes(user)
                assert set(arena[:12] + arena[12 + user :]) == {POISON}


@needs_native
@pytest.mark.parametrize("native", NATIVE, ids=str)
@pytest.mark.parametrize("call", ["protect", "validate"])
def test_native_plane_writes_nothing_behind_its_output(native: Plane, call: str) -> None:
    """Only the reported octets are written, except in the room of a frame that failed."""
    sends, receives = pair(native)
    frames = [frame_of(n) for n in (1, 47, 48, 1000, 3)]
    if call == "protect":
        codes, arena, used = run_in_c(sends, call, frames)
        expected = b"".join(Craft(pn=pn).protect(f) for pn, f in enumerate(frames, 1))
    else:
        sealed = [Craft(pn=pn).protect(f) for pn, f in enumerate(frames, 1)]
        codes, arena, used = run_in_c(receives, call, sealed)
        expected = b"".join(frames)
    assert len(set(codes)) == 1
    assert arena[:used] == expected
    assert set(arena[used:]) <= {POISON}


@needs_native
@pytest.mark.parametrize("native", NATIVE, ids=str)
def test_too_small_an_output_uses_no_pn(native: Plane) -> None:
    """If the arena is too small the call reports no room, and no PN is used."""
    from macsec._native import ffi, lib

    sends, _ = pair(native)
    given, out = ffi.new("macsec_frames *"), ffi.new("macsec_outcome *")
    batch = batch_of([frame_of(60)])
    held = [ffi.from_buffer("uint8_t[]", batch.arena)]
    given.arena, given.count = held[0], 1
    for name in ("start", "length", "wire_length"):
        held.append(ffi.from_buffer("int64_t[]", getattr(batch, name)))
        setattr(given, name, held[-1])
    out.capacity = lib.macsec_capacity(given) - 1
    status = lib.macsec_protect(sends._plane._secy, given, out)  # type: ignore[attr-defined]
    assert status == lib.MACSEC_STATUS_NO_ROOM
    assert sends.tx.sa[0].next_pn == 1


# ---------------------------------------------------------------- the caller's arrays


def test_outcome_is_not_changed_by_later_calls(every_plane: Plane) -> None:
    """The result of a call does not change with any number of later calls."""
    sends, receives = pair(every_plane, window=10000)
    held = []
    for number in range(30):
        frames = [frame_of(40 + number, fill=number), frame_of(200, fill=number)]
        sent = sends.protect(batch_of(frames))
        back = receives.validate(sent.batch)
        held.append((sent, sent.batch.frames(), back, frames, back.batch.take(slice(1, 2))))
        if number % 3 == 0:
            sends.protect(batch_of([frame_of(100)] * 5))
    for sent, octets, back, frames, part in held:
        assert sent.batch.frames() == octets
        assert back.batch.frames() == frames
        assert part.frames() == frames[1:]


def test_view_of_a_frame_outlives_its_batch(every_plane: Plane) -> None:
    """A view of one frame keeps its octets when the batch is gone and others were made."""
    sends, _ = pair(every_plane)
    view = sends.protect(batch_of([frame_of(100)])).batch.view(0)
    slices = [sends.protect(batch_of([frame_of(100, n)])).batch[:1].arena for n in range(8)]
    before = view.tobytes()
    for n in range(20):
        sends.protect(batch_of([frame_of(100, n)]))
    assert view.tobytes() == before == Craft().protect(frame_of(100))
    assert len({arena.tobytes() for arena in slices}) == 8


def test_outputs_do_not_share_the_input(every_plane: Plane) -> None:
    """Delivered frames are copies: changing the caller's octets later changes nothing."""
    octets = np.frombuffer(bytearray(frame_of(60) * 2), np.uint8).copy()
    given = FrameBatch(octets, [0, 72], [72, 72])
    for secy in (every_plane.secy(protect=False), every_plane.secy(validate="null")):
        out = secy.protect(given).batch
        back = secy.validate(given).batch if secy.controls.protect else out
        octets[20] ^= 1
        assert out.frames() == back.frames() == [frame_of(60)] * 2
        octets[20] ^= 1


# ---------------------------------------------------------------- where a frame lies (N1)


@pytest.mark.parametrize("tci", [CONFIDENTIAL, INTEGRITY])
def test_result_does_not_depend_on_the_position_in_an_arena(every_plane: Plane, tci: int) -> None:
    """A frame gives the same result at any place in an arena, next to any octets."""
    clear = frame_of(100)
    frame = Craft(tci=tci).protect(clear)
    for at in range(70):
        arena = bytes([0x88, 0xE5] * 40)[:at] + frame + b"\xff" * (at % 5)
        for start in (at, len(arena) - len(frame) if arena.endswith(frame) else at):
            secy = add_rx(every_plane.secy(encrypt=tci == CONFIDENTIAL))
            outcome = secy.validate(FrameBatch(arena, [start], [len(frame)]))
            assert outcome.batch.frames() == [clear], at


def test_overlapping_rows_are_validated_by_their_own_octets(every_plane: Plane) -> None:
    """Rows may overlap, repeat and lie in any order; each is judged by its own octets."""
    frames = [Craft(pn=pn).protect(frame_of(50 + pn)) for pn in range(1, 6)]
    arena = b"".join(frames)
    starts = np.cumsum([0, *map(len, frames)])[:-1]
    order = [4, 0, 0, 3, 1, 2, 4]
    batch = FrameBatch(arena, starts[order], [len(frames[row]) for row in order])
    secy = add_rx(every_plane.secy(window=100))
    outcome = secy.validate(batch)
    assert outcome.batch.frames() == [frame_of(51 + row) for row in order]
    short = FrameBatch(arena, [0, 0, 1], [len(frames[0]), len(frames[0]) - 1, len(frames[0])])
    ends = [v.label for v in secy.validate(short).verdict]
    assert ends == ["ok", "not-valid", "no-tag"]


def test_frame_at_the_end_of_a_page_is_read_no_further(every_plane: Plane) -> None:
    """A frame that ends with its arena is read to its end and no further, at any length."""
    for user in [*range(1, 70), 1000]:
        clear = frame_of(user)
        frame = Craft().protect(clear)
        size = 4096
        arena = np.zeros(size, np.uint8)
        arena[size - len(frame) :] = np.frombuffer(frame, np.uint8)
        batch = FrameBatch(arena, [size - len(frame)], [len(frame)])
        assert add_rx(every_plane.secy()).validate(batch).batch.frames() == [clear]


@pytest.mark.parametrize("rows", [1, 2, 63, 64, 65, 1000])
def test_batch_of_any_size_is_its_frames_in_order(every_plane: Plane, rows: int) -> None:
    """A batch of any size gives the results of its frames in order (N1)."""
    sends, receives = pair(every_plane)
    frames = [frame_of(1 + n % 97, fill=n) for n in range(rows)]
    sent = sends.protect(batch_of(frames))
    craft = Craft()
    assert sent.batch.frames() == [
        replace(craft, pn=pn).protect(frame) for pn, frame in enumerate(frames, 1)
    ]
    assert receives.validate(sent.batch).batch.frames() == frames
    assert judged(receives, sent.batch.frames()) == ["late"] * rows
