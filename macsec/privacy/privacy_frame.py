"""A privacy frame: one MPPDU for one user data frame, padded (17.4.2, 20.7)."""

from __future__ import annotations

from .counters import FrameCounters
from .mppdu import ETHERTYPE_LENGTH, FRAME_HEADER, EncapsulatedFrame, Padding

PADDINGS = (1, 16, 32, 64)
"""Values of frame-padding; 1 is none."""
FRONT = ETHERTYPE_LENGTH + FRAME_HEADER


def privacy_frame(frame: bytes, padding: int, least: int) -> bytes:
    """Return what follows the EtherType: as in YANG, 4 octets and a multiple of `padding`.

    `least`: octets that are filled at least, counted alike.
    """
    room = max(len(frame), least - FRONT)
    room = -(-room // padding) * padding
    return EncapsulatedFrame(frame).encode() + Padding(room - len(frame)).encode()


def count(counters: FrameCounters, frame: bytes, mppdu: bytes) -> None:
    """Count a privacy frame; `mppdu` is the whole one, with its addresses."""
    counters.out_pf_user_frames += 1
    counters.out_pf_user_octets += len(frame)
    counters.out_pf_pad_octets += len(mppdu) - len(frame)
