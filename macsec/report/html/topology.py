"""A topology: boxes, links with a lock, or red with the word UNPROTECTED, and a table of links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from macsec.report.drawing.svg import inline, words
from macsec.report.html.markup import Html, join, tag
from macsec.report.html.model import DrawnLink, DrawnNode, DrawnTopology
from macsec.report.html.tables import draw as draw_table
from macsec.report.html.tables import scrolling
from macsec.report.layout.arrange import fitted, shape
from macsec.report.layout.boxes import LINE, Box, Point, around_all, text_width
from macsec.report.layout.places import Labelled, PlaceRequest, Room, Written
from macsec.report.layout.routes import Route, routes
from macsec.report.layout.stress import Positions
from macsec.report.table import Table

MARGIN = 16
DRAWN_MOST = 60
"""The largest number of nodes that is drawn."""
DESCRIBED_MOST = 16
"""The largest number of links with words beside them; more have their number alone."""
GAPS = (
    *((56.0, 72.0), (76.0, 84.0), (96.0, 96.0), (120.0, 110.0), (150.0, 130.0)),
    *((190.0, 160.0), (240.0, 200.0), (320.0, 260.0)),
)
"""Space beside and below boxes, tried in turn until all symbols and words have room."""
CLOSE_GAPS = ((26.0, 36.0), (40.0, 48.0), (52.0, 60.0), *GAPS)
"""The same where links have only numbers."""
BOX_WIDTH, BOX_HEIGHT = 132, 46
SLIM_MOST, SLIM_HEIGHT = 12, 28
"""The largest number of boxes with two lines; more boxes have their names alone."""
PADDING = 14
BOLD = 13
"""Size of letters as broad as bold ones of 12 pixels."""
ALARM = "UNPROTECTED"
SIGN = "!"
"""The alarm in a picture of many links, with its meaning below."""
ALARM_WIDTH, SIGN_WIDTH, ALARM_HEIGHT = 116, 20, 22
SMALLEST = 0.92
"""The share of its size to which a picture shrinks: 11 pixels for a text of 12."""
LOCK_WIDTH, LOCK_HEIGHT = 26, 29
NUMBER_PAD = 12


@dataclass(frozen=True, slots=True)
class Sketch:
    """A topology with a place for everything; `slim` boxes have one line."""

    boxes: dict[str, Box]
    routes: Sequence[Route]
    labels: Sequence[Labelled]
    around: Box
    slim: bool


def draw(topology: DrawnTopology) -> Html:
    """Return the drawing, and a table of the links.

    Words are beside a link where there is room for them; its number refers to the table.
    """
    for link in topology.links:
        for end in (link.a, link.b):
            if end not in {node.name for node in topology.nodes}:
                raise ValueError(f"a link ends at {end!r}, which is no node of the topology")
    table = _table(topology.links)
    caption = tag("figcaption", topology.title)
    if not topology.nodes:
        return tag("figure", caption, tag("p", "The topology has no sites.", class_="note"))
    if len(topology.nodes) > DRAWN_MOST:
        return tag("figure", caption, _not_drawn(topology), table)
    return tag("figure", caption, _picture(topology), table)


def _not_drawn(topology: DrawnTopology) -> Html:
    text = (
        f"Not drawn: {len(topology.nodes):,} sites are more than the {DRAWN_MOST} that a picture "
        "can show. The table has every link."
    )
    return tag("p", text, class_="note")


def sketch(topology: DrawnTopology) -> Sketch:
    """Return places for all nodes, links, symbols and words."""
    described = len(topology.links) <= DESCRIBED_MOST
    groups = {node.name: node.group for node in topology.nodes}
    placed = shape(list(groups), _pairs(topology), groups)
    *gaps, widest = GAPS if described else CLOSE_GAPS
    for gap in gaps:
        found = _attempt(topology, placed, gap, described)
        if all(
            label.free and (label.words or not described or not _texts(link))
            for link, label in zip(topology.links, found.labels, strict=True)
        ):
            return found
    return _attempt(topology, placed, widest, described)


def _pairs(topology: DrawnTopology) -> list[tuple[str, str]]:
    return [(link.a, link.b) for link in topology.links]


def _attempt(
    topology: DrawnTopology, placed: Positions, gap: tuple[float, float], described: bool
) -> Sketch:
    slim = len(topology.nodes) > SLIM_MOST
    wide, high = _box_size(topology.nodes, slim)
    places = fitted(placed, wide + gap[0], high + gap[1])
    names = [node.name for node in topology.nodes]
    boxes = {name: Box.around(place, wide, high) for name, place in zip(names, places, strict=True)}
    ways = routes(_pairs(topology), boxes)
    room = Room(list(boxes.values()), ways)
    labels = room.place(
        [
            PlaceRequest(way, symbol_size(number, link, slim), _texts(link) if described else ())
            for number, (link, way) in enumerate(zip(topology.links, ways, strict=True), 1)
        ]
    )
    ends = [Box.around(point, 2, 2) for way in ways for point in way.points]
    return Sketch(boxes, ways, labels, around_all([*room.taken, *ends]), slim)


def _box_size(nodes: Sequence[DrawnNode], slim: bool) -> tuple[float, float]:
    if not slim:
        return BOX_WIDTH, BOX_HEIGHT + LINE * any(node.group and node.note for node in nodes)
    widest = max(text_width(node.name, BOLD) for node in nodes) + PADDING
    return min(round(widest), BOX_WIDTH), SLIM_HEIGHT


def _picture(topology: DrawnTopology) -> Html:
    drawn = sketch(topology)
    picture, width = _drawing(topology, drawn)
    shown = scrolling(topology.title, picture, least=SMALLEST * width, widest=width)
    bare = any(not link.protected for link in topology.links)
    return join([shown, *_meaning(drawn.slim and bare)])


def drawing(topology: DrawnTopology) -> Html:
    """Return the drawing alone, as SVG."""
    return _drawing(topology, sketch(topology))[0]


def _drawing(topology: DrawnTopology, drawn: Sketch) -> tuple[Html, float]:
    """Return the drawing of a sketch, and its width."""
    bare = sum(not link.protected for link in topology.links)
    shapes = [_line(link, route) for link, route in zip(topology.links, drawn.routes, strict=True)]
    shapes += [_box(node, drawn.boxes[node.name], drawn.slim) for node in topology.nodes]
    for number, (link, label) in enumerate(zip(topology.links, drawn.labels, strict=True), 1):
        shapes += [_symbol(number, link, label.symbol, drawn.slim), *_written(label.words)]
    counts = f"{len(topology.nodes)} nodes, {len(topology.links)} links"
    left, top, right, bottom = drawn.around.wider(MARGIN)
    width, height = right - left, bottom - top
    picture = inline(
        topology.title,
        f"{counts}, {bare} of them unprotected",
        width,
        height,
        *shapes,
        top=round(top, 1),
        left=round(left, 1),
    )
    return picture, width


def _meaning(signs: bool) -> list[Html]:
    text = f"A red {SIGN} at a number: the link is {ALARM}. The table has all numbers."
    return [tag("p", text, class_="note")] if signs else []


def _line(link: DrawnLink, route: Route) -> Html:
    (x0, y0), (cx, cy), (x1, y1) = route.start, route.control, route.stop
    path = f"M{x0:.1f},{y0:.1f} Q{cx:.1f},{cy:.1f} {x1:.1f},{y1:.1f}"
    kind = "safe" if link.protected else "open"
    return tag("path", d=path, class_=f"{kind} idle" if link.idle else kind)


def _box(node: DrawnNode, place: Box, slim: bool) -> Html:
    x, y = (place.left + place.right) / 2, (place.top + place.bottom) / 2
    wide, high = place.right - place.left, place.bottom - place.top
    size = {"x": place.left, "y": place.top, "width": wide, "height": high, "rx": 6}
    box = tag("rect", class_="node", **size)
    note = " · ".join(part for part in (node.group, node.note) if part)
    name = _fitting(node.name, wide - PADDING, BOLD)
    if slim or not note:
        hint = tag("title", ", ".join(filter(None, (node.name, note))))
        return tag("g", hint, box, words(x, y + 4, name, "middle", class_="strong"))
    lines = [text for text in (node.group, node.note) if text]
    top = y - 3 - LINE / 2 * (len(lines) - 1)
    below = [
        words(x, top + 2 + LINE * at, _fitting(text, wide - PADDING), "middle", class_="quiet")
        for at, text in enumerate(lines, 1)
    ]
    return tag("g", box, words(x, top, name, "middle", class_="strong"), *below)


def _fitting(text: str, room: float, size: float = 12) -> str:
    """Return the text that fits in a box, cut in its middle; the table below has whole names."""
    kept = len(text)
    shown = text
    while text_width(shown, size) > room:
        kept -= 1
        shown = f"{text[: kept - kept // 3]}\N{HORIZONTAL ELLIPSIS}{text[len(text) - kept // 3 :]}"
    return shown


def _texts(link: DrawnLink) -> list[str]:
    parts = [link.label, link.protection if link.protected else ""]
    return [text for text in parts if text]


def symbol_size(number: int, link: DrawnLink, slim: bool) -> tuple[float, float]:
    """Return the size of a symbol, with room for its number."""
    alarm = (SIGN_WIDTH if slim else ALARM_WIDTH, ALARM_HEIGHT)
    wide, high = (LOCK_WIDTH, LOCK_HEIGHT) if link.protected else alarm
    return wide + text_width(str(number)) + NUMBER_PAD, high


def _symbol(number: int, link: DrawnLink, place: Point, slim: bool) -> Html:
    """Return a lock or the alarm, on a plate with the link's number."""
    (x, y), (wide, high) = place, symbol_size(number, link, slim)
    size = {"x": x - wide / 2, "y": y - high / 2, "width": wide, "height": high, "rx": 6}
    plate = tag("rect", class_="plate" if link.protected else "plate edged", **size)
    label = words(x - wide / 2 + 4, y + 4, str(number), class_="strong")
    right = x + wide / 2
    mark = _lock(right - LOCK_WIDTH / 2, y) if link.protected else _alarm(right, y, slim)
    return tag("g", plate, label, *mark)


