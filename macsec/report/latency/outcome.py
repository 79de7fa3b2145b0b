"""A measurement of latency: JSON, and a table for each kind of time.

TIME_KINDS lists the kinds. Each has a key in the JSON and a table of its own, since none may be
added to another: this machine's clock and exact virtual time measure different things.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, cast

from macsec.measure.latency.histogram import SHARES, Histogram, summary
from macsec.measure.latency.round_trips import RealTime
from macsec.measure.latency.run import (
    LatencyResults,
    LatencySubject,
    LatencyTarget,
    Loaded,
    Processing,
    Rates,
)
from macsec.measure.latency.search import Bounds
from macsec.measure.latency.secy_delay import limit_ps
from macsec.measure.latency.serialisation import RATES, Added
from macsec.measure.machine import MachineJson
from macsec.report.latency.shapes import (
    AddedJson,
    DistributionJson,
    LatencyJson,
    LoadJson,
    ProcessingJson,
    RateJson,
    RealTimeJson,
    SecyDelayJson,
    SubjectJson,
    TripJson,
)
from macsec.report.machine import others
from macsec.report.table import Table
from macsec.time_units import NS_PER_MS, NS_PER_S, NS_PER_US, PS_PER_NS

LANE_NAMES = {
    "clock": "timer overhead",
    "clear": "baseline: one copy",
    "protect": "protect",
    "validate": "validate",
    "both": "protect + validate",
}
VERDICTS = {True: ("met", "good"), False: ("missed", "bad"), None: ("not judged", "quiet")}
"""Word and mark of the row of a target, by whether it is met."""
NUMBERS = ("min", *SHARES, "max", "mean", "stdev", "PDV")


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


def _delay_rows(results: LatencyResults) -> list[SecyDelayJson]:
    return [
        {
            **_subject_item(each.subject),
            "direction": delay.direction,
            "delay_ns": delay.delay_ns,
            "variance_ns": delay.variance_ns,
            "link_gbit_per_s": delay.gbit_per_s,
            "limit_ps": delay.limit_ps,
            "delay_met": None if results.others.busy else delay.delay_met,
            "variance_met": None if results.others.busy else delay.variance_met,
        }
        for each in results.processing
        for delay in each.secy_delays
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
    for unit, factor in (("s", NS_PER_S), ("ms", NS_PER_MS), ("µs", NS_PER_US)):
        if ns >= factor:
            return f"{_digits(ns / factor)} {unit}"
    return f"{ns:.0f} ns"


def _digits(value: float) -> str:
    """Return three significant digits, never as a power of ten."""
    if value == 0:
        return "0"
    value = float(f"{value:.3g}")  # 9.996 is 10.0, not 10.00
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def _delay_tables(results: LatencyResults) -> Iterator[Table]:
    rates = [f"{rate}G" for rate in RATES]
    for (suite, mode), group in groupby(results.processing, _family):
        rows = [row for each in group for row in _delay_cells(each, results.others.busy)]
        head = ("octets", "direction", "what", "measured", *rates)
        yield Table(f"{suite}, {mode}", head, rows, 3)


def _delay_cells(each: Processing, busy: bool) -> Iterator[list[str]]:
    octets = str(each.subject.frame_octets)
    for direction, group in groupby(each.secy_delays, lambda delay: delay.direction):
        found = list(group)
        for name, ns, met in (
            ("delay", found[0].delay_ns, [delay.delay_met for delay in found]),
            ("variance", found[0].variance_ns, [delay.variance_met for delay in found]),
        ):
            verdicts = [VERDICTS[None if busy else good][0] for good in met]
            yield [octets, direction, name, _time(ns), *verdicts]
    limits = [_time(limit_ps(each.subject.frame_octets, rate) / PS_PER_NS) for rate in RATES]
    yield [octets, "each", "limit", "", *limits]


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
        "secy_delay",
        "a. delays of Table 10-3",
        "This machine's time beside the limit of IEEE 802.1AE for a link of each rate: the wire "
        "transmit time of the longest MPDU and that of four of 64 octets. Delay is p50, variance "
        "is PDV; the limit is that of both.",
        _delay_rows,
        _delay_tables,
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
        "commit": machine["commit"] or "unknown: not a git checkout",
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


def _unit(target: LatencyTarget) -> str:
    return "µs" if target.unit == "us" else target.unit


def target_table(results: LatencyResults) -> Table:
    """Return name, value, limit and result of each target."""
    rows = [
        [
            target.name,
            f"{target.value:.4g} {_unit(target)}",
            f"at {'least' if target.at_least else 'most'} {target.limit:.4g} {_unit(target)}",
            VERDICTS[results.met(target)][0],
        ]
        for target in results.targets()
    ]
    marks = [VERDICTS[results.met(target)][1] for target in results.targets()]
    return Table("Values and their limits", ("target", "value", "limit", "result"), rows, 1, marks)
