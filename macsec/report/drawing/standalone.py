"""A picture in a file of its own: charts below one another with one legend, as SVG or PNG.

Its colours are those of a page, written out, since not every viewer knows variables; dark where the
viewer is dark. The PNG is the same picture, light.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from macsec import extras
from macsec.report.drawing.series import sample
from macsec.report.drawing.svg import words
from macsec.report.html import charts
from macsec.report.html.markup import Html, join, tag
from macsec.report.html.model import Series
from macsec.report.html.style import CSS
from macsec.report.layout.boxes import text_width
from macsec.whole_file import write_whole

ENDINGS = (".svg", ".png")
FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"
MARGIN, HEAD, ROW, SAMPLE = 16, 62, 20, 44
PNG_SCALE = 2
CLASSES = (
    *("grid", "axis", "line", "dashed", "long", "short", "dot", "quiet", "strong", "halo"),
    *("node", "safe", "open", "idle", "lock", "shackle", "plate", "edged", "alarm", "alarmed"),
    *("sent", "head", "received", "missing", "late", "duplicate", "pending", "window"),
)
"""Classes of the style sheet that pictures have, beside the colours of series."""


def check_ending(path: str) -> None:
    """Raise EnvironmentLacks for a picture that this machine cannot write."""
    if path.endswith(".png") and find_spec("resvg_py") is None:
        raise extras.lacks("picture")


def save(path: str, text: str) -> None:
    """Write an SVG, or its PNG, by the ending of the name."""
    write_whole(path, text if path.endswith(".svg") else png(text))


def png(text: str) -> bytes:
    """Return an SVG as a PNG."""
    resvg: Any = import_module("resvg_py")
    return bytes(resvg.svg_to_bytes(svg_string=text, zoom=PNG_SCALE, font_family="DejaVu Sans"))


def document(title: str, subtitle: str, plots: Sequence[charts.Plot], columns: int = 2) -> str:
    """Return the text of an SVG with all charts, and one legend for all of them."""
    columns = min(columns, len(plots))
    width = 2 * MARGIN + columns * charts.WIDTH
    shapes = [words(MARGIN, 28, title, class_="title strong")]
    lines = _folded(subtitle, width - 2 * MARGIN)
    shapes += [words(MARGIN, 48 + 15 * at, text, class_="quiet") for at, text in enumerate(lines)]
    top = HEAD + 15 * (len(lines) - 1)
    high = charts.HEIGHT + 30
    for at, plot in enumerate(plots):
        place = (MARGIN + at % columns * charts.WIDTH, top + at // columns * high)
        shapes.append(_placed(place, words(4, 12, plot.title, class_="strong"), 0))
        shapes.append(_placed(place, join(plot.shapes), 22))
    bottom: float = top + -(-len(plots) // columns) * high
    legend, bottom = _legend(plots[0].series, width, bottom)
    notes = dict.fromkeys(note for plot in plots for note in plot.notes)
    for note in notes:
        legend.append(words(MARGIN, bottom + 10, note, class_="quiet"))
        bottom += ROW
    return _svg(title, width, bottom + MARGIN, [*shapes, *legend])


def alone(picture: Html) -> str:
    """Return a picture of a page as the text of a file, with its own style and background."""
    found = re.search(r'viewBox="(\S+) (\S+) (\S+) (\S+)"', picture)
    if found is None:
        raise ValueError("the picture has no viewBox")
    left, top, width, height = found.groups()
    head, rest = picture.split(">", 1)
    head = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    size = f' width="{width}" height="{height}" font-family="{FONT}" font-size="12px">'
    back = tag("rect", x=left, y=top, width=width, height=height, class_="back")
    return f"{head}{size}{tag('style', _style())}{back}{rest}\n"


def _placed(place: tuple[float, float], shapes: Html, below: float) -> Html:
    return tag("g", shapes, transform=f"translate({place[0]:g} {place[1] + below:g})")


def _legend(series: Sequence[Series], width: float, top: float) -> tuple[list[Html], float]:
    """Return the legend in as many rows as it needs, and where it ends."""
    shapes, x, y = [], float(MARGIN), top + 10.0
    for at, each in enumerate(series):
        needed = SAMPLE + text_width(each.name) + 18
        if x + needed > width - MARGIN and x > MARGIN:
            x, y = float(MARGIN), y + ROW
        shapes.append(_placed((x, y - 10), join(sample(at, each.dashed)), 0))
        shapes.append(words(x + SAMPLE - 4, y, each.name))
        x += needed
    return shapes, y + ROW


def _folded(text: str, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and text_width(f"{lines[-1]} {word}") > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _svg(title: str, width: float, height: float, shapes: Sequence[Html]) -> str:
    back = tag("rect", width=width, height=height, class_="back")
    size = {"width": f"{width:g}", "height": f"{height:g}", "viewBox": f"0 0 {width:g} {height:g}"}
    space = {"xmlns": "http://www.w3.org/2000/svg", "font_family": FONT, "font_size": "12px"}
    style = tag("style", _style())
    parts = (tag("title", title), style, back, *shapes)
    return tag("svg", *parts, **space, **size, role="img", aria_label=title) + "\n"


def _style() -> Html:
    """Return the rules of a chart, with the colours of a page in place of its variables."""
    light, dark = (dict(re.findall(r"--([\w-]+): ([^;]+);", text)) for text in _palettes())
    rules = _rules()
    return Html(
        f"{_resolved(rules, light)}\n@media (prefers-color-scheme: dark) {{\n"
        f"{_resolved(rules, dark)}\n}}"
    )


def _palettes() -> tuple[str, str]:
    light, _, rest = CSS.partition("@media screen and (prefers-color-scheme: dark)")
    return light, rest.partition("* {")[0]


def _rules() -> str:
    names = "|".join((*CLASSES, r"c\d"))
    found = re.findall(rf"(?:svg )?\.(?:{names}) {{[^}}]*}}", CSS)
    found = [rule.replace("svg .", ".") for rule in found]
    base = [
        ".back { fill: var(--page); }",
        "text { fill: var(--text); }",
        ".title { font-size: 18px; }",
    ]
    return "\n".join([*base, *found])


def _resolved(rules: str, colours: dict[str, str]) -> str:
    return re.sub(r"var\(--([\w-]+)\)", lambda found: colours[found[1]], rules)
