"""A measurement of throughput: JSON, and tables of contestants (rows) and sizes (columns)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Literal, TypedDict

from rich.text import Text

from macsec.measure.machine import MachineJson
from macsec.measure.throughput.run import (
    CEILING,
    OURS,
    Measurement,
    ThroughputResults,
    expected,
    mode,
)
from macsec.report.machine import others
from macsec.report.page import Page, columns, heading, indented

NAME_WIDTH, NUMBER_WIDTH = 40, 11

Group = tuple[str, str, str, int]


class BenchMachineJson(MachineJson):
    """The machine, and the measured clock of its core."""

    core_ghz: float | None


class NamesJson(TypedDict):
    """The task and the contestant of a measurement."""

    stage: Literal["protect", "validate"]
    suite: str
    mode: Literal["confidentiality", "integrity"]
    backend: str
    kernel: str
    batch: int


class RowJson(NamesJson):
    """A measurement: medians over the rounds."""

    workload: str
    frame_octets: float
    ns_per_frame: float
    gbit_per_s: float
    mframe_per_s: float
    cycles_per_frame: float | None
    best_ns_per_frame: float
    spread: float
    interrupted_rounds: int


class RatioJson(NamesJson):
    """The time of one of our contestants over that of a peer."""

    workload: str
    peer: str
    peer_kernel: str
    ratio: float


class FitJson(NamesJson):
    """A line through the times of a contestant over the frame sizes."""

    ns_per_octet: float
    ns_per_frame: float
    largest_error: float


class ExpectedJson(TypedDict):
    """The share of frames that a link with MACsec carries, without and with SCI."""

    workload: str
    ratio_24: float
    ratio_32: float


class ThroughputJson(TypedDict):
    """`macsec/bench-throughput/1`."""

    schema: Literal["macsec/bench-throughput/1"]
    machine: BenchMachineJson
    rounds: int
    chosen_kernel: str
    rows: list[RowJson]
    ratios: list[RatioJson]
    fit: list[FitJson]
    expected: list[ExpectedJson]
    digests: dict[str, str]
    not_found: dict[str, str]


def to_json(results: ThroughputResults, machine: MachineJson) -> ThroughputJson:
    """Return the JSON of a measurement of throughput."""
    plan = results.plan
    return {
        "schema": "macsec/bench-throughput/1",
        "machine": {**machine, "core_ghz": _rounded(results.core_ghz(), 3)},
        "rounds": plan.rounds,
        "chosen_kernel": plan.kernels[0],
        "rows": [_row(row) for row in results.rows],
        "ratios": [_ratio(*each) for each in results.ratios()],
        "fit": [
            {
                **_names(row),
                "ns_per_octet": round(line.slope, 6),
                "ns_per_frame": round(line.intercept, 3),
                "largest_error": round(line.error, 4),
            }
            for row, line in results.lines()
        ],
        "expected": [
            {"workload": workload.name, "ratio_24": round(short, 6), "ratio_32": round(long, 6)}
            for workload in plan.workloads
            for short, long in [expected(workload)]
        ],
        "digests": results.digests(),
        "not_found": dict(results.lacking),
    }


def _names(row: Measurement) -> NamesJson:
    return {
        "stage": row.task.stage,
        "suite": row.task.suite.name,
        "mode": mode(row.task),
        "backend": row.backend,
        "kernel": row.kernel,
        "batch": row.batch,
    }


def _row(row: Measurement) -> RowJson:
    octets = row.frame_octets
    return {
        **_names(row),
        "workload": row.task.workload.name,
        "frame_octets": int(octets) if octets.is_integer() else round(octets, 3),
        "ns_per_frame": round(row.ns_per_frame, 3),
        "gbit_per_s": round(row.gbit_per_s, 6),
        "mframe_per_s": round(1000 / row.ns_per_frame, 6),
        "cycles_per_frame": _rounded(row.cycles_per_frame, 1),
        "best_ns_per_frame": round(row.timing.best / row.frames, 3),
        "spread": round(row.timing.spread, 4),
        "interrupted_rounds": row.timing.interrupted,
    }


def _ratio(ours: Measurement, other: Measurement, ratio: float) -> RatioJson:
    return {
        **_names(ours),
        "workload": ours.task.workload.name,
        "peer": other.backend,
        "peer_kernel": other.kernel,
        "ratio": round(ratio, 4),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def to_page(page: Page, results: ThroughputResults, machine: MachineJson) -> None:
    """Print the machine, then times, ratios and lines of each suite, mode, stage and batch."""
    page.add(heading("macsec bench throughput", results.plan.kernels[0]), Text())
    page.add(*indented(_machine(results, machine)))
    for group, races in _groups(results):
        page.add(heading(f"{group[2]}, {group[0]}, {group[1]}", f"batches of {group[3]}"), Text())
        for part in _parts(races, page.width):
            page.add(*indented(_times(part), _ratios(results, part)))
    lines = list(results.lines())
    if lines:
        page.add(heading("fitted line", "least squares of relative distances, over single sizes"))
        page.add(Text(), *indented(_lines(lines)))


def _head(results: ThroughputResults, machine: MachineJson) -> dict[str, str]:
    ghz = results.core_ghz()
    return {
        "CPU": f"{machine['cpu']} ({machine['cpu_family_model']})"
        + (", virtual" if machine["hypervisor"] else ""),
        "CPU has": " ".join(machine["flags"]),
        "core clock": "not known" if ghz is None else f"{ghz:.2f} GHz, measured",
        "system": f"{machine['kernel']}, {machine['python']}",
        "compiler": machine["compiler"] or "none",
        "versions": ", ".join(f"{name} {version}" for name, version in machine["versions"].items()),
        "commit": machine["commit"] or "not a checkout",
        "load before": " ".join(map(str, machine["load"])),
        "other programs": others(machine),
        "rounds": f"{results.plan.rounds}, in turn; medians",
    }


def _machine(results: ThroughputResults, machine: MachineJson) -> Any:
    table = columns("left", "left")
    for name, value in _head(results, machine).items():
        table.add_row(Text(name, "dim"), Text(value))
    return table


def _groups(results: ThroughputResults) -> Iterator[tuple[Group, list[list[Measurement]]]]:
    def group(race: list[Measurement]) -> Group:
        task = race[0].task
        return task.suite.name, mode(task), task.stage, task.frames

    races = [race for race in results.races if race]
    order = {key: at for at, key in enumerate(dict.fromkeys(map(group, races)))}
    for key, found in groupby(sorted(races, key=lambda race: order[group(race)]), group):
        yield key, list(found)


def _parts(races: list[list[Measurement]], width: int) -> Iterator[list[list[Measurement]]]:
    most = max(1, (width - NAME_WIDTH) // NUMBER_WIDTH)
    for at in range(0, len(races), most):
        yield races[at : at + most]


def _times(races: list[list[Measurement]]) -> Any:
    table = _table("ns a frame", races)
    for at, row in enumerate(races[0]):
        style = "bold" if at == 0 else "dim" if row.backend == CEILING else ""
        cells = [Text(_short(race[at].ns_per_frame), style) for race in races]
        table.add_row(Text(_label(row), style), *cells)
    first = [race[0] for race in races]
    table.add_row(Text("Gbit/s of the first row"), *(_cell(row.gbit_per_s) for row in first))
    if first[0].cycle_ns is not None:
        cycles = [row.cycles_per_frame or 0.0 for row in first]
        table.add_row(Text("cycles a frame of the first row"), *(_cell(value) for value in cycles))
    spread = [max(row.timing.spread for row in race) for race in races]
    table.add_row(Text("widest spread", "dim"), *(Text(f"{100 * s:.0f} %", "dim") for s in spread))
    return table


def _ratios(results: ThroughputResults, races: list[list[Measurement]]) -> Any:
    """Return the chosen kernel's time over that of others, and the same for the Python calls."""
    table = _table("our time ÷ time of", races)
    leaders = [row for row in races[0] if row is races[0][0] or row.backend == OURS[-1]]
    for leader in leaders:
        prefix = "" if leader is races[0][0] else f"{leader.backend} ÷ "
        ratios = [
            {
                _label(other): ratio
                for ours, other, ratio in results.ratios()
                if ours in race and _label(ours) == _label(leader)
            }
            for race in races
        ]
        for name in ratios[0]:
            table.add_row(Text(prefix + name), *(Text(f"{each[name]:.3f}") for each in ratios))
    return table


