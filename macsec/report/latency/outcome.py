"""A measurement of latency: JSON, and a table for each kind of time.

TIME_KINDS lists the kinds. Each has a key in the JSON and a table of its own, since none may be
added to another: this machine's clock and exact virtual time measure different things.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypedDict, cast

from macsec.measure.latency.histogram import SHARES, Histogram, summary
from macsec.measure.latency.round_trips import RealTime
from macsec.measure.latency.run import LatencyResults, LatencySubject, Loaded, Processing, Rates
from macsec.measure.latency.search import Bounds
from macsec.measure.latency.serialisation import Added
from macsec.measure.machine import MachineJson
from macsec.report.machine import others
from macsec.report.table import Table
from macsec.time_units import NS_PER_MS, NS_PER_S, NS_PER_US

LANE_NAMES = {
    "clock": "clock alone",
    "clear": "clear: one copy",
    "protect": "protect",
    "validate": "validate",
    "both": "protect + validate",
}
VERDICTS = {True: ("met", "good"), False: ("missed", "bad"), None: ("not judged", "quiet")}
"""Word and mark of the row of a target, by whether it is met."""
NUMBERS = ("min", *SHARES, "max", "mean", "stdev", "PDV")


class SubjectJson(TypedDict):
    """The frames that were measured; `frame_octets` count the FCS."""

    suite: str
    mode: str
    frame_octets: int


DistributionJson = TypedDict(
    "DistributionJson",
    {
        "count": int,
        "min_ns": float,
        "mean_ns": float,
        "stdev_ns": float,
        "p50_ns": float,
        "p90_ns": float,
        "p99_ns": float,
        "p99.9_ns": float,
        "p99.99_ns": float,
        "max_ns": float,
        "typical_latency_ns": float,
        "worst_case_latency_ns": float,
        "pdv_ns": float,
    },
)
"""A distribution of times; the last three names are those of RFC 8219."""


class ProcessingJson(SubjectJson, DistributionJson):
    """Frames timed one by one on a path."""

    path: str


class RateJson(SubjectJson):
    """The highest rate that meets a goal, and the lowest that does not."""

    goal: str
    loss: float
    frames_per_s: int | None
    first_bad_frames_per_s: int | None
    gbit_per_s: float | None
    wire_gbit_per_s: float | None
    trials: int
    interrupted_trials: int


class LoadJson(SubjectJson, DistributionJson):
    """Frames offered at a share of the no drop rate."""

    percent_of_ndr: int
    frames_per_s: float
    offered: int
    lost: int
    late: int
    slices: int
    interrupted_slices: int


class AddedJson(TypedDict):
    """The serialisation that MACsec adds, exact; `added_share`: numerator and denominator."""

    path: str
    propagation_ps: int
    frame_octets: int
    overhead_octets: int
    link_gbit_per_s: int
    clear_ps: int
    added_ps: int
    added_share: list[int]
    added_percent: float


class TripJson(DistributionJson):
    """Round trips over TAP devices on a path."""

    suite: str
    frame_octets: int
    path: str
    lost: int
    p50_ratio: float


class RealTimeJson(TypedDict):
    """The settings of the measurements in real time, and their ratios of protected to clear."""

    suite: str
    every_ns: int
    p50_ratio: float | None
    iperf3_gbit_per_s: dict[str, list[float]]
    iperf3_ratio: float | None
    iperf3_peers_gbit_per_s: dict[str, list[float]]
    peers_missing: dict[str, str]
    lacking: str | None


class ClockJson(TypedDict):
    """The clock of the intervals."""

    source: str
    ns_per_tick: float
    empty_ns: float
    step_ns: float


class PlanJson(TypedDict):
    """The amount of work."""

    frames: int
    trial_s: float
    slices: int
    ring: int


class LatencyTargetJson(TypedDict):
    """A value and its limit; `met` is null if other programs had too much of the machine to say."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool
    exact: bool
    met: bool | None


class LatencyJson(TypedDict):
    """`macsec/latency/1`: a list for each kind of time."""

    schema: Literal["macsec/latency/1"]
    machine: MachineJson
    backend: str
    kernel: str
    clock: ClockJson | None
    plan: PlanJson
    processing: list[ProcessingJson]
    throughput: list[RateJson]
    load: list[LoadJson]
    serialisation: list[AddedJson]
    round_trips: list[TripJson]
    real_time: RealTimeJson | None
    targets: list[LatencyTargetJson]


class TimeKind(NamedTuple):
    """One kind of time: its key in the JSON, its title and a note, its rows and its tables."""

    key: str
    title: str
    note: str
    rows: Callable[[LatencyResults], Sequence[Mapping[str, Any]]]
    tables: Callable[[LatencyResults], Iterator[Table]]


# ---------------------------------------------------------------- JSON


