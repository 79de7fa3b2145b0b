"""Axes of a chart: where a value lies, which values are marked, and the frame with its words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from macsec.report.html.markup import Html, tag

WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 30, 26, 46
"""Room around the frame of a chart for what is written there."""

Mark = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` on pixels from `start` to `stop`."""

    low: float
    high: float
    start: float
    stop: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Where a value is."""
        low, high = self._of(self.low), self._of(self.high)
        share = 0.5 if high == low else (self._of(value) - low) / (high - low)
        return self.start + share * (self.stop - self.start)

    def _of(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


def across(low: float, high: float, logarithmic: bool = False) -> Scale:
    """The horizontal axis."""
    return Scale(low, high, LEFT, WIDTH - RIGHT, logarithmic)


def upwards(low: float, high: float, logarithmic: bool = False) -> Scale:
    """The vertical axis."""
    return Scale(low, high, HEIGHT - BOTTOM, TOP, logarithmic)


def decades(values: Sequence[float]) -> tuple[float, float]:
    """Powers of ten around values above zero."""
    low = 10.0 ** math.floor(math.log10(min(values)))
    high = 10.0 ** math.ceil(math.log10(max(values)))
    return low, high if high > low else 10 * low


def even_marks(high: float, count: int = 5) -> list[Mark]:
    """Round values from 0 to at least `high`."""
    step = 10.0 ** math.floor(math.log10(max(high, 1e-9) / count))
    step = next(step * each for each in (1, 2, 5, 10) if step * each * count >= high)
    return [(step * at, short(step * at)) for at in range(math.ceil(high / step) + 1)]


def decade_marks(low: float, high: float, written: Callable[[float], str]) -> list[Mark]:
    """Powers of ten."""
    exponents = range(round(math.log10(low)), round(math.log10(high)) + 1)
    return [(10.0**exponent, written(10.0**exponent)) for exponent in exponents]


def short(value: float) -> str:
    """A number with k, M or G."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:g}{letter}"
    return f"{value:g}"


def nanoseconds(value: float) -> str:
    """A time with its unit."""
    for factor, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if value >= factor:
            return f"{value / factor:g} {unit}"
    return f"{value:g} ns"


def frame(x: Scale, y: Scale, x_marks: Sequence[Mark], y_marks: Sequence[Mark]) -> list[Html]:
    """Grid, axes and what is written at the marks."""
    parts: list[Html] = []
    for value, text in x_marks:
        at = x(value)
        parts.append(tag("line", x1=at, y1=y.stop, x2=at, y2=y.start, class_="grid"))
        parts.append(words(at, y.start + 17, text, "middle", "quiet"))
    for value, text in y_marks:
        at = y(value)
        parts.append(tag("line", x1=x.start, y1=at, x2=x.stop, y2=at, class_="grid"))
        parts.append(words(x.start - 7, at + 4, text, "end", "quiet"))
    edge = f"{x.start},{y.stop} {x.start},{y.start} {x.stop},{y.start}"
    return [*parts, tag("polyline", points=edge, class_="axis")]


def titles(x: Scale, y: Scale, across_text: str, up_text: str) -> list[Html]:
    """What the axes show: below, and above at the left."""
    middle = (x.start + x.stop) / 2
    return [
        words(middle, HEIGHT - 8, across_text, "middle"),
        words(4, y.stop - 12, up_text, "start"),
    ]


def words(x: float, y: float, text: str, anchor: str = "start", class_: str | None = None) -> Html:
    """One line of text in a drawing."""
    return tag("text", text, x=float(x), y=float(y), text_anchor=anchor, class_=class_)


def drawing(
    title: str, description: str, width: float, height: float, *shapes: Html, top: float = 0
) -> Html:
    """An SVG that tells its content to those who do not see it; `top` is its least y."""
    label = f"{title}. {description}" if description else title
    return tag(
        "svg",
        tag("title", title),
        *shapes,
        viewBox=f"0 {top:g} {width:g} {height:g}",
        role="img",
        aria_label=label,
    )


def figure(title: str, *content: Html) -> Html:
    """A drawing with its caption."""
    return tag("figure", tag("figcaption", title), *content)
