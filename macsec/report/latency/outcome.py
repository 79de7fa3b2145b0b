"""A measurement of latency: JSON, and a table for each kind of time.

SECTIONS lists the kinds. Each has a key in the JSON and a table of its own, since none may be added
to another: this machine's clock and exact virtual time say different things.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from macsec.measure.latency.histogram import SHARES, Histogram, summary
from macsec.measure.latency.run import Loaded, Processing, Rates, Results, Subject
from macsec.measure.latency.search import Bounds
from macsec.measure.latency.serialisation import Added

LANE_NAMES = {
    "clock": "clock alone",
    "clear": "clear: one copy",
    "protect": "protect",
    "validate": "validate",
    "both": "protect + validate",
}
NUMBERS = ("min", *SHARES, "max", "mean", "stdev", "PDV")


class Grid(NamedTuple):
    """A table of text: the first `names` columns are words, the others numbers."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int = 1


class Section(NamedTuple):
    """One kind of time: its key in the JSON, its title and a note, its rows and its tables."""

    key: str
    title: str
    note: str
    rows: Callable[[Results], list[dict[str, Any]]]
    grids: Callable[[Results], Iterator[Grid]]


# ---------------------------------------------------------------- JSON


def to_json(results: Results, machine: Mapping[str, Any]) -> dict[str, Any]:
    """`macsec/latency/1`."""
    plan, clock = results.plan, results.clock
    return {
        "schema": "macsec/latency/1",
        "machine": dict(machine),
        "backend": results.backend,
        "kernel": results.kernel,
        "clock": None if clock is None else {k: _rounded(v) for k, v in clock._asdict().items()},
        "plan": {
            "frames": plan.frames,
            "trial_s": plan.trial_s,
            "slices": plan.slices,
            "ring": plan.ring,
        },
        **{section.key: section.rows(results) for section in SECTIONS},
        "real_time": _real_item(results),
        "targets": [
            {**target._asdict(), "value": _rounded(target.value), "met": target.met}
            for target in results.targets()
        ],
    }


def _rounded(value: float | str) -> float | str:
    return value if isinstance(value, str | int) else round(value, 6)


def _subject_item(subject: Subject) -> dict[str, Any]:
    return {
        "suite": subject.suite.name,
        "mode": subject.mode,
        "frame_octets": subject.frame_octets,
    }


def distribution(histogram: Histogram) -> dict[str, Any]:
    """Our names, and beside them those of RFC 8219."""
    told = summary(histogram)
    return {
        "count": told.total,
        "min_ns": told.least,
        "mean_ns": round(told.mean, 3),
        "stdev_ns": round(told.stdev, 3),
        **{f"{name}_ns": value for name, value in told.percentiles.items()},
        "max_ns": told.most,
        "typical_latency_ns": told.percentiles["p50"],
        "worst_case_latency_ns": told.percentiles["p99.9"],
        "pdv_ns": told.pdv,
    }


def _processing_rows(results: Results) -> list[dict[str, Any]]:
    return [
        {**_subject_item(each.subject), "path": lane, **distribution(histogram)}
        for each in results.processing
        for lane, histogram in each.lanes.items()
    ]


def _rate_rows(results: Results) -> list[dict[str, Any]]:
    return [_rate_item(each, bounds) for each in results.rates for bounds in each.bounds]


def _rate_item(each: Rates, bounds: Bounds) -> dict[str, Any]:
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


def _load_rows(results: Results) -> list[dict[str, Any]]:
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


def _added_rows(results: Results) -> list[dict[str, Any]]:
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


def _trip_rows(results: Results) -> list[dict[str, Any]]:
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


def _real_item(results: Results) -> dict[str, Any] | None:
    real = results.real
    if real is None:
        return None
    return {
        "suite": real.plan.suite.name,
        "every_ns": real.plan.every_ns,
        "p50_ratio": real.trip_ratio,
        "iperf3_gbit_per_s": real.gbit_per_s,
        "iperf3_ratio": real.throughput_ratio,
        "lacking": real.lacking or None,
    }


