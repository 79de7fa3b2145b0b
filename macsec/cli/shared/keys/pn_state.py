"""`--state DIR`, `--state-init`, and the locks of keys in use: no packet number is used twice."""

from __future__ import annotations

import logging
import os
import pwd
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from macsec.cli.shared.options import F
from macsec.custody import InUse, Keeper, Reserver, member_name, nonce_names
from macsec.errors import ConfigError
from macsec.secy import SecY
from macsec.secy.traffic_classes import of_class
from macsec.terms import sci_text

if TYPE_CHECKING:
    from macsec.live.pump import Pump

LOG = logging.getLogger("macsec")

LOCK_DIR = "MACSEC_LOCK_DIR"
"""The environment variable that names another folder of locks."""

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
    """Keep the PNs of a SecY in folder `state`; without a folder the keeper is None.

    Either way no other process of this machine may send under its keys. Raises MACsecError.
    """
    if state is None and init:
        raise click.UsageError("--state-init needs --state DIR")
    if state is not None and not secy.tx.sa:
        raise ConfigError(
            "--state keeps the PNs of static SAKs: this configuration has no transmit SA"
        )
    keeper = None if state is None else Keeper(secy, state, init)
    with keeper or nullcontext(), locks() as in_use:
        for sc in secy.tx_classes.values():
            for sa in sc.sa.values():
                names = nonce_names(sa.check_value, str(sc.sci), secy.controls.cipher, sa.iv)
                in_use.take(names, f"this key and SCI {sc.sci}")
        yield keeper


def warn_of_reuse(secy: SecY, keeper: Keeper | None) -> None:
    """Warn, in a run without --state, that the next one uses the same PNs again.

    Call it once PNs are used: a run that is refused ends in one line.
    """
    if keeper is None and secy.tx.sa and secy.controls.protect:
        LOG.warning(
            "another run under these keys uses the same PNs again, which breaks the keys: "
            "keep the next PN with --state DIR"
        )


def used_up(secy: SecY) -> list[str]:
    """Name the encodingSA of each transmit SC where its last PN is used."""
    controls = secy.controls
    return [
        f"{sa.an}{of_class(traffic_class)}"
        for traffic_class, sc in sorted(secy.tx_classes.items())
        for sa in sc.sa.values()
        if sa.an == controls.encodingsa and sa.next_pn >= controls.cipher.pn_limit
    ]


def take_members(in_use: InUse, sci: int, ckns: Iterable[bytes]) -> None:
    """Lock the members of some CAs: two processes of one SCI would get the same SAKs."""
    for ckn in ckns:
        in_use.take({member_name(ckn, sci)}, f"CKN {ckn.hex()} and SCI {sci_text(sci)}")


def locks() -> InUse:
    """Return the locks of this machine: of MACSEC_LOCK_DIR, or a folder of this user's own."""
    if given := os.environ.get(LOCK_DIR):
        return InUse(Path(given))
    if os.geteuid() == 0:
        return InUse(Path("/run/macsec/in-use"))
    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        home = os.path.expanduser("~")
    return InUse(Path(home, ".local/state/macsec/in-use"))


@contextmanager
def ahead(keeper: Keeper | None, pump: Pump) -> Iterator[None]:
    """Reserve PNs ahead of a running pump, and end it where that fails; raise the failure then."""
    if keeper is None:
        yield
        return
    with Reserver(keeper, pump.end) as reserving:
        yield
    reserving.check()
