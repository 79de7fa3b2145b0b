"""Charts: percentile curves, histogram bars, and values against frame size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from macsec.report.drawing.axes import (
    Mark,
    Scale,
    decade_marks,
    decades,
    even_marks,
    nanoseconds,
    short,
    step_marks,
    steps_around,
)
from macsec.report.drawing.series import class_of, hidden, markers, sample
from macsec.report.drawing.svg import inline, line, words
from macsec.report.html.markup import Html, figure, tag
from macsec.report.html.model import Bars, Curves, Series, Sizes
from macsec.report.html.tables import scrolling

WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 30, 26, 46
"""Room around the frame of a chart for the words at its axes."""
SMALLEST = 0.92
"""The share of its size to which a chart shrinks: 11 pixels for a text of 12."""
SIZE_MARKS = (64, 128, 256, 512, 1024, 1518, 4096, 9018)
LEAST = 1.0
"""The bottom of a logarithmic axis of times; smaller values are drawn there."""


@dataclass(slots=True)
class Plot:
    """A drawn chart: its shapes, the series of its legend, and sentences about what is not seen."""

    title: str
    description: str
    shapes: list[Html]
    series: Sequence[Series] = ()
    notes: list[str] = field(default_factory=list)


def draw_curves(curves: Curves) -> Html:
    """Draw values against 1/(1-p), both logarithmic: each further nine has the same width."""
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
    x = _across(1, most, logarithmic=True)
    low, high = decades([y for _, y in points])
    y = _upwards(low, high, logarithmic=True)
    is_time = curves.unit == "ns"
    y_marks = decade_marks(low, high, nanoseconds if is_time else short)
    x_marks = [(value, _nines(value)) for value, _ in decade_marks(1, most, short)]
    plot = Plot(curves.title, "Percentile curves", _frame(x, y, x_marks, y_marks), drawn)
    plot.shapes += _titles(x, y, "percentile", "latency" if is_time else curves.unit)
    _add_series(plot, x, y)
    return _figure(plot)


def draw_bars(bars: Bars) -> Html:
    """Draw counts, in equal steps of the value."""
    if not bars.bars:
        return _nothing(bars.title)
    low, high = bars.bars[0].low, bars.bars[-1].high + 1
    marks = even_marks(max(bar.count for bar in bars.bars))
    x, y = _across(low, high), _upwards(0, marks[-1][0])
    x_marks = [
        (value, f"{value:,.0f}") for value in (low + (high - low) * at / 4 for at in range(5))
    ]
    description = f"Histogram from {low:,} to {high - 1:,} {bars.unit}"
    plot = Plot(bars.title, description, _frame(x, y, x_marks, marks))
    plot.shapes += _titles(x, y, bars.unit, "frames")
    for bar in bars.bars:
        left, right, top = x(bar.low), x(bar.high + 1), y(bar.count)
        gap = 1 if right - left > 3 else 0
        if bar.count:
            shape = {"x": left, "y": top, "width": right - left - gap, "height": y.start - top}
            plot.shapes.append(tag("rect", class_="bar", **shape))
    if bars.beyond:
        text = f"{bars.beyond:,} more above {high - 1:,}"
        plot.shapes.append(words(x.stop, y.stop + 12, text, "end", class_="quiet halo"))
    return _figure(plot)


def draw_sizes(sizes: Sizes) -> Html:
    """Draw values against frame size; dashed lines are arithmetic."""
    plot = plot_sizes(sizes)
    return _nothing(sizes.title) if plot is None else _figure(plot)


def plot_sizes(sizes: Sizes) -> Plot | None:
    """Return the chart of values against frame size; None without points."""
    points = [point for each in sizes.series for point in each.points]
    if not points:
        return None
    widths = sorted({x for x, _ in points})
    x = _across(widths[0], widths[-1], logarithmic=True)
    low, high = steps_around([y for _, y in points])
    if sizes.decades:
        low = max(low, 10.0 ** (math.ceil(math.log10(high)) - sizes.decades))
    y = _upwards(low, high, logarithmic=True)
    x_marks = [(size, str(size)) for size in SIZE_MARKS if widths[0] <= size <= widths[-1]]
    shapes = _frame(x, y, _apart(x_marks, x), step_marks(low, high))
    shown = [
        Series(each.name, [point for point in each.points if point[1] >= low], each.dashed)
        for each in sizes.series
    ]
    plot = Plot(sizes.title, "Lines", shapes, shown)
    plot.shapes += _titles(x, y, sizes.across, sizes.unit)
    _add_series(plot, x, y, dots=True)
    for whole, part in zip(sizes.series, shown, strict=True):
        if len(part.points) < len(whole.points):
            extent = "partly below" if part.points else "below"
            plot.notes.append(f"{whole.name} is {extent} the lowest value of this chart.")
    return plot


def _add_series(plot: Plot, x: Scale, y: Scale, dots: bool = False) -> None:
    """Draw each series in its colour, dashes and markers; name the covered ones."""
    plot.description = f"{plot.description} of {', '.join(each.name for each in plot.series)}"
    placed = [[(x(a), y(b)) for a, b in each.points] for each in plot.series]
    for at, (each, points) in enumerate(zip(plot.series, placed, strict=True)):
        plot.shapes.append(line(points, class_=class_of(at, each.dashed)))
        plot.shapes += markers(at, points, few=not dots) if not each.dashed else []
    plot.notes += hidden([each.name for each in plot.series], placed)


def _figure(plot: Plot) -> Html:
    picture = inline(plot.title, plot.description, WIDTH, HEIGHT, *plot.shapes)
    parts = [scrolling(plot.title, picture, least=SMALLEST * WIDTH, widest=1.5 * WIDTH)]
    if plot.series:
        parts.append(_legend(plot.series))
    parts += [tag("p", note, class_="note") for note in plot.notes]
    return figure(plot.title, *parts)


def _across(low: float, high: float, logarithmic: bool = False) -> Scale:
    return Scale(low, high, LEFT, WIDTH - RIGHT, logarithmic)


def _upwards(low: float, high: float, logarithmic: bool = False) -> Scale:
    return Scale(low, high, HEIGHT - BOTTOM, TOP, logarithmic)


def _frame(x: Scale, y: Scale, x_marks: Sequence[Mark], y_marks: Sequence[Mark]) -> list[Html]:
    """Return grid, axes and the texts at the marks."""
    parts: list[Html] = []
    for value, text in x_marks:
        at = x(value)
        parts.append(tag("line", x1=at, y1=y.stop, x2=at, y2=y.start, class_="grid"))
        parts.append(words(at, y.start + 17, text, "middle", class_="quiet"))
    for value, text in y_marks:
        at = y(value)
        parts.append(tag("line", x1=x.start, y1=at, x2=x.stop, y2=at, class_="grid"))
        parts.append(words(x.start - 7, at + 4, text, "end", class_="quiet"))
    edge = [(x.start, y.stop), (x.start, y.start), (x.stop, y.start)]
    return [*parts, line(edge, class_="axis")]


def _titles(x: Scale, y: Scale, across_text: str, up_text: str) -> list[Html]:
    """Return the names of the axes: below, and above at the left."""
    middle = (x.start + x.stop) / 2
    return [
        words(middle, HEIGHT - 8, across_text, "middle"),
        words(4, y.stop - 12, up_text, "start"),
    ]


def _nothing(title: str) -> Html:
    return figure(title, tag("p", "Nothing was measured.", class_="note"))


def _nines(inverse: float) -> str:
    """Return 0 %, 90 %, 99 %, 99.9 %..."""
    digits = round(math.log10(inverse))
    return "0 %" if digits == 0 else f"{100 - 100 / inverse:.{max(digits - 2, 0)}f} %"


def _legend(series: Sequence[Series]) -> Html:
    items = []
    for at, each in enumerate(series):
        drawn = tag("svg", *sample(at, each.dashed), viewBox="0 0 34 12", aria_hidden="true")
        items.append(tag("li", drawn, each.name))
    return tag("ul", *items, class_="legend")


def _apart(marks: Sequence[Mark], x: Scale, least: float = 34) -> list[Mark]:
    """Return the marks that do not touch the one before."""
    kept: list[Mark] = []
    for mark in marks:
        if not kept or x(mark[0]) - x(kept[-1][0]) >= least:
            kept.append(mark)
    return kept
