"""`macsec lab up`: a topology in real time."""

from __future__ import annotations

import os
import resource
import secrets
import signal
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext, suppress
from time import monotonic, time
from typing import TYPE_CHECKING

import click

from macsec import trust
from macsec.cli.shared import completing, options, progress
from macsec.cli.shared.edge import FAILURES, GOOD, say
from macsec.cli.shared.keys.vault import edge
from macsec.cli.shared.ports import event_log
from macsec.cli.shared.ports.event_log import EventSinks
from macsec.cli.shared.signals import ENDING, Signals
from macsec.cli.tap.agreement import now_ns
from macsec.config import load_topology
from macsec.errors import MACsecError
from macsec.lab import Blueprint, RealLab
from macsec.live.local.lab_state import (
    CONTROL,
    MONITOR,
    YANG,
    Published,
    RunningLab,
    exit_code,
    require_root,
)
from macsec.live.local.local_socket import LocalSocket, no_request
from macsec.report.lab.status import to_json, unsecured
from macsec.time_units import NS_PER_S

from .choice import folder_of, name_for, named, user, working_folder
from .control import EDGE, PortControl
from .events import RealEvents
from .monitored import MonitoredLab
from .ports import PortsOfLab

if TYPE_CHECKING:
    from .watch.shown_lab import RealWatch

READY = "MACSEC_LAB_READY"
CHECK_S = 1.0
"""Interval at which a lab is checked for failures."""
PATIENCE_S = 1.0
"""Time beyond a Life Time for links to be secured before warnings are printed."""


@click.command("up", short_help="Run a topology in real time, with real programs (root).")
@click.argument(
    "topology",
    metavar="TOPOLOGY",
    shell_complete=completing.names(completing.topologies, files=True),
)
@click.option("--detach", is_flag=True, help="Return once it is up; macsec lab down ends it.")
@click.option("--watch", is_flag=True, help="Show it on a page, and inject faults.")
@options.quiet
@event_log.option
@named("Its name, for the other verbs; by default that of the topology.")
def command(
    topology: str,
    detach: bool,
    watch: bool,
    quiet: bool,
    events: str | None,
    folder: str | None,
    name: str | None,
) -> int:
    """Bring TOPOLOGY up, a file or one of macsec lab list, until SIGINT or SIGTERM.

    Each host is a network of its own; `macsec lab exec HOST -- CMD` runs any program there. Links
    between sites agree on keys by MKA, with CAKs of this run unless the file names some; it may
    also say `macsec: static` or `macsec: off`. The lab is up once all links are secured. When this
    process ends, even by a kill, nothing of the lab is left. It records its user and its working
    folder: the other verbs act by default only on labs of both. `macsec mka set LINK:SITE` changes
    the port at an end of a link.

    With --watch a page on loopback, whose address is printed, shows it: the topology with states
    and load, MKPDUs, counters and events. Clicks cut, drop, delay and give a wrong CAK.

    Links delay, lose and reorder as in `lab run`; delays are exact to some 50 us. Cables inside a
    site, traffic and changes are parts of the topology that only `lab run` uses.
    """
    model = load_topology(topology)
    blueprint = Blueprint.of(model, lambda _, octets: secrets.token_bytes(octets))
    require_root()
    _allow_files()
    where = folder_of(folder, name, lambda: name_for(blueprint.name))
    if detach and watch:
        raise click.UsageError("--watch prints an address: leave --detach out")
    if detach:
        return _detached(topology, where, events)
    with (
        Signals(*ENDING) as signals,
        Published(where) as state,
        event_log.opened(events, time) as log,
        RealLab(blueprint, now_ns, edge(EDGE), faulty=watch) as lab,
    ):
        watched = _watched(lab) if watch else None
        sink = log if watched is None else EventSinks(log, watched.feed)
        recorded = RealEvents(lab, sink)
        patience_s, started_s = blueprint.life_ns / NS_PER_S + PATIENCE_S, monotonic()
        with progress.watched("securing links", lambda: monotonic() - started_s, patience_s):
            ended = signals.wait(lab.agreements.fileno(), patience_s)
        if ended:
            return GOOD
        ports = PortControl(lab, recorded.ports)
        asked = {YANG: PortsOfLab(lab).answer, MONITOR: MonitoredLab(lab).answer}
        with ExitStack() as stack:
            sockets = [LocalSocket(state.path(CONTROL), ports.answer)]
            sockets += [LocalSocket(state.path(at), to, no_request) for at, to in asked.items()]
            for each in sockets:
                stack.enter_context(each)
            _publish(state, lab)
            _describe(lab, quiet)
            _report_ready()
            with watched.served() if watched else nullcontext():
                _serve(signals, state, sockets, lab, recorded, watched)
    return GOOD


