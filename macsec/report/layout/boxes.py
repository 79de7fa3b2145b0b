"""Rectangles of a drawing, and the room that a text needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Point = tuple[float, float]

LINE = 15
"""Pixels of a line of words."""
WIDTHS = {
    **dict.fromkeys("ijl.,:;'|!I", 0.36),
    **dict.fromkeys("frt()[]/- ", 0.45),
    **dict.fromkeys("mwMW%@", 1.0),
    **dict.fromkeys("ckszvxy", 0.6),
    **dict.fromkeys("ABCDEFGHJKLNOPQRSTUVXYZ", 0.76),
}
WIDEST_LETTER = 0.66
"""Widths of letters in DejaVu Sans as shares of its size, which no usual font exceeds."""


class Box(NamedTuple):
    """An occupied part of the drawing."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, place: Point, width: float, height: float) -> Box:
        """Return a box with its middle."""
        x, y = place
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def meets(self, other: Box) -> bool:
        """Return whether they overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def has(self, point: Point) -> bool:
        """Return whether a point is inside."""
        return self.left < point[0] < self.right and self.top < point[1] < self.bottom

    def wider(self, by: float) -> Box:
        """Return the box with a margin."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


def around_all(boxes: Iterable[Box]) -> Box:
    """Return the box around boxes."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def text_width(text: str, size: float = 12) -> float:
    """Return the pixels that a text needs at most."""
    return size * sum(WIDTHS.get(letter, WIDEST_LETTER) for letter in text)
