"""Counts over time: a lane for each kind, each with its own scale, so that few are seen too."""

from __future__ import annotations

from macsec.report.drawing.axes import Scale, even_marks, nanoseconds
from macsec.report.drawing.svg import inline, words
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import CountLane, Lanes
from macsec.report.html.tables import scrolling
from macsec.report.layout.boxes import text_width
from macsec.time_units import NS_PER_S

WIDTH, HIGH, GAP, TOP, BOTTOM = 760, 44, 14, 10, 42
RIGHT = 92
LEAST = 700
MARKS = 6


def draw(lanes: Lanes) -> Html:
    """Return a picture with a lane for each kind; the words at its right have its highest bar."""
    caption = tag("figcaption", lanes.title)
    count = max((len(lane.counts) for lane in lanes.lanes), default=0)
    if not count:
        return tag("figure", caption, tag("p", lanes.empty, class_="note"))
    left = 12 + max(text_width(lane.name) for lane in lanes.lanes)
    across = Scale(0, count * lanes.width_ns, left, WIDTH - RIGHT)
    bottom = TOP + len(lanes.lanes) * (HIGH + GAP)
    shapes = _times(across, bottom)
    for at, lane in enumerate(lanes.lanes):
        shapes += _lane(lane, across, lanes.width_ns, TOP + at * (HIGH + GAP))
    middle = (across.start + across.stop) / 2
    shapes.append(words(middle, bottom + BOTTOM - 8, "time since the first frame", "middle"))
    description = "; ".join(f"{lane.name} {sum(lane.counts):,}" for lane in lanes.lanes)
    picture = inline(lanes.title, description, WIDTH, bottom + BOTTOM, *shapes)
    note = f"Each bar is {nanoseconds(lanes.width_ns)}; each lane has its own scale."
    return tag(
        "figure",
        caption,
        scrolling(lanes.title, picture, least=LEAST, widest=1.2 * WIDTH),
        tag("p", note, class_="note"),
    )


def _lane(lane: CountLane, across: Scale, width_ns: int, top: float) -> list[Html]:
    most, base = max(lane.counts), top + HIGH
    upwards = Scale(0, max(most, 1), base, top)
    middle = top + HIGH / 2 + 4
    kind = "bar refused" if lane.bad else "bar"
    shapes = [words(0, middle, lane.name, class_="strong" if lane.bad else None)]
    shapes += [
        tag(
            "rect",
            tag("title", f"{lane.name}: {count:,}"),
            x=across(at * width_ns),
            y=min(upwards(count), base - 1),
            width=max(across(width_ns) - across(0) - 0.5, 1),
            height=max(base - upwards(count), 1),
            class_=kind,
        )
        for at, count in enumerate(lane.counts)
        if count
    ]
    shapes.append(tag("line", x1=across.start, y1=base, x2=across.stop, y2=base, class_="axis"))
    shapes.append(words(across.stop + 8, top + 12, f"{most:,} at most", class_="quiet"))
    shapes.append(words(across.stop + 8, middle + 14, f"{sum(lane.counts):,} in all"))
    return shapes


def _times(across: Scale, bottom: float) -> list[Html]:
    parts = []
    for value, _ in even_marks(across.high, MARKS):
        if value <= across.high:
            x = across(value)
            parts.append(tag("line", x1=x, y1=TOP, x2=x, y2=bottom - GAP, class_="grid"))
            text = "0" if value == 0 else _time(value)
            parts.append(words(x, bottom + 6, text, "middle", class_="quiet"))
    return parts


def _time(ns: float) -> str:
    return f"{ns / NS_PER_S:,.0f} s" if ns >= 1000 * NS_PER_S else nanoseconds(ns)
