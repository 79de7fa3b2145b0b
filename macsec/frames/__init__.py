"""Ethernet frames as octets: batches, the SecTAG, and a dissector that needs no key.

batch.py     FrameBatch     n frames in one block of octets, with columns beside it
held.py      Held           columns that C made: arrays at the first look at them
sectag.py    SecTAG         the tag: encode, decode, check (9.3 to 9.12)
dissect.py   observe, Sight the parts of a frame that are visible without a key
columns.py                  batch-wide operations: compare frames, extract addresses
sides.py     Split          the side of a link that each frame comes from, by its addresses
unsent.py    Unsent         frames of a capture that cannot be sent again, by reason
signs.py      FrameSigns     signs of settings that do not fit: FCS, VLAN tags, SCIs
"""

from .batch import Column, FrameBatch, FrameLike, Octets, frame_octets
from .dissect import Sight, observe
from .sectag import TCI, SecTAG, TagRules

__all__ = [
    "TCI",
    "Column",
    "FrameBatch",
    "FrameLike",
    "Octets",
    "SecTAG",
    "Sight",
    "TagRules",
    "frame_octets",
    "observe",
]
