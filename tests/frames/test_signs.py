"""Signs of an FCS, VLAN tags and SCIs that a configuration does not know."""

from __future__ import annotations

import zlib

import pytest

from macsec.frames import FrameBatch
from macsec.frames.signs import LOOKED, FrameSigns

SCI = 0x5254001301560001
TAGGED = bytes(12) + b"\x88\xe5\x2c\0\0\0\0\1" + SCI.to_bytes(8) + bytes(64)
VLAN = b"\x81\0\0\x0a"


def signs_of(frames: list[bytes]) -> FrameSigns:
    """Signs of these frames."""
    signs = FrameSigns()
    signs.add(FrameBatch.from_frames(frames))
    return signs


def with_fcs(frame: bytes) -> bytes:
    """Return a frame with its FCS, as on the wire."""
    return frame + zlib.crc32(frame).to_bytes(4, "little")


def test_unsaid_fcs_is_seen() -> None:
    """Frames that end in their CRC-32 give one line with the remedy; one frame of many does not."""
    frames = [TAGGED + bytes([n]) for n in range(9)]
    (line,) = signs_of([with_fcs(frame) for frame in frames]).fcs_hints()
    assert line.startswith("9 of the first 9 frames end in their own CRC-32")
    assert "--fcs yes" in line
    assert list(signs_of(frames).fcs_hints()) == []
    assert list(signs_of([with_fcs(frames[0]), *frames[1:]]).fcs_hints()) == []
    assert list(signs_of([]).fcs_hints()) == []


@pytest.mark.parametrize("tags, clear_tags, seen", [(0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)])
def test_tags_before_the_sectag_are_seen(tags: int, clear_tags: int, seen: int) -> None:
    """More VLAN tags before the SecTAG than clear_tags give a line with the right number."""
    frame = TAGGED[:12] + VLAN * tags + TAGGED[12:]
    lines = list(signs_of([frame]).hints(clear_tags, {"5254001301560001"}, 0x88E5))
    assert len(lines) == seen
    assert all(f"{{clear_tags: {tags}}}" in line for line in lines)


def test_unknown_sci_is_named() -> None:
    """The SCI of a sender without an entry in rx is named."""
    (line,) = signs_of([TAGGED] * 3).hints(0, {"0000000000000001"}, 0x88E5)
    assert line.endswith("for which rx has no entry: it has 0000000000000001")
    assert line.startswith("3 of the first 3 frames are of SCI 5254001301560001")


def test_sectags_of_another_ethertype_are_named() -> None:
    """The usual one is named where the SecY has another, and nothing else is asked for."""
    (line,) = signs_of([TAGGED] * 3).hints(0, set(), 0x9876)
    assert line.endswith("a SecTAG of EtherType 88e5, but secy has ethertype: 9876")
    other = TAGGED[:12] + b"\x98\x76" + TAGGED[14:]
    assert list(signs_of([other]).hints(0, set(), 0x9876)) == []


def test_few_frames_are_looked_at() -> None:
    """The work does not grow with the capture."""
    signs = signs_of([with_fcs(TAGGED)] * (2 * LOOKED))
    signs.add(FrameBatch.from_frames([TAGGED] * 500))
    (line,) = signs.fcs_hints()
    assert line.startswith(f"{LOOKED} of the first {LOOKED} frames")
