"""A topology: nodes in rows by tier, links with a lock, or red with the word UNPROTECTED."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from macsec.report.drawing.svg import inline, words
from macsec.report.html.markup import Html, figure, tag
from macsec.report.html.model import DrawnLink, DrawnNode, DrawnTopology
from macsec.report.html.tables import draw as draw_table
from macsec.report.table import Table

WIDTH, ROW, MARGIN = 860, 170, 16
BOX_WIDTH, BOX_HEIGHT = 132, 46
BEND = 96
"""Pixels between parallel links, at their middle."""
LETTERS = 16
"""Letters that a box has room for."""
STEPS = 64
"""Points of a line that are checked for obstacles."""
LETTER, LINE = 7.4, 15
"""Pixels of a letter (about), and of a line of words."""
NEAR_LOWER_END = 0.68
"""Position of symbols on links between tiers: crossing links would hide them in the middle."""
ALARM = "UNPROTECTED"
ALARM_WIDTH, ALARM_HEIGHT = 116, 22
LOCK_WIDTH, LOCK_HEIGHT = 26, 29

Point = tuple[float, float]


class Box(NamedTuple):
    """An occupied part of the drawing."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Return whether they overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


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
    def is_steep(self) -> bool:
        """True if the link is so steep that its label is beside the line, not below."""
        (x0, y0), (x1, y1) = self.start, self.stop
        return abs(y1 - y0) > 0.1 * abs(x1 - x0)


def draw(topology: DrawnTopology) -> Html:
    """Return the drawing, and a table of the links.

    Words are beside a link where there is room for them; its number refers to the table.
    """
    places = _places(topology.nodes)
    routes = _routes(topology.links, places)
    taken = [_around(place, BOX_WIDTH, BOX_HEIGHT) for place in places.values()]
    taken += [_around(_middle(route), *_extent(link)) for link, route in routes]
    shapes = [_line(link, route) for link, route in routes]
    shapes += [_box(node, places[node.name]) for node in topology.nodes]
    for number, (link, route) in enumerate(routes, 1):
        shapes += [_symbol(link, _middle(route)), *_words_beside(number, link, route, taken)]
    top, bottom = min(box.top for box in taken), max(box.bottom for box in taken)
    bare = sum(not link.protected for link in topology.links)
    description = f"{len(topology.nodes)} nodes, {len(routes)} links, {bare} of them unprotected"
    height = bottom - top + 2 * MARGIN
    picture = inline(topology.title, description, WIDTH, height, *shapes, top=top - MARGIN)
    return figure(topology.title, picture, _table([link for link, _ in routes]))


def _around(place: Point, width: float, height: float) -> Box:
    x, y = place
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _places(nodes: Sequence[DrawnNode]) -> dict[str, Point]:
    tiers: dict[int, list[DrawnNode]] = defaultdict(list)
    for node in nodes:
        tiers[node.tier].append(node)
    places: dict[str, Point] = {}
    for row, tier in enumerate(sorted(tiers)):
        each = WIDTH / len(tiers[tier])
        y = MARGIN + BOX_HEIGHT / 2 + row * ROW
        places |= {node.name: ((at + 0.5) * each, y) for at, node in enumerate(tiers[tier])}
    return places


def _routes(links: Sequence[DrawnLink], places: dict[str, Point]) -> list[tuple[DrawnLink, Route]]:
    groups: dict[frozenset[str], list[DrawnLink]] = defaultdict(list)
    for link in links:
        for end in (link.a, link.b):
            if end not in places:
                raise ValueError(f"a link ends at {end!r}, which is no node of the topology")
        groups[frozenset((link.a, link.b))].append(link)
    routes = []
    for parallel in groups.values():
        for at, link in enumerate(parallel):
            bend = (at - (len(parallel) - 1) / 2) * BEND
            routes.append((link, _route(places[link.a], places[link.b], bend, places)))
    return routes


def _route(start: Point, stop: Point, bend: float, places: dict[str, Point]) -> Route:
    (x0, y0), (x1, y1) = sorted((start, stop))
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1)
    normal = (-(y1 - y0) / length, (x1 - x0) / length)
    straight = Route((x0, y0), ((x0 + x1) / 2, (y0 + y1) / 2), (x1, y1))
    between = sum(_crosses(straight, place) for place in places.values())
    if between:  # avoid the boxes that are in the way
        half = BOX_HEIGHT / 2 + BOX_WIDTH / 2 * abs(normal[0])
        bend += BOX_HEIGHT / 2 + half + BEND / 2 * (between - abs(normal[0]))
    # The curve passes half-way between its control and the straight line.
    x, y = ((at + 2 * bend * towards) for at, towards in zip(straight.control, normal, strict=True))
    return Route((x0, y0), (x, y), (x1, y1))


def _crosses(route: Route, place: Point) -> bool:
    """Return whether a route crosses the box of a node that is not one of its ends."""
    if place in (route.start, route.stop):
        return False
    box = _around(place, BOX_WIDTH, BOX_HEIGHT)
    points = (route.at(step / STEPS) for step in range(1, STEPS))
    return any(box.left < x < box.right and box.top < y < box.bottom for x, y in points)


