"""Places of symbols and words on links: on no box, on no other symbol, on no other words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .boxes import LINE, Box, Point, text_width
from .routes import STEPS, Route

SHARES = (0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.27, 0.73, 0.23, 0.77)
"""Places of a symbol along its link, the best first."""
SPACE = 4
"""Pixels between a symbol and its words."""


@dataclass(frozen=True, slots=True)
class Written:
    """Lines of words with the box that they need. `anchor`: start, middle or end."""

    lines: Sequence[str]
    anchor: str
    box: Box


@dataclass(frozen=True, slots=True)
class Labelled:
    """The place of a link's symbol, and its words if they have room beside it."""

    symbol: Point
    words: Written | None
    free: bool


@dataclass(frozen=True, slots=True)
class PlaceRequest:
    """A link's symbol with its size, and the lines of its words, none for a symbol alone."""

    route: Route
    size: tuple[float, float]
    lines: Sequence[str] = ()


class Room:
    """The occupied part of a drawing."""

    def __init__(self, boxes: Sequence[Box], routes: Sequence[Route]) -> None:
        self.taken = list(boxes)
        points = [route.points for route in routes]
        self._points = np.array(points).reshape(len(routes), STEPS + 1, 2)

    def place(self, requests: Sequence[PlaceRequest]) -> list[Labelled]:
        """Return a place for each link, in the order of the routes: all symbols, then all words."""
        symbols = [self._symbol(at, request) for at, request in enumerate(requests)]
        found = []
        for at, (request, (point, free)) in enumerate(zip(requests, symbols, strict=True)):
            words = self._words(at, request, point) if request.lines else None
            found.append(Labelled(point, words, free))
        return found

    def _symbol(self, at: int, request: PlaceRequest) -> tuple[Point, bool]:
        """Return the first place on no box, and if possible on no line of another link."""
        boxes = [Box.around(request.route.at(share), *request.size) for share in SHARES]
        free = [self._is_free(box.wider(2)) for box in boxes]
        alone = [each and not self._crossed(at, box) for each, box in zip(free, boxes, strict=True)]
        chosen = next((n for n, each in enumerate(alone) if each), None)
        if chosen is None:
            chosen = next((n for n, each in enumerate(free) if each), 0)
        self.taken.append(boxes[chosen])
        return request.route.at(SHARES[chosen]), free[chosen]

    def _words(self, at: int, request: PlaceRequest, symbol: Point) -> Written | None:
        width = max(map(text_width, request.lines))
        height = LINE * len(request.lines) + 2
        for anchor, box in _beside(request, symbol, width, height):
            if self._is_free(box) and not self._crossed(at, box, own=True):
                self.taken.append(box)
                return Written(request.lines, anchor, box)
        return None

    def _is_free(self, box: Box) -> bool:
        return not any(box.meets(other) for other in self.taken)

    def _crossed(self, at: int, box: Box, own: bool = False) -> bool:
        """Return whether the line of another link crosses a box; `own`: or the link's own."""
        near, x, y = box.wider(2), *self._points.transpose(2, 0, 1)
        inside = (near.left < x) & (x < near.right) & (near.top < y) & (y < near.bottom)
        crossed = set(np.flatnonzero(inside.any(axis=1)).tolist())
        return bool(crossed if own else crossed - {at})


def _beside(
    request: PlaceRequest, symbol: Point, width: float, height: float
) -> Iterator[tuple[str, Box]]:
    """Yield places right, left, below and above a symbol, and farther along a steep link."""
    (x, y), (wide, high) = symbol, request.size
    for aside in (0, 10, 24, 44):
        right, left = x + wide / 2 + SPACE + aside, x - wide / 2 - SPACE - aside - width
        beside = [
            ("start", Box(right, y - height / 2, right + width, y + height / 2)),
            ("end", Box(left, y - height / 2, left + width, y + height / 2)),
        ]
        below, above = y + high / 2 + SPACE / 2 + aside, y - high / 2 - SPACE / 2 - height - aside
        over = [
            ("middle", Box(x - width / 2, at, x + width / 2, at + height)) for at in (below, above)
        ]
        yield from (*beside, *over) if request.route.is_steep else (*over, *beside)
