"""Positions of nodes by stress majorization: distances on paper follow distances in the graph.

Gauss-Seidel steps of Gansner, Koren and North (2004), from several fixed starts; the best one wins.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.float64]
Neighbours = Mapping[int, Sequence[int]]

SWEEPS = 120
STILL = 2e-3
"""A sweep that moves no node farther than this is the last one."""
APART = 0.7
"""Distance that two nodes of different groups have more."""
DIGITS = 6
"""Positions are rounded: the last bits depend on the machine."""


def positions(
    count: int, pairs: Sequence[tuple[int, int]], groups: Sequence[Hashable]
) -> Positions:
    """Return n rows of x and y; linked nodes are about 1 apart. `groups`: one for each node."""
    if count < 2:
        return np.zeros((count, 2))
    near: dict[int, list[int]] = {node: [] for node in range(count)}
    for a, b in pairs:
        if a != b:
            near[a].append(b)
            near[b].append(a)
    ideal = _distances(count, near)
    for a in range(count):
        for b in range(count):
            if groups[a] != groups[b]:
                ideal[a, b] += APART
    found = [_settled(start, ideal) for start in _starts(count, near, ideal)]
    best: Positions = min(found, key=lambda placed: round(_stress(placed, ideal), 3))
    return np.asarray(best - best.mean(axis=0)).round(DIGITS)


def _distances(count: int, near: Neighbours) -> Positions:
    """Return the number of links between all pairs; of unconnected ones, a guess."""
    far = np.full((count, count), 1.0 + math.sqrt(count))
    for start in range(count):
        far[start, start] = 0
        for node, hops in _hops(start, near).items():
            far[start, node] = hops
    return far


def _hops(start: int, near: Neighbours) -> dict[int, int]:
    found, waiting = {start: 0}, deque([start])
    while waiting:
        node = waiting.popleft()
        for other in near[node]:
            if other not in found:
                found[other] = found[node] + 1
                waiting.append(other)
    return found


def _starts(count: int, near: Neighbours, ideal: Positions) -> list[Positions]:
    """Return nodes on a circle in two orders, and by their distances from far ends."""
    deep, broad = _deep(count, near), _broad(count, near)
    return [_circle(deep), _circle(broad), _by_far_ends(ideal)]


def _deep(count: int, near: Neighbours) -> list[int]:
    """Return the nodes depth first: neighbours on a ring stay neighbours."""
    order: list[int] = []
    seen: set[int] = set()
    for root in range(count):
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                order.append(node)
                waiting += reversed(near[node])
    return order


def _broad(count: int, near: Neighbours) -> list[int]:
    order: dict[int, None] = {}
    for root in range(count):
        if root not in order:
            order |= dict.fromkeys(_hops(root, near))
    return list(order)


def _circle(order: Sequence[int]) -> Positions:
    placed = np.empty((len(order), 2))
    radius = len(order) / math.tau + 0.5
    for at, node in enumerate(order):
        angle = math.tau * at / len(order)
        placed[node] = radius * math.cos(angle), radius * math.sin(angle)
    return placed


def _by_far_ends(ideal: Positions) -> Positions:
    """Return distances from the two ends of the longest way as x, from two others as y."""
    a, b = divmod(int(ideal.argmax()), len(ideal))
    aside = np.minimum(ideal[a], ideal[b])
    c = int(aside.argmax())
    d = int((ideal[c] + np.minimum(ideal[a], ideal[b]) / 2).argmax())
    placed = np.stack([(ideal[a] - ideal[b]) / 2, (ideal[c] - ideal[d]) / 2], axis=1)
    # Nodes in one place could never part: a small circle takes them apart.
    apart: Positions = placed + 0.05 * _circle(range(len(ideal)))
    return apart


def _settled(placed: Positions, ideal: Positions) -> Positions:
    weights = 1 / np.where(ideal == 0, 1, ideal) ** 2
    np.fill_diagonal(weights, 0)
    totals = weights.sum(axis=1)
    for _ in range(SWEEPS):
        moved = 0.0
        for node, row in enumerate(weights):
            to = placed[node] - placed
            length = np.sqrt((to**2).sum(axis=1))
            factor: Any = ideal[node] / np.where(length < 1e-9, 1, length)
            new = ((placed + to * factor[:, None]) * row[:, None]).sum(axis=0) / totals[node]
            moved = max(moved, float(np.abs(new - placed[node]).max()))
            placed[node] = new
        if moved < STILL:
            break
    return placed


def _stress(placed: Positions, ideal: Positions) -> float:
    apart = np.sqrt(((placed[:, None] - placed[None]) ** 2).sum(axis=2))
    near = np.where(ideal == 0, 1, ideal)
    return float((((apart - ideal) / near) ** 2).sum())
