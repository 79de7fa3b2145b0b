"""The replay window over time: a row for each moment, a cell for each PN (10.6.2, 10.6.5)."""

from __future__ import annotations

from macsec.report.drawing.svg import inline, words
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import Cell, Strip, WindowMoment
from macsec.report.html.tables import scrolling

SIDE, GAP, TOP = 22, 4, 34
ROW = SIDE + 11
LETTER = 7.2
"""Approximate width of a letter, for the rows' labels at the left."""
NUMBERS = 5
"""Every fifth PN is numbered."""
WORDS = {
    Cell.RECEIVED: "received",
    Cell.MISSING: "missing so far",
    Cell.LATE: "late: discarded",
    Cell.DUPLICATE: "duplicate",
    None: "still to come",
}


def draw(strip: Strip) -> Html:
    """Return the strip, with the window outlined in each row."""
    left = 16 + LETTER * max([len(moment.label) for moment in strip.moments], default=0)
    step = SIDE + GAP
    width = left + step * (strip.last - strip.first + 1) + 8
    height = TOP + ROW * len(strip.moments) + 2
    shapes = [
        words(left + step * (pn - strip.first) + SIDE / 2, 20, str(pn), "middle", class_="quiet")
        for pn in range(strip.first, strip.last + 1)
        if pn == strip.first or pn % NUMBERS == 0
    ]
    shapes.append(words(0, 20, "PN", "start", class_="strong"))
    for row, moment in enumerate(strip.moments):
        shapes += _row(strip, moment, left, TOP + ROW * row)
    description = f"{len(strip.moments)} moments, PN {strip.first} to {strip.last}"
    picture = inline(strip.title, description, width, height, *shapes)
    # As wide as its cells are, rather than as the page is.
    sized = tag("div", picture, style=f"width:{width:.0f}px")
    caption = tag("figcaption", strip.title)
    if not strip.moments:
        return tag("figure", caption, tag("p", "No frame arrived.", class_="note"))
    shown = scrolling(strip.title, sized, least=width)
    note = [tag("p", strip.note, class_="note")] if strip.note else []
    return tag("figure", caption, shown, _legend(), *note)


def _row(strip: Strip, moment: WindowMoment, left: float, top: float) -> list[Html]:
    step = SIDE + GAP
    shapes = [words(0, top + SIDE / 2 + 4, moment.label)]
    for pn in range(strip.first, strip.last + 1):
        x = left + step * (pn - strip.first)
        shapes.append(_cell(moment.cells.get(pn), x, top, f"PN {pn}"))
    lowest = max(moment.lowest_pn, strip.first)
    highest = min(moment.next_pn, strip.last + 1)
    if lowest < highest:
        x = left + step * (lowest - strip.first) - GAP / 2
        wide = step * (highest - lowest)
        ends = (lowest == moment.lowest_pn, highest == moment.next_pn)
        shapes.append(_outline(x, top - GAP / 2, wide, SIDE + GAP, ends))
    return shapes


def _outline(x: float, y: float, wide: float, high: float, ends: tuple[bool, bool]) -> Html:
    """Return the window: open at an end where the picture is cut and the window goes on."""
    if all(ends):
        outline = {"x": x, "y": y, "width": wide, "height": high, "rx": 4}
        return tag("rect", class_="window", **outline)
    right, bottom = x + wide, y + high
    path = f"M{x:.1f},{y:.1f} H{right:.1f} {'V' if ends[1] else 'M'}"
    path += f"{bottom:.1f}" if ends[1] else f"{right:.1f},{bottom:.1f}"
    path += f" H{x:.1f}" + (" Z" if ends[0] and ends[1] else "")
    path += f" M{x:.1f},{y:.1f} V{bottom:.1f}" if ends[0] else ""
    return tag("path", tag("title", "The window goes on."), d=path, class_="window cut")


def _cell(cell: Cell | None, x: float, y: float, name: str | None = None) -> Html:
    """Return a shape for each state, so that none depends on its colour."""
    square = {"x": x + 2, "y": y + 2, "width": SIDE - 4, "height": SIDE - 4, "rx": 3}
    middle_x, middle_y, reach = x + SIDE / 2, y + SIDE / 2, SIDE / 2 - 4
    hint = [] if name is None else [tag("title", f"{name}: {WORDS[cell]}")]
    if cell is Cell.RECEIVED:
        shape = tag("rect", class_="received", **square)
    elif cell is Cell.MISSING:
        shape = tag("rect", class_="missing", **square)
    elif cell is Cell.LATE:
        low_x, high_x = middle_x - reach, middle_x + reach
        low_y, high_y = middle_y - reach, middle_y + reach
        cross = f"M{low_x},{low_y} L{high_x},{high_y} M{high_x},{low_y} L{low_x},{high_y}"
        shape = tag("path", d=cross, class_="late")
    elif cell is Cell.DUPLICATE:
        diamond = (
            f"{middle_x},{middle_y - reach} {middle_x + reach},{middle_y} "
            f"{middle_x},{middle_y + reach} {middle_x - reach},{middle_y}"
        )
        shape = tag("polygon", points=diamond, class_="duplicate")
    else:
        shape = tag("circle", cx=middle_x, cy=middle_y, r=2, class_="pending")
    return tag("g", *hint, shape)


def _legend() -> Html:
    samples = [
        tag("li", tag("svg", _cell(cell, 2, -5), viewBox="0 0 26 12", aria_hidden="true"), text)
        for cell, text in WORDS.items()
    ]
    outline = tag("rect", x=2, y=-4, width=22, height=20, rx=4, class_="window")
    window = tag("svg", outline, viewBox="0 0 26 12", aria_hidden="true")
    return tag(
        "ul",
        *samples,
        tag("li", window, "the window: lowest PN up to next PN; open where it goes on"),
        class_="legend",
    )
