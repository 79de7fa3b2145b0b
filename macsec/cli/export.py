"""`macsec export`: a port as instance data of the published YANG modules."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import click

from macsec.cli.lab import choice
from macsec.cli.shared import options
from macsec.cli.shared.edge import GOOD
from macsec.config import Configuration, load
from macsec.errors import MACsecError
from macsec.kay.holders import policy_of
from macsec.kay.kay import Kay
from macsec.live.local.lab_state import YANG as LAB_YANG
from macsec.live.local.lab_state import found, require_root
from macsec.live.local.local_socket import converse
from macsec.live.local.tap_sockets import YANG, ask
from macsec.report.yang import TREES, ManagedPort
from macsec.secy import SecY
from macsec.secy.from_config import located_controls

NOT_RUNNING = 0x0200_0000_0000
"""The MAC address in the SCI of a port that is only configured."""


@click.group("export", short_help="Print ports in the data models of other programs.")
def command() -> None:
    """Print the configuration and the state of ports in the data models of other programs."""


@command.command("yang", short_help="Print ports as instance data of YANG modules.")
@click.argument("port", metavar="[NAME]", required=False)
@click.option("-c", "--config", type=options.FILE, metavar="FILE", help="A configuration, in YAML.")
@click.option("--lab", "of_lab", is_flag=True, help="All ports of the lab that is up.")
@choice.named("With --lab: the lab of this name: see macsec lab list.")
@click.option(
    "--model",
    type=click.Choice([*TREES]),
    default="ieee",
    show_default=True,
    help="ieee: ieee802-dot1ae-secy and ieee802-dot1x; openconfig: openconfig-macsec; gnmi: the "
    "same, with the leaves that macsec gnmi adds.",
)
def yang(
    port: str | None,
    config: str | None,
    of_lab: bool,
    name: str | None,
    folder: str | None,
    model: str,
) -> int:
    """Print NAME, a running tap, or a configuration, or all ports of a lab, as JSON (RFC 7951).

    A running process is asked for its state; that needs its user. With -c the data is the
    configuration, and the counters are zero: NAME is then the name of the interface.
    No key is printed. `macsec help yang` says which nodes there are, and how to validate them.
    """
    if of_lab + (config is not None) > 1:
        raise click.UsageError("give one of -c and --lab")
    if of_lab:
        trees = _of_lab(folder, name)
    elif config is not None:
        trees = _configured(config, port or "macsec0")
    elif port is not None:
        trees = _answered(port, ask(port, YANG))
    else:
        raise click.UsageError("give NAME, -c FILE or --lab")
    click.echo(json.dumps(trees[model], indent=2))
    return GOOD


def _answered(who: str, answer: str | None) -> dict[str, Any]:
    if answer is None:
        raise MACsecError(f"{who}: no macsec tap runs under this name in this network namespace")
    trees: dict[str, Any] = json.loads(answer)
    return trees


def _of_lab(folder: str | None, name: str | None) -> dict[str, Any]:
    require_root()
    where = choice.folder_of(folder, name, lambda: choice.own(choice.labs_up()))
    found(where)
    return _answered("the lab", converse(os.path.join(where, LAB_YANG), b"", "the lab"))


def _configured(path: str, name: str) -> dict[str, Any]:
    model = load(path)
    try:
        kay = _kay(model)
        with _secy(model, kay) as secy:
            port = ManagedPort(name, f"{name}.common", secy, kay, kay is None, datetime.now(UTC))
            return {each: tree([port]) for each, tree in TREES.items()}
    finally:
        model.wipe()


def _kay(model: Configuration) -> Kay | None:
    """Return a KaY with the policy of a configuration, and without a CAK."""
    if model.mka is None:
        return None
    return Kay(NOT_RUNNING << 16 | model.mka.port, [], os.urandom, policy_of(model))


def _secy(model: Configuration, kay: Kay | None) -> SecY:
    """Return the SecY of a configuration, with its static SAs, if it has any."""
    if kay is None:
        return SecY.from_config(model)
    secy = SecY(located_controls(model))
    secy.create_tx_sc(kay.sci)
    return secy