# ---------------------------------------------------------------- tables


def _processing_grids(results: Results) -> Iterator[Grid]:
    for (suite, mode), group in groupby(results.processing, _family):
        rows = [cells for each in group for cells in _processing_cells(each)]
        yield Grid(f"{suite}, {mode}", ("octets", "path", *NUMBERS), rows, 2)


def _family(each: Processing | Rates | Loaded) -> tuple[str, str]:
    return each.subject.suite.name, each.subject.mode


def _processing_cells(each: Processing) -> Iterator[list[str]]:
    octets = str(each.subject.frame_octets)
    for lane, histogram in each.lanes.items():
        yield [octets, LANE_NAMES[lane], *numbers(histogram)]
    blank = [""] * (len(NUMBERS) - 2)
    yield [octets, "added, both ways", "", _time(max(each.added_ns, 0)), *blank]


def numbers(histogram: Histogram) -> list[str]:
    """The columns of NUMBERS."""
    told = summary(histogram)
    whole = [told.least, *told.percentiles.values(), told.most]
    return [_time(value) for value in (*whole, told.mean, told.stdev, told.pdv)]


def _time(ns: float) -> str:
    """Three digits, or whole nanoseconds below a microsecond, and the unit."""
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= factor:
            return f"{_digits(ns / factor)} {unit}"
    return f"{ns:.0f} ns"


def _digits(value: float) -> str:
    """Three significant digits, never as a power of ten."""
    if value == 0:
        return "0"
    value = float(f"{value:.3g}")  # 9.996 is 10.0, not 10.00
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def _rate_grids(results: Results) -> Iterator[Grid]:
    head = ("octets", "goal", "kframe/s", "first bad", "Gbit/s", "on the wire", "trials", "cut")
    for (suite, mode), group in groupby(results.rates, _family):
        rows = [_rate_cells(each, bounds) for each in group for bounds in each.bounds]
        yield Grid(f"{suite}, {mode}", head, rows, 2)


def _rate_cells(each: Rates, bounds: Bounds) -> list[str]:
    subject, good = each.subject, bounds.good
    known = ["none", "", ""]
    if good is not None:
        bits = subject.gbit_per_s(good), subject.wire_gbit_per_s(good)
        known = [f"{good / 1000:,.0f}", *(f"{value:,.2f}" for value in bits)]
    bad = "-" if bounds.bad is None else f"{bounds.bad / 1000:,.0f}"
    ends = [str(bounds.trials), str(each.interrupted)]
    return [str(subject.frame_octets), bounds.goal.name, known[0], bad, *known[1:], *ends]


def _load_grids(results: Results) -> Iterator[Grid]:
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
        yield Grid(f"{suite}, {mode}", head, rows, 1)


def _added_grids(results: Results) -> Iterator[Grid]:
    rates = list(dict.fromkeys(row.gbit_per_s for row in results.added))
    overheads = list(dict.fromkeys(row.overhead_octets for row in results.added))
    added = {(row.overhead_octets, row.gbit_per_s): row.added_ps for row in results.added}
    yield Grid(
        "ps that a frame takes longer to leave, on each link",
        ("octets added", *(f"{rate}G" for rate in rates)),
        [
            [overhead_name(overhead), *(f"{added[overhead, rate]:,}" for rate in rates)]
            for overhead in overheads
        ],
    )
    for (path, overhead), group in groupby(
        results.added, lambda row: (row.path.name, row.overhead_octets)
    ):
        yield _share_grid(f"% of the way there, {path}, {overhead_name(overhead)}", list(group))


def _trip_grids(results: Results) -> Iterator[Grid]:
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
    yield Grid(real.plan.suite.name, head, rows, 2)
    if real.gbit_per_s:
        yield Grid("iperf3, TCP, Gbit/s of each run", *_iperf_table(real.gbit_per_s))
    elif real.lacking:
        yield Grid("iperf3", ("not run",), [[real.lacking]])


