"""Random streams: one for each seed, link, direction and purpose, the same bits everywhere.

SplitMix64 (Steele, Lea, Flood 2014) with a start from SHA-256, so that a new link or another
impairment moves no draw of an existing one. `_native/wire/calendar.c` has the twin.
"""

from __future__ import annotations

import hashlib

MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
ONE = 1 << 32
"""Certainty, as a threshold; a draw is below it always."""


def start_of(seed: int, link: str, direction: int, purpose: str) -> int:
    """The first state of a stream, 64 bits."""
    text = f"{seed}\0{link}\0{direction}\0{purpose}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


class Stream:
    """Draws of 32 bits."""

    def __init__(self, start: int) -> None:
        self._state = start

    def draw(self) -> int:
        """The next number, 0 to 2^32 - 1."""
        self._state = z = (self._state + STEP) & MASK
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        return (z ^ z >> 31) >> 32

    def below(self, limit: int) -> int:
        """A number from 0 to limit - 1; 0 if limit is 0."""
        return self.draw() * limit >> 32


class Correlated(Stream):
    """Draws of which each is a mix of a fresh one and the one before, as netem mixes them.

    `weight` of the one before, of 2^32. The mean stays, the spread shrinks: a chance under a
    correlation comes true less often than it says, here as there.
    """

    def __init__(self, start: int, weight: int = 0) -> None:
        super().__init__(start)
        self._weight = weight
        self._last = super().draw() if weight else 0

    def draw(self) -> int:
        """The next number, 0 to 2^32 - 1."""
        fresh = super().draw()
        if self._weight:
            fresh = fresh * (ONE - self._weight) + self._last * self._weight >> 32
            self._last = fresh
        return fresh