def _lock(x: float, y: float) -> list[Html]:
    return [
        tag("path", d=f"M{x - 5:.1f},{y - 1:.1f} v-4.5 a5,5 0 0 1 10,0 v4.5", class_="shackle"),
        tag("rect", x=x - 8.5, y=y - 2, width=17, height=12, rx=2, class_="lock"),
    ]


def _alarm(right: float, y: float, slim: bool) -> list[Html]:
    wide, text = (SIGN_WIDTH, SIGN) if slim else (ALARM_WIDTH, ALARM)
    size = {"x": right - wide, "y": y - 11, "width": wide, "height": ALARM_HEIGHT, "rx": 4}
    return [
        tag("rect", class_="alarm", **size),
        words(right - wide / 2, y + 4, text, "middle", class_="alarmed"),
    ]


def _written(text: Written | None) -> list[Html]:
    if text is None:
        return []
    box = text.box
    x = {"start": box.left, "middle": (box.left + box.right) / 2, "end": box.right}[text.anchor]
    return [
        words(x, box.top + LINE * (at + 0.8), line, text.anchor, class_="halo")
        for at, line in enumerate(text.lines)
    ]


def _table(links: Sequence[DrawnLink]) -> Html:
    if not links:
        return tag("p", "No links.", class_="note")
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
