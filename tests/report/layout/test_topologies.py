"""Layout of topologies: no label lies on another, on a box or on a line; the same everywhere."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from support.virtual.topologies import TOPOLOGIES, grid, hub, ring, topology

from macsec.report.html.model import DrawnLink, DrawnNode, DrawnTopology
from macsec.report.html.topology import DRAWN_MOST, Sketch, draw, sketch, symbol_size
from macsec.report.layout.arrange import fitted, shape
from macsec.report.layout.boxes import Box, text_width
from macsec.report.layout.stress import positions

LARGE = ("grid 30", "ring 12", "hub 12", "random 30", "ring 60", "random 60", "mesh 6")


def symbols(drawn: Sketch, found: DrawnTopology) -> list[Box]:
    """Return the box of each link's symbol."""
    return [
        Box.around(label.symbol, *symbol_size(number, link, drawn.slim))
        for number, (link, label) in enumerate(zip(found.links, drawn.labels, strict=True), 1)
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.exhaustive) if name in LARGE else name
        for name in TOPOLOGIES
    ],
)
def test_boxes_symbols_and_words_never_overlap(name: str) -> None:
    """No two of them meet, and no words lie on a line."""
    found = TOPOLOGIES[name]()
    drawn = sketch(found)
    words = [label.words.box for label in drawn.labels if label.words]
    taken = [*drawn.boxes.values(), *symbols(drawn, found), *words]
    assert [pair for pair in combinations(taken, 2) if pair[0].meets(pair[1])] == []
    for route in drawn.routes:
        assert not any(box.has(point) for box in words for point in route.points)


@pytest.mark.parametrize("name", ["ring 6", "hub 6", "two regions", "leaf and spine"])
def test_small_topologies_have_words_at_every_link(name: str) -> None:
    """Every link has its rate and its suite beside it."""
    drawn = sketch(TOPOLOGIES[name]())
    assert all(label.words for label in drawn.labels)


def test_a_link_avoids_boxes_between_its_ends() -> None:
    """A link never crosses the box of a third node."""
    nodes = [DrawnNode(name) for name in "abc"]
    links = [DrawnLink("a", "b", True), DrawnLink("b", "c", True), DrawnLink("a", "c", False)]
    drawn = sketch(DrawnTopology("", nodes, links))
    for link, route in zip(links, drawn.routes, strict=True):
        others = [box for name, box in drawn.boxes.items() if name not in (link.a, link.b)]
        assert not any(box.has(point) for box in others for point in route.points)


def test_a_ring_is_round() -> None:
    """The nodes of a ring are as far from its middle as from their neighbours by its size."""
    placed = positions(12, [(at, (at + 1) % 12) for at in range(12)], [""] * 12)
    radii = [math.hypot(x, y) for x, y in placed]
    assert max(radii) - min(radii) < 0.02 * max(radii)


def test_regions_stay_together() -> None:
    """The nodes of a group are nearer to its middle than to that of another group."""
    found = TOPOLOGIES["two regions"]()
    groups = {node.name: node.group for node in found.nodes}
    placed = shape(list(groups), [(link.a, link.b) for link in found.links], groups)
    middles = {
        group: placed[[each == group for each in groups.values()]].mean(axis=0)
        for group in set(groups.values())
    }
    for place, group in zip(placed, groups.values(), strict=True):
        away = {name: math.dist(place, middle) for name, middle in middles.items()}
        assert min(away, key=lambda name: away[name]) == group


def test_a_layout_is_the_same_each_time_and_needs_no_order_of_sets() -> None:
    """Positions are those of this file, to the pixel: no version of a program changes them."""
    found = fitted(shape("abcd", [("a", "b"), ("b", "c"), ("c", "d")], {}), 200, 100)
    assert [tuple(round(value) for value in place) for place in found] == CHAIN


CHAIN = [(302, 0), (100, 22), (-101, 0), (-301, -22)]


def test_a_topology_beyond_the_limit_says_that_it_is_not_drawn() -> None:
    """More sites than a picture can show: words in its place, and the table of all links."""
    text = draw(topology(DRAWN_MOST + 1, hub(DRAWN_MOST + 1)))
    assert "Not drawn: 61 sites are more than the 60 that a picture can show" in text
    assert "<svg" not in text
    assert text.count("site-") == 2 * DRAWN_MOST


def test_empty_topologies_have_words() -> None:
    """No site, and no link, is said in words."""
    assert "The topology has no sites." in draw(DrawnTopology("", [], []))
    assert "No links." in draw(topology(1, []))


def test_the_width_of_a_text_grows_with_its_letters() -> None:
    """Capitals need more room than digits, and i less."""
    assert text_width("MMM") > text_width("AAA") > text_width("000") > text_width("iii")


def test_many_boxes_are_slim() -> None:
    """More than a dozen boxes have names alone, and a sign in place of the long alarm."""
    assert not sketch(topology(4, ring(4))).slim
    assert sketch(topology(15, grid(3, 5))).slim
