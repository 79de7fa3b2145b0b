"""Throughput against frame size: a chart for each stage, suite, mode and batch."""

from __future__ import annotations

from collections.abc import Sequence

from macsec.measure.machine import MachineJson
from macsec.measure.throughput.run import CEILING, OURS, Measurement, ThroughputResults, mode
from macsec.report.drawing import standalone
from macsec.report.html.charts import plot_sizes
from macsec.report.html.model import Series, Sizes

DECADES = 3
"""Decades of rates below the top, so that close lines stay apart."""

Name = tuple[str, str]


def picture(results: ThroughputResults, machine: MachineJson) -> str | None:
    """Return an SVG; None where fewer than two single sizes were measured."""
    plots = [plot for each in sizes(results) if (plot := plot_sizes(each)) is not None]
    if not plots:
        return None
    columns = len(results.plan.stages)
    title = "Throughput against frame size"
    return standalone.document(title, subtitle(results, machine), plots, columns)


def sizes(results: ThroughputResults) -> list[Sizes]:
    """Return the data of all charts; the same contestant has the same place in each."""
    panels: dict[str, list[Measurement]] = {}
    for row in results.rows:
        if len(set(row.task.workload.lengths)) == 1:
            task = row.task
            title = f"{task.stage}, {task.suite.name}, {mode(task)}, batches of {task.frames}"
            panels.setdefault(title, []).append(row)
    panels = {
        title: rows for title, rows in panels.items() if len({r.frame_octets for r in rows}) > 1
    }
    names = _ordered([row for rows in panels.values() for row in rows])
    return [
        Sizes(
            title,
            "Gbit/s of clear frames",
            [_series(name, rows) for name in names],
            "octets a frame, without FCS",
            DECADES,
        )
        for title, rows in panels.items()
    ]


def subtitle(results: ThroughputResults, machine: MachineJson) -> str:
    """Return the machine and the method in one line."""
    ghz = results.core_ghz()
    clock = "" if ghz is None else f" at {ghz:.2f} GHz (measured)"
    return (
        f"{machine['cpu']}{clock}, one core, medians of {results.plan.rounds} interleaved rounds, "
        f"macsec {machine['versions']['macsec']}, commit {machine['commit'] or 'unknown'}"
    )


def _ordered(rows: Sequence[Measurement]) -> list[Name]:
    """Return ours, then others, then ceilings: later ones are drawn above."""
    names = list(dict.fromkeys((row.backend, row.kernel) for row in rows))
    return sorted(names, key=lambda name: (name[0] == CEILING) * 2 + (name[0] not in OURS))


def _series(name: Name, rows: Sequence[Measurement]) -> Series:
    backend, kernel = name
    points = sorted(
        (row.frame_octets, row.gbit_per_s) for row in rows if (row.backend, row.kernel) == name
    )
    label = backend if backend.endswith(f"/{kernel}") else f"{backend} {kernel}"
    return Series(label, points, dashed=backend == CEILING)
