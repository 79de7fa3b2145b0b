"""Throughput against frame size, ours and others', as a drawing: a panel a stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from macsec.measure.throughput.run import CEILING, OURS, Results, Row, mode
from macsec.report.drawing import Drawing, Lines, Words

PANEL_WIDTH, PANEL_HEIGHT = 420, 400
LEFT, TOP, BETWEEN, BOTTOM, LEGEND = 70, 84, 70, 60, 260
GRID, AXIS, QUIET = "#dddddd", "#555555", "#666666"
CEILING_COLOUR = "#000000"
OUR_COLOURS = ("#d55e00", "#e69f00", "#8b6508", "#c9a227", "#a0522d")
PEER_COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#cc79a7", "#7f7fff", "#8c564b", "#17becf")
SIZE_MARKS = (64, 128, 256, 512, 1024, 2048, 4096)

DECADES = 3

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a panel lies, and what its axes hold, both logarithmic."""

    left: float
    top: float
    sizes: tuple[float, float]
    rates: tuple[float, float]

    def x(self, size: float) -> float:
        """Where a size is."""
        low, high = map(math.log2, self.sizes)
        return self.left + PANEL_WIDTH * (math.log2(size) - low) / (high - low)

    def y(self, rate: float) -> float:
        """Where a rate is."""
        low, high = map(math.log10, self.rates)
        share = (math.log10(rate) - low) / (high - low)
        return self.top + PANEL_HEIGHT * (1 - share)


def draw(results: Results, machine: Mapping[str, Any]) -> Drawing | None:
    """The picture; None where fewer than two single sizes were measured."""
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
        frame = Frame(left, TOP + at // stages * (PANEL_HEIGHT + BOTTOM + 30), sizes, rates)
        _axes(drawing, frame, title)
        for name, style in names.items():
            _curve(drawing, frame, [r for r in rows if (r.backend, r.kernel) == name], style)
    below = {name for name in names if _slower(every, name, rates[0])}
    _legend(drawing, width - LEGEND, names, below)
    return drawing


def _panels(results: Results) -> dict[str, list[Row]]:
    panels: dict[str, list[Row]] = {}
    for row in results.rows:
        if len(set(row.task.workload.lengths)) == 1:
            task = row.task
            title = f"{task.stage}, {task.suite.name}, {mode(task)}, batches of {task.frames}"
            panels.setdefault(title, []).append(row)
    return {
        title: rows for title, rows in panels.items() if len({r.frame_octets for r in rows}) > 1
    }


def _styles(rows: Sequence[Row]) -> dict[Name, Lines]:
    """For each contestant in the legend's order, how its line looks."""
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
    """The axis of rates: a few decades down from the top, so that what is close stays apart."""
    top = math.floor(math.log10(max(rates)))
    low = max(math.floor(math.log10(min(rates))), top - DECADES)
    high = next(step * 10.0**top for step in (1, 2, 5, 10) if step * 10.0**top >= max(rates))
    return 10.0**low, high


def _subtitle(results: Results, machine: Mapping[str, Any]) -> str:
    ghz = results.core_ghz()
    clock = "" if ghz is None else f" at {ghz:.2f} GHz (measured)"
    return (
        f"{machine['cpu']}{clock}, one core, medians of {results.plan.rounds} interleaved rounds, "
        f"macsec {machine['versions']['macsec']}, commit {machine['commit'] or 'unknown'}"
    )


def _axes(drawing: Drawing, frame: Frame, title: str) -> None:
    right, bottom = frame.left + PANEL_WIDTH, frame.top + PANEL_HEIGHT
    for size in (*SIZE_MARKS, round(frame.sizes[1])):
        if frame.sizes[0] <= size <= frame.sizes[1]:
            x = frame.x(size)
            drawing.add(Lines(((x, frame.top), (x, bottom)), GRID))
            drawing.add(Words(x, bottom + 18, str(size), 11, "middle", AXIS))
    power = round(math.log10(frame.rates[0]))
    while 10.0**power <= frame.rates[1]:
        for step in (1, 2, 5):
            if (rate := step * 10.0**power) <= frame.rates[1]:
                y = frame.y(rate)
                drawing.add(Lines(((frame.left, y), (right, y)), GRID, 1 if step == 1 else 0.5))
                drawing.add(Words(frame.left - 8, y + 4, f"{rate:g}", 11, "end", AXIS))
        power += 1
    edge = ((frame.left, frame.top), (frame.left, bottom), (right, bottom))
    middle = frame.top + PANEL_HEIGHT / 2
    drawing.add(
        Lines(edge, AXIS, 1.2),
        Words(frame.left, frame.top - 10, title, 12, bold=True),
        Words(
            frame.left + PANEL_WIDTH / 2, bottom + 38, "octets a frame, without FCS", 12, "middle"
        ),
        Words(frame.left - 46, middle, "Gbit/s of clear frames", 12, "middle", turned=True),
    )


def _curve(drawing: Drawing, frame: Frame, rows: Sequence[Row], style: Lines) -> None:
    low = frame.rates[0]
    points = sorted(
        (frame.x(row.frame_octets), frame.y(row.gbit_per_s))
        for row in rows
        if row.gbit_per_s >= low
    )
    if points:
        drawing.add(Lines(tuple(points), style.colour, style.width, style.dash, style.dots))


def _slower(rows: Sequence[Row], name: Name, rate: float) -> bool:
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