def to_json(results: LatencyResults, machine: MachineJson) -> LatencyJson:
    """Return the JSON of a measurement of latency."""
    plan, clock = results.plan, results.clock
    result = {
        "schema": "macsec/latency/1",
        "machine": machine,
        "backend": results.backend,
        "kernel": results.kernel,
        "clock": None if clock is None else {k: _rounded(v) for k, v in clock._asdict().items()},
        "plan": {
            "frames": plan.frames,
            "trial_s": plan.trial_s,
            "slices": plan.slices,
            "ring": plan.ring,
        },
        **{kind.key: kind.rows(results) for kind in TIME_KINDS},
        "real_time": _real_item(results),
        "targets": [
            {**target._asdict(), "value": _rounded(target.value), "met": results.met(target)}
            for target in results.targets()
        ],
    }
    return cast(LatencyJson, result)


def _rounded(value: float | str) -> float | str:
    return value if isinstance(value, str | int) else round(value, 6)


def _subject_item(subject: LatencySubject) -> SubjectJson:
    return {
        "suite": subject.suite.name,
        "mode": subject.mode,
        "frame_octets": subject.frame_octets,
    }


def distribution(histogram: Histogram) -> DistributionJson:
    """Return the numbers of a histogram by our names and by those of RFC 8219."""
    found = summary(histogram)
    numbers = {
        "count": found.total,
        "min_ns": found.least,
        "mean_ns": round(found.mean, 3),
        "stdev_ns": round(found.stdev, 3),
        **{f"{name}_ns": value for name, value in found.percentiles.items()},
        "max_ns": found.most,
        "typical_latency_ns": found.percentiles["p50"],
        "worst_case_latency_ns": found.percentiles["p99.9"],
        "pdv_ns": found.pdv,
    }
    return cast(DistributionJson, numbers)


def _processing_rows(results: LatencyResults) -> list[ProcessingJson]:
    return [
        {**_subject_item(each.subject), "path": lane, **distribution(histogram)}
        for each in results.processing
        for lane, histogram in each.lanes.items()
    ]


def _rate_rows(results: LatencyResults) -> list[RateJson]:
    return [_rate_item(each, bounds) for each in results.rates for bounds in each.bounds]


def _rate_item(each: Rates, bounds: Bounds) -> RateJson:
    subject, good = each.subject, bounds.good
    return {
        **_subject_item(subject),
        "goal": bounds.goal.name,
        "loss": float(bounds.goal.loss),
        "frames_per_s": good,
        "first_bad_frames_per_s": bounds.bad,
        "gbit_per_s": None if good is None else round(subject.gbit_per_s(good), 6),
        "wire_gbit_per_s": None if good is None else round(subject.wire_gbit_per_s(good), 6),
        "trials": bounds.trials,
        "interrupted_trials": each.interrupted,
    }


def _load_rows(results: LatencyResults) -> list[LoadJson]:
    return [
        {
            **_subject_item(each.subject),
            "percent_of_ndr": each.percent,
            "frames_per_s": round(each.frames_per_s, 3),
            "offered": each.offered.frames,
            "lost": each.offered.lost,
            "late": each.offered.late,
            "slices": each.slices,
            "interrupted_slices": each.interrupted,
            **distribution(each.latency),
        }
        for each in results.loads
    ]


def _added_rows(results: LatencyResults) -> list[AddedJson]:
    return [
        {
            "path": row.path.name,
            "propagation_ps": row.path.propagation_ps,
            "frame_octets": row.frame_octets,
            "overhead_octets": row.overhead_octets,
            "link_gbit_per_s": row.gbit_per_s,
            "clear_ps": row.clear_ps,
            "added_ps": row.added_ps,
            "added_share": [row.share.numerator, row.share.denominator],
            "added_percent": float(100 * row.share),
        }
        for row in results.added
    ]


def _trip_rows(results: LatencyResults) -> list[TripJson]:
    if results.real is None:
        return []
    suite = results.real.plan.suite.name
    return [
        {
            "suite": suite,
            "frame_octets": each.frame_octets,
            "path": path,
            "lost": each.lost[path],
            "p50_ratio": round(each.ratio, 6),
            **distribution(histogram),
        }
        for each in results.real.trips
        for path, histogram in each.paths.items()
    ]


def _real_item(results: LatencyResults) -> RealTimeJson | None:
    real = results.real
    if real is None:
        return None
    return {
        "suite": real.plan.suite.name,
        "every_ns": real.plan.every_ns,
        "p50_ratio": real.trip_ratio,
        "iperf3_gbit_per_s": real.gbit_per_s,
        "iperf3_ratio": real.throughput_ratio,
        "iperf3_peers_gbit_per_s": real.peers,
        "peers_missing": real.missing,
        "lacking": real.lacking or None,
    }


