"""The command `macsec top`."""

from __future__ import annotations

import os
import sys
from time import monotonic, sleep

import click

from macsec.cli.shared.edge import GOOD, stdout
from macsec.extras import lacks
from macsec.monitoring.live_view import Tracker
from macsec.report.top import SCREENS

from .clock import LEAST_S, clock

NAMES = [screen.name.lower() for screen in SCREENS]
INTERVAL_S = 2.0


@click.command("top", short_help="Show taps, labs and kernel devices live.")
@click.option(
    "--interval",
    type=click.FloatRange(LEAST_S, 3600),
    metavar="SECONDS",
    help="Time between two questions to each source, 2 by default. With --once: take two"
    " snapshots this far apart, for the rates.",
)
@click.option("--once", is_flag=True, help="Print a snapshot as plain text, and end.")
@click.option(
    "--screen",
    "names",
    type=click.Choice(NAMES),
    multiple=True,
    help="The screen to begin with, or to print; with --once several times.",
)
@click.option("--filter", "text", default="", metavar="TEXT", help="Only rows with this name.")
def command(interval: float | None, once: bool, names: tuple[str, ...], text: str) -> int:
    """Show every tap and lab of this machine and the kernel's MACsec devices, as they change.

    Screens by one letter: links, SAs with the PNs that are left, peers, counters with rates,
    events. ? shows all keys, q ends it. It works at 80 columns, without colour (NO_COLOR), and over
    ssh. What ends keeps its last row, marked gone. No key is on any screen.

    Taps and labs are those of this user, mostly root; devices those of this network namespace.
    """
    if once:
        tracker = _taken(interval)
        from .once import page

        click.echo(page(tracker, names or tuple(NAMES[:-1]), text, _width()), nl=False)
        return GOOD
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        raise click.UsageError("no terminal here: use --once")
    if len(names) > 1:
        raise click.UsageError("--screen: one screen to begin with; several need --once")
    try:
        from .app import TopApp
    except ImportError:
        raise lacks("top") from None
    TopApp(interval or INTERVAL_S, screen=names[0] if names else NAMES[0], text=text).run(
        mouse=False
    )
    return GOOD


def _taken(interval: float | None) -> Tracker:
    """Return what runs now, with rates if there is an interval."""
    from .asking import ask_all

    tracker = Tracker()
    for turn in range(1 if interval is None else 2):
        if turn and interval is not None:
            sleep(interval)
        for snapshot in ask_all():
            tracker.take(snapshot, monotonic(), clock())
    return tracker


def _width() -> int | None:
    """Return the columns of the terminal that stdout is, None for a file or a pipe."""
    to = stdout()
    return os.get_terminal_size(to.fileno()).columns if to.isatty() else None
