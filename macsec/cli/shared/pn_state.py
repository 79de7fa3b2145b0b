"""`--state DIR` and `--state-init`: packet numbers kept from run to run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from macsec.cli.shared.options import F

if TYPE_CHECKING:
    from macsec.custody import Keeper
    from macsec.live.pump import Pump
    from macsec.secy import SecY

_STATE = click.option(
    "--state",
    "state_folder",
    type=click.Path(path_type=str),
    metavar="DIR",
    help="Keep the PNs of each key and SCI there: no run uses one again.",
)
_INIT = click.option(
    "--state-init",
    is_flag=True,
    help="Make DIR, and a record for a key that has none: say so only of keys never used.",
)


def options(function: F) -> F:
    """Both options, as `state_folder` and `state_init`."""
    return _STATE(_INIT(function))


@contextmanager
def kept(secy: SecY, state: str | None, init: bool) -> Iterator[Keeper | None]:
    """The PNs of a SecY in the folder given; None where none is."""
    if state is None:
        if init:
            raise click.UsageError("--state-init goes with --state DIR")
        yield None
        return
    from macsec.custody import Keeper
    from macsec.errors import ConfigError

    if not secy.tx.sa:
        raise ConfigError("--state keeps PNs of static SAKs: there is no transmit SA")
    with Keeper(secy, state, init) as keeper:
        yield keeper


@contextmanager
def ahead(keeper: Keeper | None, pump: Pump) -> Iterator[None]:
    """PNs reserved ahead of a pump, which ends where they can be no more; that is raised then."""
    if keeper is None:
        yield
        return
    from macsec.custody.reserver import Reserver

    with Reserver(keeper, pump.end) as reserving:
        yield
    reserving.check()
