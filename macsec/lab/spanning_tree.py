"""The links that carry traffic: a tree, as a spanning tree protocol would choose.

The root is the first site of the file. Every other site reaches it by the path of least delay; of
equal paths by the one with fewer links, then by the links that come first in the file. Sites that
the root cannot reach have a tree of their own, with the first of them as root.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class WeightedLink(NamedTuple):
    """A link between two sites, and its cost: the delay."""

    name: str
    sites: tuple[str, str]
    cost: int


class TreeStep(NamedTuple):
    """The next site, and the link to it."""

    site: str
    link: str


@dataclass(frozen=True, slots=True)
class SpanningTree:
    """`up`: from each site but a root, the step towards the root."""

    up: Mapping[str, TreeStep]

    @property
    def links(self) -> set[str]:
        """The names of the links that carry traffic."""
        return {step.link for step in self.up.values()}

    def depth(self, site: str) -> int:
        """Return the number of links between a site and its root."""
        return sum(1 for _ in self._climb(site)) - 1

    def next_link(self, here: str, to: str) -> str | None:
        """Return the link that a frame for another site takes; None if there is no way."""
        below = to
        for site in self._climb(to):
            if site == here:
                return self.up[below].link
            below = site
        # It is not below this site: go up, if both have one root.
        if here in self.up and self._root(here) == self._root(to):
            return self.up[here].link
        return None

    def _root(self, site: str) -> str:
        *_, root = self._climb(site)
        return root

    def _climb(self, site: str) -> list[str]:
        path = [site]
        while (step := self.up.get(path[-1])) is not None:
            path.append(step.site)
        return path


def spanning_tree(sites: Sequence[str], ways: Sequence[WeightedLink]) -> SpanningTree:
    """Return the tree of some sites and links."""
    beside: dict[str, list[tuple[int, str, WeightedLink]]] = {site: [] for site in sites}
    for order, way in enumerate(ways):
        for site, other in (way.sites, way.sites[::-1]):
            beside[site].append((order, other, way))
    up: dict[str, TreeStep] = {}
    reached: set[str] = set()
    for root in sites:
        if root not in reached:
            _grow(root, beside, reached, up)
    return SpanningTree(up)


def _grow(
    root: str,
    beside: Mapping[str, list[tuple[int, str, WeightedLink]]],
    reached: set[str],
    up: dict[str, TreeStep],
) -> None:
    # Cost, links and place in the file: no two entries of one site are equal.
    edge: list[tuple[int, int, int, str, TreeStep | None]] = [(0, 0, -1, root, None)]
    while edge:
        cost, links, _, site, step = heapq.heappop(edge)
        if site in reached:
            continue
        reached.add(site)
        if step is not None:
            up[site] = step
        for order, other, way in beside[site]:
            if other not in reached:
                entry = (cost + way.cost, links + 1, order, other, TreeStep(site, way.name))
                heapq.heappush(edge, entry)