def _watched(lab: RealLab) -> RealWatch:
    from .watch.shown_lab import RealWatch  # late: most labs have no page

    return RealWatch(lab)


def _publish(state: Published, lab: RealLab) -> None:
    """Let other processes find the lab."""
    blueprint = lab.blueprint
    addresses = {
        host.name: [str(at.ip) for at in (host.ipv4, host.ipv6)] for host in blueprint.hosts
    }
    started = (user(), working_folder())
    state.publish(RunningLab(os.getpid(), blueprint.name, lab.places, *started), addresses)


def _describe(lab: RealLab, quiet: bool) -> None:
    """Print its hosts unless `quiet`, and a warning for each link that needs one."""
    if not quiet:
        say(f"{lab.blueprint.name} is up: {', '.join(lab.hosts)}")
    for name in lab.blueprint.unprotected:
        say(f"warning: link {name} is UNPROTECTED")
    for text in unsecured(lab):
        say(f"warning: link {text}")


def _serve(
    signals: Signals,
    state: Published,
    sockets: Sequence[LocalSocket],
    lab: RealLab,
    recorded: RealEvents,
    watched: RealWatch | None,
) -> None:
    """Answer questions and make changes until a signal ends the lab."""
    caught: set[signal.Signals] = set()
    while not caught & set(ENDING):
        caught, ready = signals.among(
            [
                state.fileno(),
                *(each.fileno() for each in sockets),
                *([watched.feed.fileno()] if watched else []),
            ],
            CHECK_S if watched is None else watched.interval_s,
        )
        if watched is not None:
            watched.step()
        if state.fileno() in ready:
            state.answer(lambda: to_json(lab))
        for each in sockets:
            if each.fileno() in ready:
                each.serve()
        recorded.count()
        lab.check()


def _allow_files() -> None:
    """Raise the limit of open files as far as the system allows: a link needs a dozen."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _detached(topology: str, folder: str, events: str | None) -> int:
    """Start the same command in the background, and wait until it is up."""
    more = () if events is None else ("--events", events)
    read, write = os.pipe()
    child = subprocess.Popen(  # noqa: S603 - ourselves
        trust.ourselves("lab", "up", topology, "--state", folder, *more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[write],
        env={**trust.own_environment(), READY: str(write)},
    )
    os.close(write)
    try:
        with os.fdopen(read, "rb") as ready:
            if ready.read():
                return GOOD
        return _failed(exit_code(child.wait()))
    except BaseException:  # interrupted: the user no longer wants the lab
        child.terminate()
        child.wait()
        raise


def _failed(code: int) -> int:
    """Return the exit code of a lab that printed its failure; raise MACsecError for others."""
    if code in FAILURES:
        return code
    raise MACsecError(f"the lab ended before it was up (exit code {code})")


def _report_ready() -> None:
    """Signal the process that started this one in the background, and release its stderr."""
    ready_fd = os.environ.get(READY)
    if ready_fd is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    with suppress(OSError), os.fdopen(int(ready_fd), "wb") as ready:
        ready.write(b"up")
