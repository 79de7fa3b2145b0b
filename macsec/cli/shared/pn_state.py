"""`--state DIR` and `--state-init`: packet numbers kept from run to run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from macsec.cli.shared.options import F
from macsec.custody import Keeper, Reserver
from macsec.errors import ConfigError
from macsec.secy import SecY

if TYPE_CHECKING:
    from macsec.live.pump import Pump

_STATE = click.option(
    "--state",
    "state_folder",
    type=click.Path(path_type=str),
    metavar="DIR",
    help="Keep the next PN of each key and SCI in DIR: no run uses a PN again.",
)
_INIT = click.option(
    "--state-init",
    is_flag=True,
    help="Create DIR, and the record of a key that has none. Only for keys that were never used.",
)


def options(function: F) -> F:
    """Add both options, as `state_folder` and `state_init`."""
    return _STATE(_INIT(function))


@contextmanager
def kept(secy: SecY, state: str | None, init: bool) -> Iterator[Keeper | None]:
    """Keep the PNs of a SecY in folder `state`; without a folder the keeper is None."""
    if state is None:
        if init:
            raise click.UsageError("--state-init needs --state DIR")
        yield None
        return
    if not secy.tx.sa:
        raise ConfigError(
            "--state keeps the PNs of static SAKs: this configuration has no transmit SA"
        )
    with Keeper(secy, state, init) as keeper:
        yield keeper


@contextmanager
def ahead(keeper: Keeper | None, pump: Pump) -> Iterator[None]:
    """Reserve PNs ahead of a running pump, and end it where that fails; raise the failure then."""
    if keeper is None:
        yield
        return
    with Reserver(keeper, pump.end) as reserving:
        yield
    reserving.check()