def _lines(lines: Sequence[tuple[Measurement, Any]]) -> Any:
    table = columns("left", "left", "right", "right", "right")
    head = ("contestant", "", "ns an octet", "ns a frame", "largest error")
    table.add_row(*(Text(name, "dim") for name in head))
    for row, line in lines:
        what = f"{row.task.stage}, {row.task.suite.name}, {mode(row.task)}, {row.batch}"
        table.add_row(
            _label(row),
            what,
            f"{line.slope:.4f}",
            f"{line.intercept:.1f}",
            f"{100 * line.error:.0f} %",
        )
    return table


def _rights(races: list[list[Measurement]]) -> list[Literal["left", "right"]]:
    return ["right" for _ in races]


def _table(title: str, races: list[list[Measurement]]) -> Any:
    table = columns("left", *_rights(races))
    names = [race[0].task.workload.name for race in races]
    table.add_row(Text(title, "dim"), *(Text(name, "dim") for name in names))
    return table


def _label(row: Measurement) -> str:
    return row.backend if row.backend.endswith(f"/{row.kernel}") else f"{row.backend} {row.kernel}"


def _cell(value: float) -> Text:
    return Text(_short(value))


def _short(value: float) -> str:
    return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def to_markdown(results: ThroughputResults, machine: MachineJson) -> str:
    """Return the same for a document."""
    parts = ["\n".join(f"- {name}: {value}" for name, value in _head(results, machine).items())]
    for group, races in _groups(results):
        parts.append(f"### {group[2]}, {group[0]}, {group[1]}, batches of {group[3]}")
        parts.append(_markdown("ns a frame", races, _time_cells(races)))
        parts.append(_markdown("our time ÷ time of", races, _ratio_cells(results, races)))
    return "\n\n".join(parts) + "\n"


def _time_cells(races: list[list[Measurement]]) -> Iterator[tuple[str, Iterable[str]]]:
    for at, row in enumerate(races[0]):
        yield _label(row), (_short(race[at].ns_per_frame) for race in races)


def _ratio_cells(
    results: ThroughputResults, races: list[list[Measurement]]
) -> Iterator[tuple[str, Iterable[str]]]:
    chosen = results.plan.kernels[0]
    cells: dict[str, list[str]] = {}
    rows = {id(row) for race in races for row in race}
    for ours, other, ratio in results.ratios():
        if id(ours) in rows and ours.kernel == chosen:
            prefix = "" if ours.backend not in OURS[2:] else f"{ours.backend} ÷ "
            cells.setdefault(prefix + _label(other), []).append(f"{ratio:.3f}")
    yield from cells.items()


def _markdown(
    title: str, races: list[list[Measurement]], cells: Iterable[tuple[str, Iterable[str]]]
) -> str:
    names = [race[0].task.workload.name for race in races]
    rows = [(title, *names), *((name, *values) for name, values in cells)]
    text = ["| " + " | ".join(row) + " |" for row in rows]
    text.insert(1, "| --- |" + " ---: |" * len(names))
    return "\n".join(text)
