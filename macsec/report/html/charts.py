"""Charts: percentile curves, histogram bars, and values against frame size."""

from __future__ import annotations

import math
from collections.abc import Sequence

from macsec.report.html.axes import (
    HEIGHT,
    WIDTH,
    Mark,
    Scale,
    across,
    decade_marks,
    decades,
    drawing,
    even_marks,
    figure,
    frame,
    nanoseconds,
    short,
    titles,
    upwards,
    words,
)
from macsec.report.html.markup import Html, tag
from macsec.report.html.model import Bars, Curves, Series, Sizes

COLOURS = 6
SIZE_MARKS = (64, 128, 256, 512, 1024, 1518, 4096, 9018)
LEAST = 1.0
"""The bottom of a logarithmic axis of times: what is less is drawn there."""


def draw_curves(curves: Curves) -> Html:
    """Values against 1/(1-p), both logarithmic: each nine takes as much room as the last."""
    drawn = [
        Series(
            each.name,
            [(1 / (1 - share), max(value, LEAST)) for share, value in each.points if share < 1],
            each.dashed,
        )
        for each in curves.series
    ]
    points = [point for each in drawn for point in each.points]
    if not points:
        return _nothing(curves.title)
    most = max(10.0, decades([x for x, _ in points])[1])
    x = across(1, most, logarithmic=True)
    low, high = decades([y for _, y in points])
    y = upwards(low, high, logarithmic=True)
    is_time = curves.unit == "ns"
    y_marks = decade_marks(low, high, nanoseconds if is_time else short)
    x_marks = [(value, _nines(value)) for value, _ in decade_marks(1, most, short)]
    shapes = [*frame(x, y, x_marks, y_marks)]
    shapes += titles(x, y, "percentile", "latency" if is_time else curves.unit)
    shapes += [_line(each, at, x, y) for at, each in enumerate(drawn)]
    told = f"Percentile curves of {', '.join(each.name for each in drawn)}"
    return figure(curves.title, drawing(curves.title, told, WIDTH, HEIGHT, *shapes), _legend(drawn))


def draw_bars(bars: Bars) -> Html:
    """Counts, in equal steps of the value."""
    if not bars.bars:
        return _nothing(bars.title)
    low, high = bars.bars[0].low, bars.bars[-1].high + 1
    marks = even_marks(max(bar.count for bar in bars.bars))
    x, y = across(low, high), upwards(0, marks[-1][0])
    x_marks = [
        (value, f"{value:,.0f}") for value in (low + (high - low) * at / 4 for at in range(5))
    ]
    shapes = [*frame(x, y, x_marks, marks), *titles(x, y, bars.unit, "frames")]
    for bar in bars.bars:
        left, right, top = x(bar.low), x(bar.high + 1), y(bar.count)
        gap = 1 if right - left > 3 else 0
        if bar.count:
            shape = {"x": left, "y": top, "width": right - left - gap, "height": y.start - top}
            shapes.append(tag("rect", class_="bar", **shape))
    if bars.beyond:
        text = f"{bars.beyond:,} more above {high - 1:,}"
        shapes.append(words(x.stop, y.stop + 12, text, "end", "quiet halo"))
    told = f"Histogram from {low:,} to {high - 1:,} {bars.unit}"
    return figure(bars.title, drawing(bars.title, told, WIDTH, HEIGHT, *shapes))


def draw_sizes(sizes: Sizes) -> Html:
    """Values against frame size; dashed lines are arithmetic."""
    points = [point for each in sizes.series for point in each.points]
    if not points:
        return _nothing(sizes.title)
    widths = sorted({x for x, _ in points})
    x = across(widths[0], widths[-1], logarithmic=True)
    low, high = _steps([y for _, y in points])
    y = upwards(low, high, logarithmic=True)
    x_marks = [(size, str(size)) for size in SIZE_MARKS if widths[0] <= size <= widths[-1]]
    shapes = [*frame(x, y, _apart(x_marks, x), _thirds(low, high))]
    shapes += titles(x, y, "octets a frame, with FCS", sizes.unit)
    for at, each in enumerate(sizes.series):
        shapes.append(_line(each, at, x, y))
        if not each.dashed:
            shapes += [
                tag("circle", cx=x(size), cy=y(value), r=3.5, class_=f"dot c{at % COLOURS}")
                for size, value in each.points
            ]
    told = f"Lines of {', '.join(each.name for each in sizes.series)}"
    picture = drawing(sizes.title, told, WIDTH, HEIGHT, *shapes)
    return figure(sizes.title, picture, _legend(sizes.series))


def _nothing(title: str) -> Html:
    return figure(title, tag("p", "Nothing was measured.", class_="note"))


def _nines(inverse: float) -> str:
    """0 %, 90 %, 99 %, 99.9 %..."""
    digits = round(math.log10(inverse))
    return "0 %" if digits == 0 else f"{100 - 100 / inverse:.{max(digits - 2, 0)}f} %"


def _line(series: Series, at: int, x: Scale, y: Scale) -> Html:
    points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in series.points)
    dashed = " dashed" if series.dashed else ""
    return tag("polyline", points=points, class_=f"line c{at % COLOURS}{dashed}")


def _legend(series: Sequence[Series]) -> Html:
    samples = []
    for at, each in enumerate(series):
        dashed = " dashed" if each.dashed else ""
        stroke = tag("line", x1=0, y1=6, x2=26, y2=6, class_=f"line c{at % COLOURS}{dashed}")
        sample = tag("svg", stroke, viewBox="0 0 26 12", aria_hidden="true")
        samples.append(tag("li", sample, each.name))
    return tag("ul", *samples, class_="legend")


def _steps(values: Sequence[float]) -> tuple[float, float]:
    """1, 2 or 5 times a power of ten on either side."""
    steps = [factor * 10.0**power for power in range(-6, 13) for factor in (1, 2, 5)]
    low = max(step for step in steps if step <= min(values))
    return low, min(step for step in steps if step >= max(values) and step > low)


def _thirds(low: float, high: float) -> list[Mark]:
    steps = [factor * 10.0**power for power in range(-6, 13) for factor in (1, 2, 5)]
    return [(step, short(step)) for step in steps if low <= step <= high * 1.0001]


def _apart(marks: Sequence[Mark], x: Scale, least: float = 34) -> list[Mark]:
    """Those of the marks that do not touch the one before."""
    kept: list[Mark] = []
    for mark in marks:
        if not kept or x(mark[0]) - x(kept[-1][0]) >= least:
            kept.append(mark)
    return kept
