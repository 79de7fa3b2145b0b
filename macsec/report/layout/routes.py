"""Routes of links: straight where nothing is in the way, otherwise a curve beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .boxes import Box, Point

Boxes = NDArray[np.float64]
"""A row of left, top, right and bottom for each box."""
BEND = 84
"""Pixels between parallel links, at their middle."""
BENDS = tuple(sign * 36 * step for step in range(1, 9) for sign in (1, -1))
"""Ways around boxes, the shortest first."""
NEAR = 5
"""Pixels between a line and a box beside it."""
STEPS = 48
"""Points of a line that are checked for obstacles."""


@dataclass(frozen=True, slots=True)
class Route:
    """A quadratic curve from one node to another."""

    start: Point
    control: Point
    stop: Point

    def at(self, share: float) -> Point:
        """Return the point at a share of the way."""
        rest = 1 - share
        x, y = (
            rest * rest * a + 2 * rest * share * b + share * share * c
            for a, b, c in zip(self.start, self.control, self.stop, strict=True)
        )
        return x, y

    @property
    def points(self) -> list[Point]:
        """Points along the way."""
        return [self.at(step / STEPS) for step in range(STEPS + 1)]

    @property
    def is_steep(self) -> bool:
        """True if the link is so steep that words fit beside it rather than below."""
        (x0, y0), (x1, y1) = self.start, self.stop
        return abs(y1 - y0) > 0.35 * abs(x1 - x0)


def routes(pairs: Sequence[tuple[str, str]], boxes: Mapping[str, Box]) -> list[Route]:
    """Return the route of each link between two nodes, by name, in order."""
    parallel: dict[frozenset[str], list[int]] = defaultdict(list)
    for at, (a, b) in enumerate(pairs):
        parallel[frozenset((a, b))].append(at)
    found: dict[int, Route] = {}
    for ends, members in parallel.items():
        others = np.array([box for name, box in boxes.items() if name not in ends])
        start, stop = sorted(_middle(boxes[name]) for name in (*ends, *ends)[:2])
        for at, link in enumerate(members):
            bend = (at - (len(members) - 1) / 2) * BEND
            found[link] = _clear(start, stop, bend, others)
    return [found[at] for at in range(len(pairs))]


def _clear(start: Point, stop: Point, bend: float, others: Boxes) -> Route:
    """Return the first way that crosses no box; the straight one if there is none."""
    usual = _curve(start, stop, bend)
    for more in (0, *BENDS):
        route = _curve(start, stop, bend + more)
        if not len(others) or not _crosses(route, others):
            return route
    return usual


def _crosses(route: Route, boxes: Boxes) -> bool:
    left, top, right, bottom = boxes.T[:, :, None]
    x, y = np.array(route.points).T
    inside = (x > left - NEAR) & (x < right + NEAR) & (y > top - NEAR) & (y < bottom + NEAR)
    return bool(inside.any())


def _curve(start: Point, stop: Point, bend: float) -> Route:
    (x0, y0), (x1, y1) = start, stop
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1)
    normal = (-(y1 - y0) / length, (x1 - x0) / length)
    # The curve passes half-way between its control and the straight line.
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    x, y = (at + 2 * bend * towards for at, towards in zip(middle, normal, strict=True))
    return Route(start, (x, y), stop)


def _middle(box: Box) -> Point:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2