def _iperf_table(runs: Mapping[str, list[float]]) -> tuple[Sequence[str], list[list[str]]]:
    count = max(map(len, runs.values()))
    rows = [[path, *(f"{value:.2f}" for value in values)] for path, values in runs.items()]
    return ("path", *(f"run {at}" for at in range(1, count + 1))), rows


def overhead_name(octets: int) -> str:
    """Octets, and what makes them."""
    return f"{octets} ({'with' if octets == 32 else 'without'} SCI)"


def _share_grid(caption: str, rows: Sequence[Added]) -> Grid:
    sizes = list(dict.fromkeys(row.frame_octets for row in rows))
    by_rate = {rate: list(group) for rate, group in groupby(rows, lambda row: row.gbit_per_s)}
    return Grid(
        caption,
        ("link, octets", *map(str, sizes)),
        [
            [f"{rate}G", *(_digits(float(100 * row.share)) for row in group)]
            for rate, group in by_rate.items()
        ],
    )


SECTIONS = (
    Section(
        "processing",
        "a. processing of one frame",
        "This machine's time. p50 is Typical Latency, p99.9 Worst Case Latency, PDV is p99.9 less "
        "min (RFC 8219). All paths in turn, frame by frame; the clock's own time is taken off.",
        _processing_rows,
        _processing_grids,
    ),
    Section(
        "throughput",
        "a. rates without loss, protect and validate on one core",
        "This machine's time. NDR loses nothing, PDR at most 0.5 %, in at least half the trials. "
        "Gbit/s are of clear frames with FCS; on the wire with preamble and gap. cut: trials that "
        "the scheduler interrupted each time.",
        _rate_rows,
        _rate_grids,
    ),
    Section(
        "load",
        "a. latency under load, protect and validate on one core",
        "This machine's time, from when a frame was due: waiting behind slow ones is in it.",
        _load_rows,
        _load_grids,
    ),
    Section(
        "serialisation",
        "b. added serialisation",
        "Exact, virtual time: no clock. The way there is the clear frame's serialisation, with "
        "preamble, and its propagation.",
        _added_rows,
        _added_grids,
    ),
    Section(
        "round_trips",
        "c. round trips in real time",
        "The whole system's time: two hosts, a TAP device and a pump at each, a veth cable between "
        "them. UDP there and back, from when each was due. The clear path has the same pumps, and "
        "frames that MACsec leaves as they are; the two take turns in the same run.",
        _trip_rows,
        _trip_grids,
    ),
)


# ---------------------------------------------------------------- around them

TARGET_HEAD = ("target", "value", "limit", "result")


def head(results: Results, machine: Mapping[str, Any]) -> dict[str, str]:
    """On what, with what, and by which clock."""
    plan, clock = results.plan, results.clock
    told = {
        "CPU": f"{machine['cpu']} ({machine['cpu_family_model']})"
        + (", virtual" if machine["hypervisor"] else ""),
        "system": f"{machine['kernel']}, {machine['python']}",
        "data plane": f"{results.backend}, {results.kernel}",
        "versions": ", ".join(f"{name} {value}" for name, value in machine["versions"].items()),
        "commit": machine["commit"] or "not a checkout",
        "load before": " ".join(map(str, machine["load"])),
        "frames": f"{plan.frames:,} of each size, one by one; sizes count the FCS",
    }
    if clock is not None:
        told["clock"] = (
            f"{clock.source}, in steps of {clock.step_ns:.1f} ns; "
            f"its own {clock.empty_ns:.1f} ns are taken off"
        )
    if plan.search:
        told["offered"] = f"{1000 * plan.trial_s:g} ms a trial, ring of {plan.ring:,} frames"
    return told


def target_cells(results: Results) -> list[list[str]]:
    """Name, value, limit and result of each target."""
    return [
        [
            target.name,
            f"{target.value:.4g} {target.unit}",
            f"at {'least' if target.at_least else 'most'} {target.limit:.4g} {target.unit}",
            "met" if target.met else "missed",
        ]
        for target in results.targets()
    ]
