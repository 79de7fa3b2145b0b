"""A few shapes on a page: written as SVG by this file, or as PNG by matplotlib where it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from macsec.errors import EnvironmentLacks

FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"
PNG_SCALE = 2


@dataclass(frozen=True, slots=True)
class Lines:
    """Points joined by straight lines; `dots` marks them."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 1
    dash: bool = False
    dots: float = 0


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text. `anchor`: start, middle or end; `turned`: reads upwards."""

    x: float
    y: float
    text: str
    size: float = 12
    anchor: str = "start"
    colour: str = "#222222"
    bold: bool = False
    turned: bool = False


@dataclass(slots=True)
class Drawing:
    """Shapes in the order in which they are drawn; y grows downwards."""

    width: float
    height: float
    shapes: list[Lines | Words] = field(default_factory=list)

    def add(self, *shapes: Lines | Words) -> None:
        """Draw more, above what is there."""
        self.shapes += shapes

    def save(self, path: str) -> None:
        """Write the file that the ending of its name asks for."""
        if path.endswith(".svg"):
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.svg())
        else:
            _save_png(self, path)

    def svg(self) -> str:
        """The text of an SVG."""
        size = f'width="{self.width:g}" height="{self.height:g}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">'
        back = f'<rect {size} fill="white"/>'
        return "\n".join([head, back, *map(_svg, self.shapes), "</svg>"]) + "\n"


def check_ending(path: str) -> None:
    """Raise EnvironmentLacks for a picture that cannot be written here."""
    if path.endswith(".png") and find_spec("matplotlib") is None:
        raise EnvironmentLacks(
            "a PNG needs matplotlib (pip install matplotlib); an SVG needs nothing: name it OUT.svg"
        )


def _svg(shape: Lines | Words) -> str:
    if isinstance(shape, Lines):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
        dash = ' stroke-dasharray="6 4"' if shape.dash else ""
        line = (
            f'<polyline points="{points}" fill="none" stroke="{shape.colour}" '
            f'stroke-width="{shape.width:g}"{dash}/>'
        )
        dots = [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{shape.dots:g}" fill="{shape.colour}"/>'
            for x, y in shape.points
            if shape.dots
        ]
        return "".join([line, *dots])
    weight = ' font-weight="bold"' if shape.bold else ""
    turn = f' transform="rotate(-90 {shape.x:.1f} {shape.y:.1f})"' if shape.turned else ""
    return (
        f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" '
        f'text-anchor="{shape.anchor}" fill="{shape.colour}"{weight}{turn}>'
        f"{escape(shape.text)}</text>"
    )


def _save_png(drawing: Drawing, path: str) -> None:
    canvas: Any = import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
    new_figure: Any = import_module("matplotlib.figure").Figure
    dots_per_inch = 72
    figure = new_figure(
        (drawing.width / dots_per_inch, drawing.height / dots_per_inch),
        dpi=dots_per_inch * PNG_SCALE,
    )
    canvas(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, drawing.width)
    axes.set_ylim(drawing.height, 0)
    for shape in drawing.shapes:
        _matplotlib(axes, shape)
    figure.savefig(path, facecolor="white")


def _matplotlib(axes: Any, shape: Lines | Words) -> None:
    if isinstance(shape, Lines):
        x, y = zip(*shape.points, strict=True)
        axes.plot(
            x,
            y,
            color=shape.colour,
            linewidth=shape.width,
            linestyle="--" if shape.dash else "-",
            marker="o" if shape.dots else "",
            markersize=2 * shape.dots,
            solid_capstyle="butt",
        )
        return
    axes.text(
        shape.x,
        shape.y,
        shape.text,
        fontsize=shape.size,
        color=shape.colour,
        ha={"start": "left", "middle": "center", "end": "right"}[shape.anchor],
        va="baseline",
        weight="bold" if shape.bold else "normal",
        rotation=90 if shape.turned else 0,
        rotation_mode="anchor",
    )
