"""`macsec lab up|exec|status|down`: a topology in real time."""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from macsec.cli.lab.state import DEFAULT, HOSTS, Published, Up, ask, found
from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, say, stdout
from macsec.cli.shared.signals import ENDING, Signals
from macsec.errors import EnvironmentLacks

if TYPE_CHECKING:
    from macsec.lab import RealLab

STATE = click.option(
    "--state",
    "folder",
    type=options.FILE,
    default=DEFAULT,
    show_default=True,
    metavar="DIR",
    help="Where a lab that is up is found; one lab a folder.",
)
READY = "MACSEC_LAB_READY"
LOOK_S = 1.0
PATIENCE_S = 7.0
"""So long links may take to be secured before it is told why not: a Life Time and some more."""
DOWN_S = 30.0


@click.command("up", short_help="A topology in real time, with real programs (root).")
@click.argument("topology", metavar="TOPOLOGY")
@click.option("--detach", is_flag=True, help="Return once it is up; macsec lab down ends it.")
@options.quiet
@STATE
def up(topology: str, detach: bool, quiet: bool, folder: str) -> int:
    """Bring TOPOLOGY up, a file or one of two-regions, ring and hub, until SIGINT or SIGTERM.

    Each host is a network of its own, where `macsec lab exec HOST -- CMD` runs any program as it
    is. Links between sites agree on keys by MKA, with CAKs of this run unless the file names some;
    it may also say `macsec: static` or `macsec: off`. It is up once all links are secured.
    When this process ends, however it ends, nothing of the lab is left.

    Links delay, lose and reorder as in `lab run`; a delay is kept to some 50 us. What the topology
    says of cables inside a site, and its traffic, holds for `lab run` only.
    """
    from macsec.cli.shared.vault import edge
    from macsec.cli.tap.agreement import now_ns
    from macsec.config import load_topology
    from macsec.lab import Blueprint, RealLab

    model = load_topology(topology)
    blueprint = Blueprint.of(model, lambda _, octets: secrets.token_bytes(octets))
    _require_root()
    _allow_files()
    if detach:
        return _detached(topology, folder)
    with (
        Signals(*ENDING) as signals,
        Published(folder) as state,
        RealLab(blueprint, now_ns, edge("macsec lab")) as lab,
    ):
        if signals.wait(lab.agreements.fileno(), PATIENCE_S):
            return GOOD
        addresses = {
            host.name: [str(at.ip) for at in (host.ipv4, host.ipv6)] for host in blueprint.hosts
        }
        state.publish(Up(os.getpid(), blueprint.name, lab.places), addresses)
        if not quiet:
            say(f"{blueprint.name} is up: {', '.join(lab.hosts)}")
        for name in blueprint.unprotected:
            say(f"warning: link {name} is UNPROTECTED")
        for told in _unsecured(lab):
            say(f"warning: link {told}")
        _tell_ready()
        while (came := signals.wait(state.fileno(), LOOK_S)) is None or not came & set(ENDING):
            if came is None:
                state.answer(lambda: _status(lab))
            lab.check()
    return GOOD


@click.command(
    "exec",
    short_help="Run a program on a host of the lab that is up.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@STATE
@click.argument("host", metavar="HOST")
@click.argument("command", metavar="CMD", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(folder: str, host: str, command: tuple[str, ...]) -> int:
    """Run CMD on HOST; the exit code is CMD's.

    It finds the other hosts by their names, and ends when the lab does. HOST may also be a site,
    where its switch is, or a link: its Common Ports are the devices a and b, for `tcpdump -i a`.
    """
    from macsec.live.namespace import entrance

    _require_root()
    command = command[1:] if command[0] == "--" else command
    if not command:
        raise click.UsageError("CMD is missing: macsec lab exec HOST -- CMD")
    lab = found(folder)
    place = lab.place(host)
    guard = os.pidfd_open(lab.pid)
    with entrance(place, os.path.join(folder, HOSTS)) as enter:
        try:
            # The program alone enters: who is in there ends with the lab, at once.
            child = subprocess.Popen(command, preexec_fn=enter)  # noqa: S603, PLW1509
        except FileNotFoundError:
            raise EnvironmentLacks(f"{command[0]}: there is no such program") from None
    return _follow(child, guard)


@click.command("status", short_help="What the lab that is up does.")
@options.json_data
@STATE
def status(as_json: bool, folder: str) -> int:
    """Links with their protection and counters, hosts with their addresses."""
    from macsec.report.lab.status import to_page
    from macsec.report.page import Page

    _require_root()
    told = ask(folder)
    if as_json:
        click.echo(json.dumps(told))
    else:
        to_page(Page(stdout()), told)
    return GOOD


@click.command("down", short_help="End the lab that is up.")
@STATE
def down(folder: str) -> int:
    """End it, and wait until nothing of it is left."""
    _require_root()
    lab = found(folder)
    guard = os.pidfd_open(lab.pid)
    signal.pidfd_send_signal(guard, signal.SIGTERM)
    if not select.select([guard], [], [], DOWN_S)[0]:
        signal.pidfd_send_signal(guard, signal.SIGKILL)
        select.select([guard], [], [])
    say(f"{lab.topology} is down")
    return GOOD


def _require_root() -> None:
    if sys.platform != "linux":
        raise EnvironmentLacks("a lab in real time needs Linux; macsec lab run needs nothing")
    if os.geteuid() != 0:
        raise EnvironmentLacks("a lab in real time needs root; macsec lab run needs nothing")


def _allow_files() -> None:
    """As many open files as the system lets us have: a link needs a dozen."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _status(lab: RealLab) -> Any:
    from macsec.report.lab.status import to_json

    return to_json(lab)


def _unsecured(lab: RealLab) -> list[str]:
    """Of each link that is not secured, that and why."""
    from macsec.report.lab.status import unsecured

    return unsecured(lab)


def _follow(child: subprocess.Popen[bytes], guard: int) -> int:
    """Wait for a program, and pass signals on; end it if the lab ends first."""
    forwarded: Callable[[int, Any], None] = lambda number, _: child.send_signal(number)  # noqa: E731
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forwarded)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to both
    ended = os.pidfd_open(child.pid)
    ready, _, _ = select.select([ended, guard], [], [])
    if ended not in ready:
        child.kill()
        say("the lab ended")
    return _code(child.wait())


def _code(ended: int) -> int:
    """The exit code of a program, as a shell has it."""
    return ended if ended >= 0 else 128 - ended


def _detached(topology: str, folder: str) -> int:
    """Start the same command in the background, and wait until it is up."""
    read, write = os.pipe()
    command = [sys.executable, "-m", "macsec", "lab", "up", topology, "--state", folder]
    child = subprocess.Popen(  # noqa: S603 - ourselves
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[write],
        env={**os.environ, READY: str(write)},
    )
    os.close(write)
    try:
        with os.fdopen(read, "rb") as ready:
            if ready.read():
                return GOOD
        return _code(child.wait())
    except BaseException:  # interrupted: who waits no more wants no lab
        child.terminate()
        child.wait()
        raise


def _tell_ready() -> None:
    """To who started this in the background. Its standard error stays with the caller till now."""
    given = os.environ.get(READY)
    if given is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    with suppress(OSError), os.fdopen(int(given), "wb") as ready:
        ready.write(b"up")
