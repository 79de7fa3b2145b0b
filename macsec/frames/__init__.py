"""Ethernet frames as octets: batches of them, the SecTAG, and what is visible without a key.

batch.py     FrameBatch     n frames in one block of octets, with columns beside it
sectag.py    SecTAG         the tag: encode, decode, what is wrong with it (9.3 to 9.12)
dissect.py   Sight          a frame taken apart without a key
columns.py                  batch-wide operations: compare frames, extract addresses
sides.py     Split          the side of a link that each frame comes from, by its addresses
"""

from .batch import Column, FrameBatch, Octets
from .sectag import SecTAG

__all__ = ["Column", "FrameBatch", "Octets", "SecTAG"]
