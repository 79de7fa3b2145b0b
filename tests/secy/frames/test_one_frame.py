"""`protect_frame` and `validate_frame`: what they take and what they answer with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.planes import Plane, frame_of, pair, receiver, sender

from macsec.errors import FrameError
from macsec.secy import Verdict


class Octets(bytes):
    """A kind of bytes that lies about itself."""

    def __len__(self) -> int:
        return 1 << 40


def every_second(frame: bytes) -> memoryview:
    """A view that does not lie in one piece."""
    return memoryview(b"".join(bytes([octet, 0]) for octet in frame))[::2]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, Octets, every_second])
def test_any_bytes_like_object_is_a_frame(plane: Plane, kind: Callable[[bytes], Any]) -> None:
    """Anything that `bytes` takes is a frame."""
    sends, receives = pair(plane)
    frame = frame_of(60)
    wire = sender(plane).protect_frame(frame)
    assert wire is not None
    assert sends.protect_frame(kind(frame)) == wire
    assert receives.validate_frame(kind(wire)) == (Verdict.OK, frame)


NO_FRAMES = [60, True, 0, [1, 2], (1, 2), ["aa"], "frame", None, 1.5, range(9), {1: 2}]


@pytest.mark.parametrize("value", NO_FRAMES, ids=repr)
def test_what_is_no_octets_is_refused_and_not_counted(plane: Plane, value: Any) -> None:
    """A number does not become zeros, and a list of numbers is no frame: nothing is counted."""
    secy = sender(plane)
    for call in (secy.protect_frame, secy.validate_frame):
        with pytest.raises(FrameError, match=f"a frame is octets, not {type(value).__name__}"):
            call(value)
    for many in (secy.protect, secy.validate):
        with pytest.raises(FrameError, match="expected a FrameBatch, not"):
            many(value)
    assert not any(secy.counters.values())


def test_packet_of_scapy_is_a_frame(plane: Plane) -> None:
    """An object with `__bytes__` is taken as a whole."""

    class Packet:
        def __bytes__(self) -> bytes:
            return frame_of(60)

    packet: Any = Packet()
    assert sender(plane).protect_frame(packet) == sender(plane).protect_frame(frame_of(60))


@pytest.mark.parametrize("user", [1, 46, 1500, 9000, 70_000])
def test_frames_of_all_lengths_make_the_round_trip(every_plane: Plane, user: int) -> None:
    """Frames of all lengths go there and back, each answer octets of its own."""
    frame, (sends, receives) = frame_of(user), pair(every_plane)
    first, second = sends.protect_frame(frame), sends.protect_frame(frame)
    assert first is not None
    assert second is not None
    assert first != second
    assert len(first) == len(second) == len(frame) + 32
    for wire in (first, second):
        verdict, clear = receives.validate_frame(wire)
        assert (type(verdict), verdict, type(clear), clear) == (Verdict, Verdict.OK, bytes, frame)


def test_empty_frame_is_a_runt_both_ways(plane: Plane) -> None:
    """An empty frame is a runt both ways."""
    assert sender(plane).protect_frame(b"") is None
    assert receiver(plane).validate_frame(b"") == (Verdict.RUNT, None)
