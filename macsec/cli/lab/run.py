"""`macsec lab run`: a topology in virtual time."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager

import click

from macsec.captures import read, write
from macsec.cli.shared import event_log, options
from macsec.cli.shared.data_plane import Plane, chosen_plane
from macsec.cli.shared.edge import GOOD, say, stdout
from macsec.cli.shared.progress import watched
from macsec.config import Topology, load_topology
from macsec.config.static_keys import seeded
from macsec.lab import Blueprint, Lab
from macsec.lab.virtual.captures import record
from macsec.lab.virtual.probe import Probe
from macsec.lab.virtual.recorder import Recorder
from macsec.report.lab.outcome import LabRun, to_json
from macsec.report.lab.page import to_html
from macsec.report.lab.text import to_page
from macsec.report.page import Page
from macsec.time_units import NS_PER_S
from macsec.whole_file import make_folder, refuse_unwritable, write_whole
from macsec.wire.param_values import HISTORY_NS
from macsec.wire.units import time_ns

from .events import VirtualEvents

SEED = 1
KEYS = "macsec lab"
"""Name of the random stream for a lab's keys."""


@click.command("run", short_help="Run a topology in virtual time.")
@click.argument("topology", metavar="TOPOLOGY")
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 64) - 1),
    default=SEED,
    show_default=True,
    help="Seed of wires, traffic and keys.",
)
@click.option("--until", metavar="T", help="End at this virtual time, such as 50ms.")
@options.json_data
@click.option("--report", type=options.FILE, metavar="OUT.html", help="Write an HTML page.")
@click.option(
    "--captures",
    type=options.FILE,
    metavar="DIR",
    help="Keep the frames of links (wire-LINK.pcapng) and hosts (host-HOST.pcapng).",
)
@event_log.option
@options.backend
def command(
    topology: str,
    seed: int,
    until: str | None,
    as_json: bool,
    report: str | None,
    captures: str | None,
    events: str | None,
    backend: str,
) -> int:
    """Run TOPOLOGY, a file or one of two-regions, ring and hub, and report the results.

    Every link between sites is protected unless the file says `macsec: off`: both ends agree on
    keys by MKA, and traffic begins once all links are secured. The digest covers all events on
    every wire, MKPDUs included: it depends on the scenario and the seed alone. CAKs that the file
    does not name come from the seed too: use them for simulation only.
    """
    if report is not None and not report.endswith((".html", ".htm")):
        raise click.UsageError(f"--report {report}: the name ends in .html")
    refuse_unwritable(report)
    until_ns = None if until is None else _time(until)
    model = load_topology(topology)
    with (
        built(model, seed, chosen_plane(backend)) as lab,
        event_log.opened(events, lambda: lab.engine.now_ns / NS_PER_S) as log,
    ):
        recorders = record(lab) if captures is not None else []
        ends = [end for link in lab.links for end in link.ends or ()]
        probes = [Probe(lab.engine, end) for end in ends] if report is not None else []
        recorded = VirtualEvents(lab, log)
        with _progress(lab, until_ns):
            play(lab, until_ns)
        recorded.finish()
        if captures is not None:
            _save(captures, recorders)
        run = LabRun(model.name or topology, seed)
        if report is not None:
            _write_report(report, lab, run, probes)
        if as_json:
            click.echo(json.dumps(to_json(lab, run)))
        else:
            to_page(Page(stdout()), lab, run)
    return GOOD


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
    return watched("lab run", lambda: lab.engine.now_ns / NS_PER_S, end_s)


def _time(text: str) -> int:
    return time_ns("--until", text, HISTORY_NS)


def _write_report(path: str, lab: Lab, run: LabRun, probes: list[Probe]) -> None:
    write_whole(path, to_html(lab, run, probes))
    say(f"report: {path}")


def _save(folder: str, recorders: list[Recorder]) -> None:
    make_folder(folder)
    for recorder in recorders:
        path = os.path.join(folder, f"{recorder.name}.pcapng")
        with write(path, interfaces=recorder.ports) as sink:
            sink.write(recorder.batch, directions=recorder.directions)
    say(f"{len(recorders)} captures: {folder}")
