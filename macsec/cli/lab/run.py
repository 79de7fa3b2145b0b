"""`macsec lab run`: a topology in virtual time."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, say, stdout

if TYPE_CHECKING:
    from macsec.cli.shared.data_plane import Plane
    from macsec.config import Topology
    from macsec.lab import Lab
    from macsec.lab.virtual.probe import Observer
    from macsec.lab.virtual.recorder import Recorder
    from macsec.report.lab.outcome import LabRun

SEED = 1
KEYS = "macsec lab"
"""Name of the stream that a lab's keys are drawn from."""


@click.command("run", short_help="A topology in virtual time.")
@click.argument("topology", metavar="TOPOLOGY")
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 64) - 1),
    default=SEED,
    show_default=True,
    help="Decides wires, traffic and keys.",
)
@click.option("--until", metavar="T", help="End at this virtual time, like 50ms.")
@options.json_data
@click.option("--report", type=options.FILE, metavar="OUT.html", help="A page to look at.")
@click.option(
    "--captures",
    type=options.FILE,
    metavar="DIR",
    help="Keep what was on the links (wire-LINK.pcapng) and at the hosts (host-HOST.pcapng).",
)
@options.backend
def command(
    topology: str,
    seed: int,
    until: str | None,
    as_json: bool,
    report: str | None,
    captures: str | None,
    backend: str,
) -> int:
    """Run TOPOLOGY, a file or one of two-regions, ring and hub, and tell what happened.

    Every link between sites is protected unless the file says `macsec: off`: both ends agree on
    keys by MKA, and traffic begins once all links are secured. The digest is that of all that
    happened on every wire, MKPDUs included: it depends on the scenario and the seed alone. CAKs
    that the file does not name come from the seed too: they are good for simulation only.
    """
    from macsec.cli.shared.data_plane import chosen_plane
    from macsec.config import load_topology
    from macsec.lab.virtual.probe import Observer
    from macsec.lab.virtual.recorder import record
    from macsec.report.lab import outcome as told
    from macsec.report.lab.text import to_page
    from macsec.report.page import Page

    if report is not None and not report.endswith((".html", ".htm")):
        raise click.UsageError(f"--report {report}: the name ends in .html")
    until_ns = None if until is None else _time(until)
    model = load_topology(topology)
    with built(model, seed, chosen_plane(backend)) as lab:
        recorders = record(lab) if captures is not None else []
        ends = [end for link in lab.links for end in link.ends or ()]
        observers = [Observer(lab.engine, end) for end in ends] if report is not None else []
        play(lab, until_ns)
        if captures is not None:
            _save(captures, recorders)
        run = told.LabRun(model.name or topology, seed)
        if report is not None:
            _write_report(report, lab, run, observers)
        if as_json:
            click.echo(json.dumps(told.to_json(lab, run)))
        else:
            to_page(Page(stdout()), lab, run)
    return GOOD


def built(topology: Topology, seed: int, plane: Plane) -> Lab:
    """A lab of a topology, with keys of the seed."""
    from macsec.config.static_keys import seeded
    from macsec.lab import Blueprint, Lab

    return Lab(Blueprint.of(topology, seeded(seed, KEYS)), seed, plane.backend, plane.kernel)


def play(lab: Lab, until_ns: int | None = None) -> None:
    """Run a lab; captures that its traffic names are read from their files."""
    from macsec.captures import read

    lab.run(until_ns, read)


def _time(text: str) -> int:
    from macsec.wire.param_values import HISTORY_NS
    from macsec.wire.units import time_ns

    return time_ns("--until", text, HISTORY_NS)


def _write_report(path: str, lab: Lab, run: LabRun, observers: list[Observer]) -> None:
    from macsec.report.lab.page import to_html

    with open(path, "w", encoding="utf-8") as file:
        file.write(to_html(lab, run, observers))
    say(f"report: {path}")


def _save(folder: str, recorders: list[Recorder]) -> None:
    from macsec.captures import write

    os.makedirs(folder, exist_ok=True)
    for recorder in recorders:
        path = os.path.join(folder, f"{recorder.name}.pcapng")
        with write(path, interfaces=recorder.ports) as sink:
            sink.write(recorder.batch, directions=recorder.directions)
    say(f"{len(recorders)} captures: {folder}")
