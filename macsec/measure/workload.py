"""The frames of a measurement: their lengths, alone or mixed.

A length given as a number is without FCS, as frames are everywhere in this package. Mixes are
defined on Ethernet and count the FCS: simple IMIX is 64, 594 and 1518 octets at 7:4:1, and the
letters of a genome are those of RFC 6985.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle, islice

from macsec.errors import ConfigError
from macsec.frames import FrameBatch
from macsec.measure.arithmetic import FCS

DEFAULT = ("64", "128", "256", "512", "1024", "1280", "1514", "1518", "9014", "9018", "imix")
IMIX = (64, 594, 64, 64, 594, 64, 1518, 64, 594, 64, 594, 64)
GENOME = {
    "a": 64,
    "b": 128,
    "c": 256,
    "d": 512,
    "e": 1024,
    "f": 1280,
    "g": 1518,
    "h": 2112,
    "i": 9000,
    "j": 16000,
}
SHORTEST, LONGEST = 14, 16_000
LOCAL_EXPERIMENT = b"\x88\xb5"
ADDRESSES = bytes.fromhex("525400130157525400130156")


@dataclass(frozen=True, slots=True)
class Workload:
    """Frame lengths without FCS that come in turn, and their name."""

    name: str
    lengths: tuple[int, ...]

    def of(self, frames: int) -> tuple[int, ...]:
        """Return the lengths of n frames."""
        return tuple(islice(cycle(self.lengths), frames))

    def batch(self, frames: int) -> FrameBatch:
        """Return n different clear frames, the same at every call."""
        return FrameBatch.from_frames(map(_frame, self.of(frames), range(frames)))


def parse(word: str) -> Workload:
    """Parse a number of octets, `imix`, or `genome:` and letters. Raises ConfigError."""
    kind, _, letters = word.strip().lower().partition(":")
    if kind == "imix" and not letters:
        return Workload("imix", _without_fcs(IMIX))
    if kind == "genome":
        unknown = sorted(set(letters) - set(GENOME))
        if unknown or not letters:
            raise ConfigError(f"genome {letters!r}: letters a to j of RFC 6985 are known")
        return Workload(f"genome:{letters}", _without_fcs(GENOME[letter] for letter in letters))
    if not kind.isdecimal() or letters or not SHORTEST <= int(kind) <= LONGEST:
        raise ConfigError(
            f"frame size {word!r}: {SHORTEST} to {LONGEST} octets, imix, or genome:LETTERS"
        )
    return Workload(str(int(kind)), (int(kind),))


def _without_fcs(lengths: Iterable[int]) -> tuple[int, ...]:
    return tuple(length - FCS for length in lengths)


def _frame(length: int, row: int) -> bytes:
    # Octets without a pattern, from which nothing can profit.
    user_data = hashlib.shake_128(row.to_bytes(4)).digest(length - SHORTEST)
    return ADDRESSES + LOCAL_EXPERIMENT + user_data
