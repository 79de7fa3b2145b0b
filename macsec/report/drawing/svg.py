"""The writer of SVG: pictures inside a page of HTML, and pictures in a file of their own."""

from __future__ import annotations

from collections.abc import Iterable

from macsec.report.html.markup import Html, tag

Point = tuple[float, float]
Attribute = str | float | None


def words(x: float, y: float, text: str, anchor: str = "start", **style: Attribute) -> Html:
    """Return one line of text. `anchor`: start, middle or end."""
    return tag("text", text, x=float(x), y=float(y), text_anchor=anchor, **style)


def line(points: Iterable[Point], **style: Attribute) -> Html:
    """Return points joined by straight lines."""
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return tag("polyline", points=text, **style)


def inline(
    title: str,
    description: str,
    width: float,
    height: float,
    *shapes: Html,
    top: float = 0,
    left: float = 0,
) -> Html:
    """Return a picture inside a page, with a label for screen readers; from `left`, `top` on."""
    label = f"{title}. {description}" if description else title
    return tag(
        "svg",
        tag("title", title),
        *shapes,
        viewBox=f"{left:g} {top:g} {width:g} {height:g}",
        role="img",
        aria_label=label,
    )