# ---------------------------------------------------------------- tables


def _processing_tables(results: LatencyResults) -> Iterator[Table]:
    for (suite, mode), group in groupby(results.processing, _family):
        rows = [cells for each in group for cells in _processing_cells(each)]
        marks = ["quiet" if row[1] == LANE_NAMES["clock"] else "" for row in rows]
        yield Table(f"{suite}, {mode}", ("octets", "path", *NUMBERS), rows, 2, marks)


def _family(each: Processing | Rates | Loaded) -> tuple[str, str]:
    return each.subject.suite.name, each.subject.mode


def _processing_cells(each: Processing) -> Iterator[list[str]]:
    octets = str(each.subject.frame_octets)
    for lane, histogram in each.lanes.items():
        yield [octets, LANE_NAMES[lane], *numbers(histogram)]
    blank = [""] * (len(NUMBERS) - 2)
    yield [octets, "added, both ways", "", _time(max(each.added_ns, 0)), *blank]


def numbers(histogram: Histogram) -> list[str]:
    """Return the columns of NUMBERS."""
    found = summary(histogram)
    whole = [found.least, *found.percentiles.values(), found.most]
    return [_time(value) for value in (*whole, found.mean, found.stdev, found.pdv)]


def _time(ns: float) -> str:
    """Return three digits and the unit; below a microsecond whole nanoseconds."""
    for unit, factor in (("s", NS_PER_S), ("ms", NS_PER_MS), ("us", NS_PER_US)):
        if ns >= factor:
            return f"{_digits(ns / factor)} {unit}"
    return f"{ns:.0f} ns"


def _digits(value: float) -> str:
    """Return three significant digits, never as a power of ten."""
    if value == 0:
        return "0"
    value = float(f"{value:.3g}")  # 9.996 is 10.0, not 10.00
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def _rate_tables(results: LatencyResults) -> Iterator[Table]:
    head = ("octets", "goal", "kframe/s", "first bad", "Gbit/s", "on the wire", "trials", "cut")
    for (suite, mode), group in groupby(results.rates, _family):
        rows = [_rate_cells(each, bounds) for each in group for bounds in each.bounds]
        yield Table(f"{suite}, {mode}", head, rows, 2)


def _rate_cells(each: Rates, bounds: Bounds) -> list[str]:
    subject, good = each.subject, bounds.good
    known = ["none", "", ""]
    if good is not None:
        bits = subject.gbit_per_s(good), subject.wire_gbit_per_s(good)
        known = [f"{good / 1000:,.0f}", *(f"{value:,.2f}" for value in bits)]
    bad = "-" if bounds.bad is None else f"{bounds.bad / 1000:,.0f}"
    ends = [str(bounds.trials), str(each.interrupted)]
    return [str(subject.frame_octets), bounds.goal.name, known[0], bad, *known[1:], *ends]


def _load_tables(results: LatencyResults) -> Iterator[Table]:
    head = ("octets", "of NDR", "kframe/s", "lost", *NUMBERS, "cut")
    for (suite, mode), group in groupby(results.loads, _family):
        rows = [
            [
                str(each.subject.frame_octets),
                f"{each.percent} %",
                f"{each.frames_per_s / 1000:,.0f}",
                f"{each.offered.lost:,}",
                *numbers(each.latency),
                f"{each.interrupted} of {each.slices}",
            ]
            for each in group
        ]
        yield Table(f"{suite}, {mode}", head, rows, 1)


def _added_tables(results: LatencyResults) -> Iterator[Table]:
    rates = list(dict.fromkeys(row.gbit_per_s for row in results.added))
    overheads = list(dict.fromkeys(row.overhead_octets for row in results.added))
    added = {(row.overhead_octets, row.gbit_per_s): row.added_ps for row in results.added}
    yield Table(
        "ps that MACsec adds to the serialisation of a frame, by link",
        ("octets added", *(f"{rate}G" for rate in rates)),
        [
            [overhead_name(overhead), *(f"{added[overhead, rate]:,}" for rate in rates)]
            for overhead in overheads
        ],
    )
    for (path, overhead), group in groupby(
        results.added, lambda row: (row.path.name, row.overhead_octets)
    ):
        yield _share_table(
            f"added, % of the clear latency, {path}, {overhead_name(overhead)}", list(group)
        )


def _trip_tables(results: LatencyResults) -> Iterator[Table]:
    real = results.real
    if real is None:
        return
    rows = [
        [str(each.frame_octets), path, *numbers(histogram), f"{each.lost[path]:,}", ratio]
        for each in real.trips
        for path, histogram in each.paths.items()
        for ratio in [f"{each.ratio:.3f}" if path != "clear" else ""]
    ]
    head = ("octets", "path", *NUMBERS, "lost", "p50 to clear")
    yield Table(real.plan.suite.name, head, rows, 2)
    if real.gbit_per_s:
        yield Table("iperf3, TCP, Gbit/s of each run", *_iperf_table(real))
        if real.missing:
            yield Table("Not measured", ("peer", "why"), list(map(list, real.missing.items())))
    elif real.lacking:
        yield Table("iperf3", ("not run",), [[real.lacking]])


