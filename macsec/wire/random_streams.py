"""Random streams: one for each seed, link, direction and purpose, the same on every machine.

SplitMix64 (Steele, Lea, Flood 2014) with a start from SHA-256, so that a new link or another
impairment changes no draw of an existing one (D-20). `_native/wire/calendar.c` has the twin.
"""

from __future__ import annotations

import hashlib

MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
ONE = 1 << 32
"""Certainty, as a threshold: every draw is below it."""


def start_of(seed: int, link: str, direction: int, purpose: str) -> int:
    """Return the first state of a stream, 64 bits."""
    text = f"{seed}\0{link}\0{direction}\0{purpose}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


class RandomStream:
    """Random draws of 32 bits."""

    def __init__(self, start: int) -> None:
        self._state = start

    def draw(self) -> int:
        """Return the next number, 0 to 2^32 - 1."""
        self._state = z = (self._state + STEP) & MASK
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        return (z ^ z >> 31) >> 32

    def below(self, limit: int) -> int:
        """Return a number from 0 to limit - 1; 0 if limit is 0."""
        return self.draw() * limit >> 32


class CorrelatedStream(RandomStream):
    """Draws mixed with the draw before, as in netem.

    `weight`: that of the draw before, in units of 2^-32. The mean stays and the spread shrinks: a
    chance with a correlation is hit less often than its probability, here and in netem.
    """

    def __init__(self, start: int, weight: int = 0) -> None:
        super().__init__(start)
        self._weight = weight
        self._last = super().draw() if weight else 0

    def draw(self) -> int:
        """Return the next number, 0 to 2^32 - 1."""
        fresh = super().draw()
        if self._weight:
            fresh = fresh * (ONE - self._weight) + self._last * self._weight >> 32
            self._last = fresh
        return fresh
