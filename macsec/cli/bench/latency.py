"""`macsec bench latency`: the latency that MACsec adds, measured and computed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import click

from macsec.cli.shared import options
from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import GOOD, say, stdout
from macsec.cli.shared.files import page_file
from macsec.cli.shared.lists import among, numbers
from macsec.cli.shared.progress import steps
from macsec.errors import EnvironmentLacks
from macsec.measure.latency import round_trips
from macsec.measure.latency.round_trips import LARGE_MTU, RealTime, TripPlan
from macsec.measure.latency.run import LatencyPlan, LatencyResults, measure
from macsec.measure.machine import machine
from macsec.measure.other_work import other_work
from macsec.report.latency.hgrm import to_hgrm
from macsec.report.latency.outcome import to_json
from macsec.report.latency.page import to_html
from macsec.report.latency.text import to_page
from macsec.report.page import Page
from macsec.suites import SUITES
from macsec.whole_file import make_folder, write_whole

from .busy import warn

SIZES = "64,128,256,512,1024,1280,1518,9018"
LARGEST, SMALLEST = 16_004, 64
MOST_FRAMES = 100_000_000
MOST_LOAD = 200


@click.command("latency", short_help="Measure and compute the latency that MACsec adds.")
@click.option(
    "--sizes",
    default=SIZES,
    show_default=True,
    metavar="N,…",
    help="Frame sizes in octets, with FCS, as in RFC 2544.",
)
@options.suites
@options.integrity
@options.number(
    "--frames",
    click.IntRange(1, MOST_FRAMES),
    100_000,
    "N",
    "Frames of each size, timed one by one.",
)
@click.option(
    "--loads",
    default="10,50,90",
    show_default=True,
    metavar="N,…|none",
    help="Loads in per cent of the rate without loss; none: do not search for that rate.",
)
@options.number(
    "--trial",
    options.Reals(0.01, 60_000),
    2.0,
    "MS",
    "Milliseconds of a trial in the search, and of a slice of a load.",
    "trial_ms",
)
@options.number("--slices", click.IntRange(1, 100_000), 50, "N", "Slices of each load.")
@options.number(
    "--ring", click.IntRange(1, 1 << 24), 1024, "N", "Frames that can wait; a further one is lost."
)
@options.number(
    "--tap",
    click.IntRange(0, 10_000_000),
    0,
    "N",
    "Round trips of each size over TAP devices, clear and protected (root); 0: none.",
    "trips",
)
@options.number(
    "--iperf",
    click.IntRange(0, 3600),
    2,
    "SECONDS",
    "With --tap: seconds of each of five runs of iperf3 on each path; 0: none.",
    "iperf_s",
)
@options.backend
@page_file.option("Write a page with charts.")
@click.option(
    "--hgrm",
    type=click.Path(file_okay=False, path_type=str),
    metavar="DIR",
    help="Write each histogram as a percentile distribution for HdrHistogram's plotters.",
)
@options.json_data
def command(
    as_json: bool, report: str | None, hgrm: str | None, trips: int, iperf_s: int, **given: Any
) -> int:
    """Time protect and validate frame by frame in C, beside a plain copy of the same frame.

    Then send frames at a constant rate, to find the highest rate without loss and the latency under
    each load. A latency counts from the time at which the frame was due. What MACsec adds on a link
    is computed, and printed in separate tables. Everything runs in one process on one core.

    Targets are not judged if other programs used the machine meanwhile.

    --tap adds round trips and iperf3 between two hosts with user-space MACsec between them, and in
    turn between the same hosts without MACsec. iperf3 also runs over the bare cable, through
    wireguard-go and through ESP in the kernel, where the machine has them.
    """
    plan = _plan(**given)
    trip_plan = _trip_plan(plan, trips, iperf_s)
    facts = machine()
    work = plan.steps + (trip_plan.steps if trip_plan else 0)
    with steps("bench", work) as step, other_work() as others:
        results = measure(plan, step)
        if trip_plan is not None:
            results.real = _real_time(trip_plan, step)
    results.others, facts["others"] = others, others.rounded
    warn(others)
    if hgrm is not None:
        _save_histograms(Path(hgrm), results)
    if report is not None:
        page_file.save(report, to_html(results, facts, page_file.origin()))
    if as_json:
        click.echo(json.dumps(to_json(results, facts)))
    else:
        to_page(Page(stdout()), results, facts)
    return GOOD


def _plan(
    sizes: str,
    suites: str,
    integrity: bool,
    frames: int,
    loads: str,
    trial_ms: float,
    slices: int,
    ring: int,
    backend: str,
) -> LatencyPlan:
    plane = chosen_plane(backend)
    return LatencyPlan(
        sizes=numbers("frame size", sizes, SMALLEST, LARGEST),
        suites=[SUITES[name] for name in among("suite", suites, list(SUITES))],
        modes=(True, False) if integrity else (True,),
        frames=frames,
        search=loads != "none",
        loads=() if loads == "none" else numbers("load", loads, 1, MOST_LOAD),
        trial_s=trial_ms / 1000,
        slices=slices,
        ring=ring,
        backend=plane.backend,
        kernel=plane.kernel,
    )


def _trip_plan(plan: LatencyPlan, trips: int, iperf_s: int) -> TripPlan | None:
    """Return the plan for the first suite, or raise before anything is measured."""
    if not trips:
        return None
    round_trips.require()
    if os.geteuid() != 0:
        raise EnvironmentLacks("--tap: round trips over TAP devices need root")
    sizes = [size for size in plan.sizes if size <= LARGE_MTU + 18]
    return TripPlan(plan.suites[0], sizes, trips, iperf_s=iperf_s)


def _real_time(plan: TripPlan, step: Callable[[], None]) -> RealTime:
    keys = {"key": token_hex(plan.suite.key_length), "salt": token_hex(12)}
    return round_trips.measure(plan, keys, step)


def _save_histograms(folder: Path, results: LatencyResults) -> None:
    make_folder(folder)
    named = {
        f"{each.subject.name}-{lane}": histogram
        for each in results.processing
        for lane, histogram in each.lanes.items()
    }
    named |= {f"{each.subject.name}-load-{each.percent}": each.latency for each in results.loads}
    if results.real is not None:
        named |= {
            f"{results.real.plan.suite.name}-round-trip-{each.frame_octets}-{path}": histogram
            for each in results.real.trips
            for path, histogram in each.paths.items()
        }
    for name, histogram in named.items():
        write_whole(folder / f"{name}.hgrm", to_hgrm(histogram))
    say(f"{len(named)} histograms: {folder}")
