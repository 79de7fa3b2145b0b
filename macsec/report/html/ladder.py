"""Messages between members, downwards in order: a line for each member, arrows for a message."""

from __future__ import annotations

from collections.abc import Sequence

from macsec.report.drawing.svg import inline, words
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import Ladder, Rung
from macsec.report.html.tables import scrolling
from macsec.report.layout.boxes import LINE, text_width

TIME, STEP, HEAD = 74, 84, 40
PAD = 9
SMALLEST = 0.92


def draw(ladder: Ladder) -> Html:
    """Return the picture, and the sentence about what is left out."""
    caption = tag("figcaption", ladder.title)
    if not ladder.rungs:
        return tag("figure", caption, tag("p", "No messages.", class_="note"))
    places = {name: float(TIME + 40 + at * STEP) for at, name in enumerate(ladder.members)}
    right = max(places.values()) + 34
    texts = [line for rung in ladder.rungs for line in rung.lines]
    width = right + max(map(text_width, texts), default=0) + 10
    shapes: list[Html] = []
    top = float(HEAD)
    for rung in ladder.rungs:
        shapes += _rung(rung, places, top, right)
        top += LINE * max(len(rung.lines), 1) + PAD
    lines = [part for name, x in places.items() for part in _line(name, x, top)]
    description = f"{len(ladder.rungs)} steps between {', '.join(ladder.members)}"
    picture = inline(ladder.title, description, width, top + 4, *lines, *shapes)
    shown = scrolling(ladder.title, picture, least=SMALLEST * width, widest=width)
    note = [tag("p", ladder.note, class_="note")] if ladder.note else []
    return tag("figure", caption, shown, *note)


def _line(name: str, x: float, bottom: float) -> list[Html]:
    return [
        words(x, 16, name, "middle", class_="strong"),
        tag("line", x1=x, y1=24, x2=x, y2=bottom, class_="grid"),
    ]


def _rung(rung: Rung, places: dict[str, float], top: float, right: float) -> list[Html]:
    y = top + 4
    shapes = [words(TIME, y + 4, rung.time, "end", class_="quiet")]
    kind = "quiet" if rung.quiet else None
    shapes += [
        words(right, y + 4 + LINE * at, line, class_=kind) for at, line in enumerate(rung.lines)
    ]
    if rung.quiet or rung.member not in places:
        return shapes
    start = places[rung.member]
    others = [x for name, x in places.items() if name != rung.member]
    shapes += _arrows(start, others, y)
    shapes.append(tag("circle", cx=start, cy=y, r=4, class_="head"))
    return shapes


def _arrows(start: float, others: Sequence[float], y: float) -> list[Html]:
    """Return an arrow to each other member: through those between."""
    ends = [x for x in (min(others, default=start), max(others, default=start)) if x != start]
    shapes = [
        tag("line", x1=start, y1=y, x2=end, y2=y, class_="sent") for end in dict.fromkeys(ends)
    ]
    for x in others:
        back = 7 if x > start else -7
        points = f"{x:.1f},{y:.1f} {x - back:.1f},{y - 4:.1f} {x - back:.1f},{y + 4:.1f}"
        shapes.append(tag("polygon", points=points, class_="head"))
    return shapes
