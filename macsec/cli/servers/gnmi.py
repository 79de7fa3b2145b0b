"""`macsec gnmi`: the running ports as a target of gNMI."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_bytes
from typing import Any

import click

from macsec.cli.servers import serving
from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD, say
from macsec.cli.shared.ports.changes import ChangeRequest, request_changes
from macsec.cli.shared.signals import ENDING, Signals
from macsec.errors import MACsecError
from macsec.extras import lacks
from macsec.gnmi import Adjustment, PortTree
from macsec.live.local import lab_state, tap_sockets
from macsec.live.local.local_socket import converse

LISTEN = "127.0.0.1:9339"
MODEL = "gnmi"


@click.command("gnmi", short_help="Serve taps and labs by gNMI.")
@serving.listen(LISTEN)
@serving.web_config
@click.option(
    "--state",
    "labs",
    type=options.FILE,
    multiple=True,
    metavar="DIR",
    help="A lab with its state in this folder, beside the labs with a name.",
)
@options.quiet
def command(
    at: serving.ListenAddress, web_config: str | None, labs: tuple[str, ...], quiet: bool
) -> int:
    """Serve every tap and lab of this user as one target of gNMI, in openconfig-macsec.

    Capabilities, Get and Subscribe (ONCE, POLL, STREAM) read configuration, state and counters; Set
    changes the MKA policy of running ports, all or none of a request. A prefix's target chooses one
    tap or lab by name. No key is in any answer. `macsec help gnmi` has examples.

    It listens on loopback unless --listen names another address. Set needs users or client
    certificates in --web-config. It ends at SIGINT or SIGTERM.
    """
    try:
        from macsec.gnmi import server  # noqa: F401 - asked for here, used later
    except ImportError:
        raise lacks("gnmi") from None
    return _serve(at, web_config, labs, quiet)


def _serve(at: serving.ListenAddress, path: str | None, labs: Sequence[str], quiet: bool) -> int:
    from macsec.gnmi.server import GnmiServer
    from macsec.gnmi.service import Clocks, GnmiService
    from macsec.monitoring.serving.access import UserAccess

    config, tls = serving.loaded(path)
    serving.warn_of_readers(at, config, tls, "the ports")
    service = GnmiService(
        RunningPorts(labs),
        Clocks(time.time_ns, time.monotonic_ns),
        may_set=serving.knows_clients(config),
    )
    access = UserAccess(config.basic_auth_users, token_bytes(32))
    folder = Path(path or ".").parent
    with (
        Signals(*ENDING) as signals,
        GnmiServer(str(at), service, config, folder, access) as server,
    ):
        if not quiet:
            shown = at._replace(port=server.port)
            say(f"gNMI at {shown}, {'plain text' if tls is None else 'TLS'}")
        serving.until_ended(signals)
    return GOOD


class RunningPorts:
    """All taps and labs of this user: `macsec.gnmi.GnmiDevice`.

    `labs`: folders of labs without a name.
    """

    def __init__(self, labs: Sequence[str]) -> None:
        self._labs = {os.path.basename(os.path.normpath(folder)): folder for folder in labs}

    def sources(self) -> Sequence[PortTree]:
        """Return the instance data of every tap and lab that answers."""
        named = _quietly(lab_state.folders, {})
        return [*_taps(), *_labs(self._labs | named)]

    def adjust(self, source: PortTree, wish: Adjustment, *, check: bool) -> None:
        """Ask the process of a port for a change. Raises MACsecError."""
        request = ChangeRequest(
            port=wish.port,
            policy=dict(wish.policy),
            secy=dict(wish.secy),
            macsec=wish.macsec,
            check=check,
        )
        if request_changes(wish.port, source.control, request, []) is None:
            raise MACsecError(f"{wish.port}: takes no changes: it has no key agreement, or ended")


def _taps() -> Iterator[PortTree]:
    for namespace, name in _quietly(tap_sockets.every_tap, []):
        path = tap_sockets.path_in(namespace, name, tap_sockets.YANG)
        control = tap_sockets.path_in(namespace, name, tap_sockets.CONTROL)
        yield from _answered(path, name, str(namespace), control)


def _labs(folders: Mapping[str, str]) -> Iterator[PortTree]:
    for name, folder in folders.items():
        path = os.path.join(folder, lab_state.YANG)
        yield from _answered(path, name, name, os.path.join(folder, lab_state.CONTROL))


def _quietly(find: Any, otherwise: Any) -> Any:
    """Return what this user may list, and else nothing."""
    try:
        return find()
    except MACsecError:
        return otherwise


def _answered(path: str, target: str, where: str, control: str) -> Iterator[PortTree]:
    """Yield the tree of a process, if it answers and has this version's data."""
    try:
        text = converse(path, b"", target)
        tree = json.loads(text or "{}").get(MODEL)
    except (MACsecError, OSError, ValueError):
        return
    if tree is not None:
        yield PortTree(target, where, tree, control)
