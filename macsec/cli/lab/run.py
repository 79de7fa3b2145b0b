"""`macsec lab run`: a topology in virtual time."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from macsec.captures import read, write
from macsec.cli.shared import completing, options
from macsec.cli.shared.data_plane import Plane, chosen_plane
from macsec.cli.shared.edge import GOOD, REFUSED, say, stdout
from macsec.cli.shared.files import page_file
from macsec.cli.shared.ports import event_log, tracing
from macsec.cli.shared.ports.event_log import EventSinks
from macsec.cli.shared.progress import watched as progress_of
from macsec.cli.shared.signals import ENDING, Signals
from macsec.config import Topology, load_topology
from macsec.config.static_keys import seeded
from macsec.config.topology.recording import topology_text
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.records.captures import record
from macsec.lab.virtual.records.probe import Probe
from macsec.lab.virtual.records.recorder import Recorder
from macsec.report.lab.outcome import LabRun, to_json
from macsec.report.lab.page import to_html
from macsec.report.lab.text import to_page
from macsec.report.page import Page
from macsec.time_units import NS_PER_S
from macsec.whole_file import make_folder
from macsec.wire.param_values import HISTORY_NS
from macsec.wire.units import time_ns

from .events import VirtualEvents, follow
from .watch.commands import IN_VIRTUAL_TIME

if TYPE_CHECKING:
    from .watch.paced_run import VirtualWatch

SEED = 1
KEYS = "macsec lab"
"""Name of the random stream for a lab's keys."""


@click.command("run", short_help="Run a topology in virtual time.")
@click.argument(
    "topology",
    metavar="TOPOLOGY",
    shell_complete=completing.names(completing.topologies, files=True),
)
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 64) - 1),
    default=SEED,
    show_default=True,
    help="Seed of wires, traffic and keys.",
)
@click.option("--until", metavar="T", help="End at this virtual time, such as 50ms.")
@options.json_data
@page_file.option()
@click.option(
    "--captures",
    type=options.FILE,
    metavar="DIR",
    help="Keep the frames of links (wire-LINK.pcapng) and hosts (host-HOST.pcapng).",
)
@click.option("--watch", is_flag=True, help="Show it on a page while it runs, and inject faults.")
@click.option(
    "--pace",
    type=click.FloatRange(0.001, 1000),
    metavar="N",
    help="Under --watch: virtual seconds a second; 1 by default.",
)
@event_log.option
@tracing.option
@options.backend
def command(
    topology: str,
    seed: int,
    until: str | None,
    as_json: bool,
    report: str | None,
    captures: str | None,
    watch: bool,
    pace: float | None,
    events: str | None,
    otlp: str | None,
    backend: str,
) -> int:
    """Run TOPOLOGY, a file or one of macsec lab list, and report the results.

    Every link between sites is protected unless the file says `macsec: off`: both ends agree on
    keys by MKA, and traffic begins once all links are secured. The digest covers all events on
    every wire, MKPDUs included: it depends on the scenario and the seed alone. CAKs that the file
    does not name come from the seed too: use them for simulation only.

    With --watch a page on loopback, whose address is printed, shows the run at --pace: the topology
    with states and load, MKPDUs, counters and events. Clicks pause, step and end it, and cut, drop,
    delay, give a wrong CAK or skew a clock: changes of the topology at that time, so the run stays
    reproducible. The page gives it as a file whose run has the same digest. Without an end it runs
    until the page or a signal ends it; the page stays until a signal.

    A topology with a question prints its answer too. Exit 3 if this run does not show it.
    """
    if pace is not None and not watch:
        raise click.UsageError("--pace N belongs to --watch")
    until_ns = None if until is None else _time(until)
    model = load_topology(topology)
    with (
        built(model, seed, chosen_plane(backend)) as lab,
        event_log.opened(events, lambda: lab.engine.now_ns / NS_PER_S) as log,
        tracing.opened(otlp, time.time_ns(), model.name or topology) as traces,
    ):
        recorders = record(lab) if captures is not None else []
        ends = [end for link in lab.links for end in link.ends or ()]
        probes = [Probe(lab.engine, end) for end in ends] if report is not None else []
        run = LabRun(model.name or topology, seed, model.question, model.answer, model.expect)
        watched = _watched(lab, run, topology, until_ns, pace) if watch else None
        sink = log if watched is None else EventSinks(log, watched.feed)
        recorded = VirtualEvents(lab, sink)
        if traces is not None:
            follow(lab, traces)

        def finish() -> None:
            recorded.finish()
            if captures is not None:
                _save(captures, recorders)
            if report is not None:
                page_file.save(report, to_html(lab, run, probes, page_file.origin()))
            if as_json:
                click.echo(json.dumps(to_json(lab, run)))
            else:
                to_page(Page(stdout()), lab, run)

        if watched is None:
            with _progress(lab, until_ns):
                play(lab, until_ns)
            finish()
        else:
            _show(watched, finish)
        outcome = to_json(lab, run)
    return GOOD if outcome.get("answer", {}).get("shown", True) else REFUSED


def _watched(
    lab: Lab, run: LabRun, topology: str, until_ns: int | None, pace: float | None
) -> VirtualWatch:
    from .watch.paced_run import VirtualWatch  # late: most runs have no page

    return VirtualWatch(lab, run, topology_text(topology), until_ns, pace or 1.0)


def _show(watched: VirtualWatch, finish: Callable[[], None]) -> None:
    """Serve the page of a lab until a signal."""
    from .watch.serving import served

    with served(watched.feed, watched.blueprint, IN_VIRTUAL_TIME), Signals(*ENDING) as signals:
        watched.begin(read)
        watched.serve(signals.wait, finish)


def built(topology: Topology, seed: int, plane: Plane) -> Lab:
    """Return a lab of a topology, with keys of the seed."""
    return Lab(Blueprint.of(topology, seeded(seed, KEYS)), seed, plane.backend, plane.kernel)


def play(lab: Lab, until_ns: int | None = None) -> None:
    """Run a lab; read the captures that its traffic names from their files."""
    lab.run(until_ns, read)


def _progress(lab: Lab, until_ns: int | None) -> AbstractContextManager[None]:
    """Show the virtual time of a lab on a terminal, and its end if that is given."""
    end_ns = lab.blueprint.until if until_ns is None else until_ns
    end_s = None if end_ns is None else end_ns / NS_PER_S
    return progress_of("lab run", lambda: lab.engine.now_ns / NS_PER_S, end_s)


def _time(text: str) -> int:
    return time_ns("--until", text, HISTORY_NS)


def _save(folder: str, recorders: list[Recorder]) -> None:
    make_folder(folder)
    ours = {f"{recorder.name}.pcapng" for recorder in recorders}
    there = {name for name in os.listdir(folder) if name.endswith(".pcapng")}
    if there & ours:
        say(f"warning: {folder}: {len(there & ours)} captures of an earlier run are replaced")
    if there - ours:
        say(f"warning: {folder}: {len(there - ours)} other captures stay there")
    for recorder in recorders:
        path = os.path.join(folder, f"{recorder.name}.pcapng")
        with write(path, interfaces=recorder.ports) as sink:
            sink.write(recorder.batch, directions=recorder.directions)
    say(f"{len(recorders)} captures: {folder}")
