"""`macsec lab exec|status|down`: reach the lab that is up."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import click

from macsec.cli.shared import completing, options
from macsec.cli.shared.edge import GOOD, say, stdout
from macsec.config import load_topology, shipped
from macsec.errors import EnvironmentLacks
from macsec.live.local.lab_state import HOSTS, ask, exit_code, found
from macsec.live.namespace import entrance
from macsec.report.visible import on_one_line

from .choice import account, labs_up, one_lab

DOWN_S = 30.0
"""Time for a lab to end before it is killed."""


@click.command(
    "exec",
    short_help="Run a program on a host of the lab that is up.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@one_lab
@click.argument("host", metavar="HOST", shell_complete=completing.names(completing.lab_hosts))
@click.argument("command", metavar="CMD", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(folder: str, host: str, command: tuple[str, ...]) -> int:
    """Run CMD on HOST; the exit code is CMD's.

    CMD finds the other hosts by their names, and ends when the lab does. HOST may also be a site,
    with its switch, or a link: its Common Ports are the devices a and b, for `tcpdump -i a`.
    """
    command = command[1:] if command[0] == "--" else command
    if not command:
        raise click.UsageError("CMD is missing: macsec lab exec HOST -- CMD")
    lab = found(folder)
    place = lab.place(host)
    guard = os.pidfd_open(lab.pid)
    with entrance(place, os.path.join(folder, HOSTS)) as enter:
        try:
            # Only the program enters: the lab kills all processes there when it ends.
            child = subprocess.Popen(command, preexec_fn=enter)  # noqa: S603, PLW1509
        except FileNotFoundError:
            raise EnvironmentLacks(f"{command[0]}: no such program") from None
    return _follow(child, guard)


@click.command("status", short_help="Show the links and hosts of the lab that is up.")
@options.json_data
@one_lab
def status(as_json: bool, folder: str) -> int:
    """Print links with their protection and counters, hosts with their addresses."""
    # Imported here, so that `exec` starts at once.
    from macsec.report.lab.status import to_page
    from macsec.report.page import Page

    state = ask(folder)
    if as_json:
        click.echo(json.dumps(state))
    else:
        to_page(Page(stdout()), state)
    return GOOD


@click.command("list", short_help="List the labs that are up and the shipped topologies.")
def listing() -> int:
    """Print a line for each lab that is up, and one for each topology that `lab run` has.

    The line of a lab: its name, topology and process, and the user and the working folder that
    started it. That of a topology: its name, and its question or description.
    """
    for name, lab in labs_up(lambda text: say(f"warning: {text}")).items():
        facts = (name, lab.topology, f"process {lab.pid}", account(lab.user), lab.cwd)
        click.echo("\t".join(("up", *map(on_one_line, facts))))
    for name in shipped():
        model = load_topology(name)
        about = model.question or " ".join(model.description.split())
        click.echo(f"topology\t{name}\t{about}")
    return GOOD


@click.command("down", short_help="End the lab that is up.")
@one_lab
def down(folder: str) -> int:
    """End the lab that is up, and wait until nothing of it is left."""
    lab = found(folder)
    guard = os.pidfd_open(lab.pid)
    signal.pidfd_send_signal(guard, signal.SIGTERM)
    if not select.select([guard], [], [], DOWN_S)[0]:
        signal.pidfd_send_signal(guard, signal.SIGKILL)
        select.select([guard], [], [])
    say(f"{lab.topology} is down")
    return GOOD


def _follow(child: subprocess.Popen[bytes], guard: int) -> int:
    """Wait for a program, and forward signals to it; kill it if the lab ends first."""
    forwarded: Callable[[int, Any], None] = lambda number, _: child.send_signal(number)  # noqa: E731
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forwarded)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to both
    ended = os.pidfd_open(child.pid)
    ready, _, _ = select.select([ended, guard], [], [])
    if ended not in ready:
        child.kill()
        say("the lab ended")
    return exit_code(child.wait())