def _iperf_table(real: RealTime) -> tuple[Sequence[str], list[list[str]]]:
    """Return both paths and the peers beside them."""
    runs = {**real.gbit_per_s, **real.peers}
    count = max(map(len, runs.values()))
    rows = [
        [name, f"{statistics.median(values):.2f}", *(f"{value:.2f}" for value in values)]
        for name, values in runs.items()
    ]
    return ("path", "median", *(f"run {at}" for at in range(1, count + 1))), rows


def overhead_name(octets: int) -> str:
    """Return octets, and the form of the SecTAG."""
    return f"{octets} ({'with' if octets == 32 else 'without'} SCI)"


def _share_table(caption: str, rows: Sequence[Added]) -> Table:
    sizes = list(dict.fromkeys(row.frame_octets for row in rows))
    by_rate = {rate: list(group) for rate, group in groupby(rows, lambda row: row.gbit_per_s)}
    return Table(
        caption,
        ("link, octets", *map(str, sizes)),
        [
            [f"{rate}G", *(_digits(float(100 * row.share)) for row in group)]
            for rate, group in by_rate.items()
        ],
    )


TIME_KINDS = (
    TimeKind(
        "processing",
        "a. processing of one frame",
        "This machine's time. p50 is Typical Latency, p99.9 Worst Case Latency, PDV is p99.9 less "
        "min (RFC 8219). All paths in turn, frame by frame; the clock's own time is subtracted.",
        _processing_rows,
        _processing_tables,
    ),
    TimeKind(
        "throughput",
        "a. rates without loss, protect and validate on one core",
        "This machine's time. NDR loses nothing, PDR at most 0.5 %, in at least half the trials. "
        "Gbit/s are of clear frames with FCS; on the wire with preamble and gap. cut: trials that "
        "the scheduler interrupted each time.",
        _rate_rows,
        _rate_tables,
    ),
    TimeKind(
        "load",
        "a. latency under load, protect and validate on one core",
        "This machine's time, from when a frame was due: the wait behind slow frames is included.",
        _load_rows,
        _load_tables,
    ),
    TimeKind(
        "serialisation",
        "b. added serialisation",
        "Exact, virtual time: no clock. The clear latency is the clear frame's serialisation, with "
        "preamble, and its propagation.",
        _added_rows,
        _added_tables,
    ),
    TimeKind(
        "round_trips",
        "c. round trips in real time",
        "The whole system's time: two hosts, a TAP device and a pump at each, a veth cable between "
        "them. UDP requests and answers, from when each request was due. The clear path has the "
        "same pumps, whose SecYs leave frames unchanged; both paths take turns in the same run.",
        _trip_rows,
        _trip_tables,
    ),
)


# ---------------------------------------------------------------- around them


def head(results: LatencyResults, machine: MachineJson) -> dict[str, str]:
    """Return the machine, the versions and the clock, by name."""
    plan, clock = results.plan, results.clock
    facts = {
        "CPU": f"{machine['cpu']} ({machine['cpu_family_model']})"
        + (", virtual" if machine["hypervisor"] else ""),
        "system": f"{machine['kernel']}, {machine['python']}",
        "data plane": f"{results.backend}, {results.kernel}",
        "versions": ", ".join(f"{name} {value}" for name, value in machine["versions"].items()),
        "commit": machine["commit"] or "not a checkout",
        "load before": " ".join(map(str, machine["load"])),
        "other programs": others(machine),
        "frames": f"{plan.frames:,} of each size, one by one; sizes count the FCS",
    }
    if clock is not None:
        facts["clock"] = (
            f"{clock.source}, in steps of {clock.step_ns:.1f} ns; "
            f"its own {clock.empty_ns:.1f} ns are subtracted"
        )
    if plan.search:
        facts["offered"] = f"{1000 * plan.trial_s:g} ms a trial, ring of {plan.ring:,} frames"
    return facts


def target_table(results: LatencyResults) -> Table:
    """Return name, value, limit and result of each target."""
    rows = [
        [
            target.name,
            f"{target.value:.4g} {target.unit}",
            f"at {'least' if target.at_least else 'most'} {target.limit:.4g} {target.unit}",
            VERDICTS[results.met(target)][0],
        ]
        for target in results.targets()
    ]
    marks = [VERDICTS[results.met(target)][1] for target in results.targets()]
    return Table("Values and their limits", ("target", "value", "limit", "result"), rows, 1, marks)
