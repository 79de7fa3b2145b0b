"""Throughput against frame size as a picture: a panel for each stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from macsec.measure.machine import MachineJson
from macsec.measure.throughput.run import CEILING, OURS, Measurement, ThroughputResults, mode
from macsec.report.drawing.axes import Scale, step_marks
from macsec.report.drawing.shapes import Drawing, Lines, Words

PANEL_WIDTH, PANEL_HEIGHT = 420, 400
LEFT, TOP, BETWEEN, BOTTOM, LEGEND = 70, 84, 70, 60, 260
GRID, AXIS, QUIET = "#dddddd", "#555555", "#666666"
OUR_COLOURS = ("#d55e00", "#e69f00", "#8b6508", "#c9a227", "#a0522d")
PEER_COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#cc79a7", "#7f7fff", "#8c564b", "#17becf")
SIZE_MARKS = (64, 128, 256, 512, 1024, 2048, 4096)

DECADES = 3

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Panel:
    """The axes of one panel: frame sizes across, rates upwards, both logarithmic."""

    x: Scale
    y: Scale


def draw(results: ThroughputResults, machine: MachineJson) -> Drawing | None:
    """Return the picture; None where fewer than two single sizes were measured."""
    panels = _panels(results)
    if not panels:
        return None
    names = _styles([row for rows in panels.values() for row in rows])
    stages = len(results.plan.stages)
    down = -(-len(panels) // stages)
    width = LEFT + stages * (PANEL_WIDTH + BETWEEN) + LEGEND
    drawing = Drawing(width, TOP + down * (PANEL_HEIGHT + BOTTOM + 30))
    drawing.add(
        Words(LEFT, 28, "Throughput against frame size", 18, bold=True),
        Words(LEFT, 48, _subtitle(results, machine), 11, colour=QUIET),
    )
    every = [row for rows in panels.values() for row in rows]
    sizes = (min(r.frame_octets for r in every), max(r.frame_octets for r in every))
    rates = _range([row.gbit_per_s for row in every])
    for at, (title, rows) in enumerate(panels.items()):
        left = LEFT + at % stages * (PANEL_WIDTH + BETWEEN)
        top = TOP + at // stages * (PANEL_HEIGHT + BOTTOM + 30)
        panel = Panel(
            Scale(*sizes, left, left + PANEL_WIDTH, logarithmic=True),
            Scale(*rates, top + PANEL_HEIGHT, top, logarithmic=True),
        )
        _axes(drawing, panel, title)
        for name, style in names.items():
            _curve(drawing, panel, [r for r in rows if (r.backend, r.kernel) == name], style)
    below = {name for name in names if _slower(every, name, rates[0])}
    _legend(drawing, width - LEGEND, names, below)
    return drawing


def _panels(results: ThroughputResults) -> dict[str, list[Measurement]]:
    panels: dict[str, list[Measurement]] = {}
    for row in results.rows:
        if len(set(row.task.workload.lengths)) == 1:
            task = row.task
            title = f"{task.stage}, {task.suite.name}, {mode(task)}, batches of {task.frames}"
            panels.setdefault(title, []).append(row)
    return {
        title: rows for title, rows in panels.items() if len({r.frame_octets for r in rows}) > 1
    }


def _styles(rows: Sequence[Measurement]) -> dict[Name, Lines]:
    """Return the line style of each contestant, in the legend's order."""
    names = list(dict.fromkeys((row.backend, row.kernel) for row in rows))
    ceilings = [name for name in names if name[0] == CEILING]
    ours = [name for name in names if name[0] in OURS]
    others = [name for name in names if name[0] not in (*OURS, CEILING)]
    styles: dict[Name, Lines] = {}
    for shade, name in zip(("#000000", "#777777", "#aaaaaa"), reversed(ceilings), strict=False):
        styles[name] = Lines((), shade, 1.4, dash=True)
    for at, name in enumerate(ours):
        colour = OUR_COLOURS[at % len(OUR_COLOURS)]
        styles[name] = Lines((), colour, 3 if at == 0 else 1.8, name[0] != ours[0][0], 3)
    for at, name in enumerate(others):
        styles[name] = Lines((), PEER_COLOURS[at % len(PEER_COLOURS)], 1.6, dots=2.5)
    return styles


def _range(rates: Sequence[float]) -> tuple[float, float]:
    """Return the range of rates: a few decades below the top, so that close lines stay apart."""
    top = math.floor(math.log10(max(rates)))
    low = max(math.floor(math.log10(min(rates))), top - DECADES)
    high = next(step * 10.0**top for step in (1, 2, 5, 10) if step * 10.0**top >= max(rates))
    return 10.0**low, high


def _subtitle(results: ThroughputResults, machine: MachineJson) -> str:
    ghz = results.core_ghz()
    clock = "" if ghz is None else f" at {ghz:.2f} GHz (measured)"
    return (
        f"{machine['cpu']}{clock}, one core, medians of {results.plan.rounds} interleaved rounds, "
        f"macsec {machine['versions']['macsec']}, commit {machine['commit'] or 'unknown'}"
    )


def _axes(drawing: Drawing, panel: Panel, title: str) -> None:
    x, y = panel.x, panel.y
    for size in sorted({*SIZE_MARKS, round(x.high)}):
        if x.low <= size <= x.high:
            drawing.add(Lines(((x(size), y.stop), (x(size), y.start)), GRID))
            drawing.add(Words(x(size), y.start + 18, str(size), 11, "middle", AXIS))
    for rate, text in step_marks(y.low, y.high):
        width = 1 if math.log10(rate).is_integer() else 0.5
        drawing.add(Lines(((x.start, y(rate)), (x.stop, y(rate))), GRID, width))
        drawing.add(Words(x.start - 8, y(rate) + 4, text, 11, "end", AXIS))
    edge = ((x.start, y.stop), (x.start, y.start), (x.stop, y.start))
    drawing.add(
        Lines(edge, AXIS, 1.2),
        Words(x.start, y.stop - 10, title, 12, bold=True),
        Words((x.start + x.stop) / 2, y.start + 38, "octets a frame, without FCS", 12, "middle"),
        Words(
            x.start - 46,
            (y.start + y.stop) / 2,
            "Gbit/s of clear frames",
            12,
            "middle",
            turned=True,
        ),
    )


def _curve(drawing: Drawing, panel: Panel, rows: Sequence[Measurement], style: Lines) -> None:
    points = sorted(
        (panel.x(row.frame_octets), panel.y(row.gbit_per_s))
        for row in rows
        if row.gbit_per_s >= panel.y.low
    )
    if points:
        drawing.add(Lines(tuple(points), style.colour, style.width, style.dash, style.dots))


def _slower(rows: Sequence[Measurement], name: Name, rate: float) -> bool:
    return all(row.gbit_per_s < rate for row in rows if (row.backend, row.kernel) == name)


def _legend(drawing: Drawing, left: float, names: Mapping[Name, Lines], below: Set[Name]) -> None:
    for at, ((backend, kernel), style) in enumerate(names.items()):
        y = TOP + 10 + 22 * at
        sample = ((left, y), (left + 30, y))
        drawing.add(Lines(sample, style.colour, style.width, style.dash, style.dots))
        name = backend if backend.endswith(f"/{kernel}") else f"{backend} {kernel}"
        name += " (below)" if (backend, kernel) in below else ""
        drawing.add(Words(left + 40, y + 4, name, 12, bold=at == _first_of_ours(names)))


def _first_of_ours(names: Mapping[Name, Lines]) -> int:
    return next((at for at, name in enumerate(names) if name[0] in OURS), -1)
