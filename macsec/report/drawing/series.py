"""Series of a chart: each has a colour, dashes and a marker, so that none depends on its colour."""

from __future__ import annotations

from collections.abc import Sequence

from macsec.report.html.markup import Html, tag

from .svg import Point, line

COLOURS = 6
DASHES = ("", "long", "short")
MARKERS = 5
REACH = 3.5
"""Half the size of a marker."""
NEAR = 2.5
"""Pixels within which a point is covered by another line."""
FEW = 5
"""Markers on a line of many points."""


def class_of(at: int, arithmetic: bool = False) -> str:
    """Return the classes of the line of a series."""
    dash = "dashed" if arithmetic else DASHES[at // COLOURS % len(DASHES)]
    return " ".join(filter(None, ("line", f"c{at % COLOURS}", dash)))


def markers(at: int, points: Sequence[Point], few: bool = False) -> list[Html]:
    """Return a marker at each point, or with `few` at some points."""
    step = max(1, len(points) // FEW) if few else 1
    return [_marker(at, point) for point in points[::step]]


def sample(at: int, arithmetic: bool = False) -> list[Html]:
    """Return a piece of the line for a legend, 34 by 12 pixels."""
    drawn = line([(0, 6), (34, 6)], class_=class_of(at, arithmetic))
    return [drawn] if arithmetic else [drawn, _marker(at, (17, 6))]


def _marker(at: int, point: Point) -> Html:
    (x, y), r, kind = point, REACH, f"dot c{at % COLOURS}"
    which = (at + at // COLOURS) % MARKERS
    if which == 0:
        return tag("circle", cx=x, cy=y, r=r, class_=kind)
    if which == 1:
        return tag("rect", x=x - r, y=y - r, width=2 * r, height=2 * r, class_=kind)
    corners = {
        2: [(0, -r - 1), (r + 1, r), (-r - 1, r)],
        3: [(0, -r - 1), (r + 1, 0), (0, r + 1), (-r - 1, 0)],
        4: [(-r - 1, -r), (r + 1, -r), (0, r + 1)],
    }[which]
    return tag(
        "polygon", points=" ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners), class_=kind
    )


def hidden(names: Sequence[str], placed: Sequence[Sequence[Point]]) -> list[str]:
    """Return a sentence for each series that lies under a later one all along."""
    found = []
    for below, points in enumerate(placed):
        for above in range(below + 1, len(placed)):
            if points and _covers(placed[above], points):
                found.append(f"{names[below]} lies under {names[above]}.")
                break
    return found


def _covers(above: Sequence[Point], below: Sequence[Point]) -> bool:
    return all(any(abs(x - a) < NEAR and abs(y - b) < NEAR for a, b in above) for x, y in below)
