"""A picture of lines and words: saved as SVG, or as PNG where matplotlib is installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from macsec.errors import EnvironmentLacks
from macsec.report.drawing.svg import document, dot, line, words
from macsec.report.html.markup import Html, join
from macsec.whole_file import write_whole

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
        """Draw more shapes, above the others."""
        self.shapes += shapes

    def save(self, path: str) -> None:
        """Write the file, in the format of its ending."""
        write_whole(path, self.svg() if path.endswith(".svg") else _png(self))

    def svg(self) -> str:
        """Return the text of an SVG."""
        return document(self.width, self.height, FONT, *map(_svg, self.shapes)) + "\n"


def check_ending(path: str) -> None:
    """Raise EnvironmentLacks for a picture that this machine cannot write."""
    if path.endswith(".png") and find_spec("matplotlib") is None:
        raise EnvironmentLacks(
            "a PNG needs matplotlib (pip install matplotlib); an SVG needs nothing: name it OUT.svg"
        )


def _svg(shape: Lines | Words) -> Html:
    if isinstance(shape, Words):
        turn = f"rotate(-90 {shape.x:.1f} {shape.y:.1f})" if shape.turned else None
        weight = "bold" if shape.bold else None
        style = {"font_size": shape.size, "font_weight": weight, "transform": turn}
        return words(shape.x, shape.y, shape.text, shape.anchor, fill=shape.colour, **style)
    dash = "6 4" if shape.dash else None
    style = {"stroke": shape.colour, "stroke_width": shape.width, "stroke_dasharray": dash}
    dots = shape.points if shape.dots else ()
    return join(
        [
            line(shape.points, fill="none", **style),
            *(dot(point, shape.dots, fill=shape.colour) for point in dots),
        ]
    )


def _png(drawing: Drawing) -> bytes:
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
    picture = BytesIO()
    figure.savefig(picture, format="png", facecolor="white")
    return picture.getvalue()


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
