"""Middles of all boxes: the picture of the graph, turned so that it needs the least room."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from .boxes import Point
from .stress import Positions, positions

TURNS = 24
FLAT = (1.0, 0.8, 0.62, 0.5)
"""Heights that a picture is pressed to: boxes are broader than they are high."""
BROAD = 1.6
"""Width over height of the usual place for a picture."""
PAGE = 1130
"""Pixels across a page; a broader picture scrolls, and is taken only if it is much smaller."""


def shape(
    names: Sequence[str], pairs: Sequence[tuple[str, str]], groups: Mapping[str, Hashable]
) -> Positions:
    """Return the picture of a graph, a row of x and y for each node; `fitted` gives it a size."""
    at = {name: number for number, name in enumerate(names)}
    numbered = [(at[a], at[b]) for a, b in pairs]
    return positions(len(names), numbered, [groups.get(name) for name in names])


def fitted(placed: Positions, width: float, height: float) -> list[Point]:
    """Return the picture in pixels, turned and pressed to the least area.

    `width` and `height`: what a node needs for itself and the space beside it.
    """
    best, least = placed, math.inf
    for turn in range(TURNS):
        for flat in FLAT:
            turned = _turned(placed, math.pi * turn / TURNS) * (1, flat)
            sized = turned * _scale(turned, width, height)
            across, down = np.ptp(sized, axis=0) + np.array([width, height])
            ratio = across / down / BROAD
            odd = ratio**0.5 if ratio > 1 else ratio**-1.2
            beyond = max(across / PAGE, 1) ** 2
            cost = round(float(across * down * odd * beyond), -2)
            if cost < least:
                best, least = sized, cost
    return [(float(x), float(y)) for x, y in best.round(1)]


def _turned(placed: Positions, angle: float) -> Positions:
    x, y = placed.T
    cos, sin = math.cos(angle), math.sin(angle)
    return np.stack([x * cos - y * sin, x * sin + y * cos], axis=1)


def _scale(placed: Positions, width: float, height: float) -> float:
    """Return the least factor at which no two nodes are nearer than they may be."""
    if len(placed) < 2:
        return 1.0
    upper = np.triu_indices(len(placed), 1)
    apart = np.maximum(np.abs(placed[:, None] - placed[None])[upper], 1e-6)
    return float(np.minimum(width / apart[:, 0], height / apart[:, 1]).max())