def _line(link: DrawnLink, route: Route) -> Html:
    (x0, y0), (cx, cy), (x1, y1) = route.start, route.control, route.stop
    path = f"M{x0:.1f},{y0:.1f} Q{cx:.1f},{cy:.1f} {x1:.1f},{y1:.1f}"
    kind = "safe" if link.protected else "open"
    return tag("path", d=path, class_=f"{kind} idle" if link.idle else kind)


def _box(node: DrawnNode, place: Point) -> Html:
    x, y = place
    box = tag(
        "rect",
        x=x - BOX_WIDTH / 2,
        y=y - BOX_HEIGHT / 2,
        width=BOX_WIDTH,
        height=BOX_HEIGHT,
        rx=6,
        class_="node",
    )
    if not node.note:
        return tag("g", box, words(x, y + 4, _fitting(node.name), "middle", class_="strong"))
    name = words(x, y - 3, _fitting(node.name), "middle", class_="strong")
    return tag("g", box, name, words(x, y + 14, _fitting(node.note), "middle", class_="quiet"))


def _fitting(text: str) -> str:
    """Return the text that fits in a box; the table below has whole names."""
    return (
        text if len(text) <= LETTERS else f"{text[: LETTERS - 7]}\N{HORIZONTAL ELLIPSIS}{text[-6:]}"
    )


def _middle(route: Route) -> Point:
    if not route.is_steep:
        return route.at(0.5)
    return route.at(NEAR_LOWER_END if route.stop[1] > route.start[1] else 1 - NEAR_LOWER_END)


def _extent(link: DrawnLink) -> tuple[float, float]:
    return (LOCK_WIDTH, LOCK_HEIGHT) if link.protected else (ALARM_WIDTH, ALARM_HEIGHT)


def _symbol(link: DrawnLink, place: Point) -> Html:
    return (_lock if link.protected else _alarm)(*place)


def _words_beside(number: int, link: DrawnLink, route: Route, taken: list[Box]) -> list[Html]:
    """Return words, or only the number, in the first free place, which is added to `taken`."""
    parts = [link.label, link.protection if link.protected else ""]
    texts = [text for text in parts if text]
    whole = [f"{number}: {texts[0]}", *texts[1:]] if texts else [str(number)]
    for lines in (whole, [str(number)]):
        width, height = LETTER * max(map(len, lines)), LINE * len(lines)
        for anchor, box in _places_beside(link, route, width, height):
            if not any(box.meets(other) for other in taken):
                taken.append(box)
                return _written(lines, anchor, box)
    return []


def _written(lines: Sequence[str], anchor: str, box: Box) -> list[Html]:
    x = {"start": box.left, "middle": (box.left + box.right) / 2, "end": box.right}[anchor]
    return [
        words(x, box.top + LINE * (at + 0.8), text, anchor, class_="halo")
        for at, text in enumerate(lines)
    ]


def _places_beside(
    link: DrawnLink, route: Route, width: float, height: float
) -> Iterator[tuple[str, Box]]:
    """Yield places right, left, below and above a symbol; in reverse order on level links."""
    (x, y), (wide, high) = _middle(route), _extent(link)
    right = x + wide / 2 + 4
    left = x - wide / 2 - 4 - width
    below = y + high / 2 + 2
    above = y - high / 2 - 2 - height
    beside = [
        ("start", Box(right, y - height / 2, right + width, y + height / 2)),
        ("end", Box(left, y - height / 2, left + width, y + height / 2)),
    ]
    over = [
        ("middle", Box(x - width / 2, at, x + width / 2, at + height))
        for at in ((above, below) if y < route.start[1] else (below, above))
    ]
    yield from (*beside, *over) if route.is_steep else over


def _lock(x: float, y: float) -> Html:
    return tag(
        "g",
        tag("rect", x=x - 13, y=y - 15, width=LOCK_WIDTH, height=LOCK_HEIGHT, rx=6, class_="plate"),
        tag("path", d=f"M{x - 5:.1f},{y - 1:.1f} v-4.5 a5,5 0 0 1 10,0 v4.5", class_="shackle"),
        tag("rect", x=x - 8.5, y=y - 2, width=17, height=12, rx=2, class_="lock"),
    )


def _alarm(x: float, y: float) -> Html:
    left = x - ALARM_WIDTH / 2
    plate = tag(
        "rect", x=left, y=y - 11, width=ALARM_WIDTH, height=ALARM_HEIGHT, rx=4, class_="alarm"
    )
    return tag("g", plate, words(x, y + 4, ALARM, "middle", class_="alarmed"))


def _table(links: Sequence[DrawnLink]) -> Html:
    rows = [
        (
            str(number),
            f"{link.a} - {link.b}",
            link.label,
            (link.protection or "protected") if link.protected else ALARM,
        )
        for number, link in enumerate(links, 1)
    ]
    marks = ["" if link.protected else "bad" for link in links]
    head = ("number", "link", "carries", "protection")
    return draw_table(Table("Links", head, rows, len(head), marks))
