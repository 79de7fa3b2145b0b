"""A measurement of throughput: JSON, and tables of contestants (rows) and sizes (columns)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
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
    """`macsec/bench-throughput/1`: cost of a frame by task, contestant and size, and ratios."""

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
    page.add(*indented(Text("\n".join(_answer(results)))))
    for group, races in groups(results):
        page.add(heading(f"{group[2]}, {group[0]}, {group[1]}", f"batches of {group[3]}"), Text())
        for part in _parts(races, page.width):
            page.add(*indented(_times(part)))
            ratios = _ratios(results, part)
            if ratios.row_count > 1:  # beside its head
                page.add(*indented(ratios))
    lines = list(results.lines())
    if lines:
        page.add(
            heading(
                "fitted line",
                "least squares of relative distances, from three sizes on",
            )
        )
        page.add(Text(), *indented(_lines(lines)))


def machine_facts(results: ThroughputResults, machine: MachineJson) -> dict[str, str]:
    """Return the machine and the method, by name."""
    ghz = results.core_ghz()
    return {
        "CPU": f"{machine['cpu']} ({machine['cpu_family_model']})"
        + (", virtual" if machine["hypervisor"] else ""),
        "CPU has": " ".join(machine["flags"]),
        "core clock": "not known" if ghz is None else f"{ghz:.2f} GHz, measured",
        "system": f"{machine['kernel']}, {machine['python']}",
        "compiler": machine["compiler"] or "none",
        "versions": ", ".join(f"{name} {version}" for name, version in machine["versions"].items()),
        "commit": machine["commit"] or "unknown: not a git checkout",
        "load before": " ".join(map(str, machine["load"])),
        "other programs": others(machine),
        "rounds": f"{results.plan.rounds}, in turn; medians",
    }


def _answer(results: ThroughputResults) -> Iterator[str]:
    """Yield the rates of the first stage, its shortest and longest frames, and the best peer."""
    for (suite, how, stage, _), races in islice(groups(results), 1):
        by_length = sorted(races, key=lambda race: race[0].frame_octets)
        for race in dict.fromkeys((0, len(by_length) - 1)):
            ours = by_length[race][0]
            rates = f"{1000 / ours.ns_per_frame:,.1f} Mframe/s, {short(ours.gbit_per_s)} Gbit/s"
            yield f"{stage}, {suite}, {how}, frames of {ours.task.workload.name}: {rates}"
        longest = by_length[-1]
        peers = [row for row in longest[1:] if row.backend not in (*OURS, CEILING)]
        if peers:
            best = min(peers, key=lambda row: row.ns_per_frame)
            share = ratio_text(longest[0].ns_per_frame / best.ns_per_frame)
            yield f"the quickest peer is {label(best)}: our time is {share} of its time there"


def _machine(results: ThroughputResults, machine: MachineJson) -> Any:
    table = columns("left", "left")
    for name, value in machine_facts(results, machine).items():
        table.add_row(Text(name, "dim"), Text(value))
    return table


def groups(results: ThroughputResults) -> Iterator[tuple[Group, list[list[Measurement]]]]:
    """Yield the races of each suite, mode, stage and batch."""

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
        cells = [Text(short(race[at].ns_per_frame), style) for race in races]
        table.add_row(Text(label(row), style), *cells)
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
                label(other): ratio
                for ours, other, ratio in results.ratios()
                if ours in race and label(ours) == label(leader)
            }
            for race in races
        ]
        for name in ratios[0]:
            table.add_row(Text(prefix + name), *(Text(ratio_text(each[name])) for each in ratios))
    return table


def _is_line(line: Any) -> bool:
    """Return whether a fit means anything: no octet and no frame takes less than no time."""
    return bool(line.slope >= 0 and line.intercept >= 0)


def _lines(lines: Sequence[tuple[Measurement, Any]]) -> Any:
    table = columns("left", "left", "right", "right", "right")
    head = ("contestant", "", "ns an octet", "ns a frame", "largest error")
    table.add_row(*(Text(name, "dim") for name in head))
    for row, line in lines:
        what = f"{row.task.stage}, {row.task.suite.name}, {mode(row.task)}, {row.batch}"
        table.add_row(
            label(row),
            what,
            *((f"{line.slope:.4f}", f"{line.intercept:.1f}") if _is_line(line) else ("-", "-")),
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


def label(row: Measurement) -> str:
    """Return the name of a contestant."""
    return row.backend if row.backend.endswith(f"/{row.kernel}") else f"{row.backend} {row.kernel}"


def _cell(value: float) -> Text:
    return Text(short(value))


def ratio_text(ratio: float) -> str:
    """Return a ratio with two digits at least; a small one as a fraction."""
    return f"{ratio:.3f}" if ratio >= 0.1 else f"1/{1 / ratio:,.0f}"


def group_title(group: Group) -> str:
    """Return the name of a group of races."""
    return f"{group[2]}, {group[0]}, {group[1]}, batches of {group[3]}"


def short(value: float) -> str:
    """Return a number with one digit behind the point, or none."""
    return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def to_markdown(results: ThroughputResults, machine: MachineJson) -> str:
    """Return the same for a document."""
    parts = [
        "\n".join(f"- {name}: {value}" for name, value in machine_facts(results, machine).items())
    ]
    for group, races in groups(results):
        parts.append(f"### {group[2]}, {group[0]}, {group[1]}, batches of {group[3]}")
        parts.append(_markdown("ns a frame", races, _time_cells(races)))
        ratios = list(_ratio_cells(results, races))
        if ratios:
            parts.append(_markdown("our time ÷ time of", races, ratios))
    return "\n\n".join(parts) + "\n"


def _time_cells(races: list[list[Measurement]]) -> Iterator[tuple[str, Iterable[str]]]:
    for at, row in enumerate(races[0]):
        yield label(row), (short(race[at].ns_per_frame) for race in races)


def _ratio_cells(
    results: ThroughputResults, races: list[list[Measurement]]
) -> Iterator[tuple[str, Iterable[str]]]:
    chosen = results.plan.kernels[0]
    cells: dict[str, list[str]] = {}
    rows = {id(row) for race in races for row in race}
    for ours, other, ratio in results.ratios():
        if id(ours) in rows and ours.kernel == chosen:
            prefix = "" if ours.backend not in OURS[2:] else f"{ours.backend} ÷ "
            cells.setdefault(prefix + label(other), []).append(ratio_text(ratio))
    yield from cells.items()


def _markdown(
    title: str, races: list[list[Measurement]], cells: Iterable[tuple[str, Iterable[str]]]
) -> str:
    names = [race[0].task.workload.name for race in races]
    rows = [(title, *names), *((name, *values) for name, values in cells)]
    text = ["| " + " | ".join(row) + " |" for row in rows]
    text.insert(1, "| --- |" + " ---: |" * len(names))
    return "\n".join(text)
