"""Topologies to draw: rings, hubs, grids, regions, random ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from macsec.report.html.model import DrawnLink, DrawnNode, DrawnTopology
from support.outputs.gallery import LEAF_SPINE, REGIONS

Pairs = list[tuple[int, int]]


def ring(count: int) -> Pairs:
    """Return a ring."""
    return [(at, (at + 1) % count) for at in range(count)]


def hub(count: int) -> Pairs:
    """Return spokes of the first node."""
    return [(0, at) for at in range(1, count)]


def grid(rows: int, columns: int) -> Pairs:
    """Return a grid."""
    across = [
        (r * columns + c, r * columns + c + 1) for r in range(rows) for c in range(columns - 1)
    ]
    down = [
        (r * columns + c, (r + 1) * columns + c) for r in range(rows - 1) for c in range(columns)
    ]
    return across + down


def tangle(count: int, links: int, seed: int) -> Pairs:
    """Return a random tree, and random links above it."""
    draw = random.Random(seed)
    pairs = [(at, draw.randrange(at)) for at in range(1, count)]
    while len(pairs) < links:
        a, b = draw.sample(range(count), 2)
        pairs.append((a, b))
    return pairs


def topology(
    count: int, pairs: Sequence[tuple[int, int]], groups: Sequence[str] = ()
) -> DrawnTopology:
    """Return a topology of n sites; every seventh link is not protected."""
    names = [f"site-{at + 1}" for at in range(count)]
    nodes = [
        DrawnNode(name, groups[at] if groups else "", "2 hosts") for at, name in enumerate(names)
    ]
    links = [
        DrawnLink(names[a], names[b], at % 7 != 3, "100 Gbit/s, 12 ms", "GCM-AES-XPN-256, AN 2")
        for at, (a, b) in enumerate(pairs)
    ]
    return DrawnTopology(f"{count} sites", nodes, links)


TWO_REGIONS = [*ring(4), *((a + 4, b + 4) for a, b in ring(4)), (0, 4), (2, 6)]

TOPOLOGIES: dict[str, Callable[[], DrawnTopology]] = {
    "leaf and spine": lambda: LEAF_SPINE,
    "parallel links": lambda: REGIONS,
    "ring 3": lambda: topology(3, ring(3)),
    "ring 6": lambda: topology(6, ring(6)),
    "ring 12": lambda: topology(12, ring(12)),
    "hub 6": lambda: topology(6, hub(6)),
    "hub 12": lambda: topology(12, hub(12)),
    "two regions": lambda: topology(8, TWO_REGIONS, ["west"] * 4 + ["east"] * 4),
    "mesh 6": lambda: topology(6, [(a, b) for a in range(6) for b in range(a)]),
    "two parts": lambda: topology(6, [(0, 1), (1, 2), (3, 4), (4, 5)]),
    "grid 30": lambda: topology(30, grid(5, 6)),
    "random 30": lambda: topology(30, tangle(30, 45, 1)),
    "ring 60": lambda: topology(60, ring(60)),
    "random 60": lambda: topology(60, tangle(60, 80, 2)),
}
