"""`macsec corpus`: the verbs of a corpus and their options."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from macsec.cli.shared import options
from macsec.cli.shared.keys import pn_state
from macsec.terms import TRAFFIC_CLASSES

from .running import CorpusKeys, CorpusOptions, run
from .worker import DEFAULT_KEY

MIB = 1 << 20
SPLIT_MIB = 256.0


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return (os.cpu_count() or 1) if affinity is None else len(affinity(0))


_SHARED = (
    click.argument("sources", metavar="SOURCE...", nargs=-1, required=True),
    click.option(
        "--out",
        "dest",
        required=True,
        metavar="DEST",
        help="A folder, or a URL of fsspec, for results, verdicts and manifest.",
    ),
    click.option(
        "--scheduler",
        metavar="ADDR",
        help="A Dask scheduler that runs.  [default: a cluster of this machine]",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=0),
        default=_cores,
        show_default="the cores of this machine",
        metavar="N",
        help="Workers of the cluster of this machine; 0: no cluster, this process alone.",
    ),
    click.option(
        "--run-key",
        default=DEFAULT_KEY,
        show_default=True,
        metavar="REF",
        help="The key that keys travel under: env:NAME, file:PATH, or a Key Vault's secret URL.",
    ),
    click.option("--dry-run", is_flag=True, help="List what would be done, and do nothing."),
    options.json_data,
    options.quiet,
    options.backend,
)
_SPLIT = click.option(
    "--split",
    type=options.Reals(min=0),
    default=SPLIT_MIB,
    show_default=True,
    metavar="MIB",
    help="Cut captures above this size into parts; 0: never.",
)


def _shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of all verbs; the function takes them as one CorpusOptions."""

    def gathered(
        sources: tuple[str, ...],
        dest: str,
        scheduler: str | None,
        workers: int,
        run_key: str,
        dry_run: bool,
        as_json: bool,
        quiet: bool,
        backend: str,
        split: float = 0,
        **own: Any,
    ) -> Any:
        shared = CorpusOptions(
            sources,
            dest,
            scheduler,
            workers,
            run_key,
            int(split * MIB),
            dry_run,
            as_json,
            quiet,
            backend,
        )
        return function(shared, **own)

    gathered.__doc__ = function.__doc__
    for option in reversed(_SHARED):
        gathered = option(gathered)
    return gathered


@click.group("corpus", short_help="Run a verb over a store of captures, on many workers.")
def command() -> None:
    """Run a verb over all captures of a SOURCE: a folder, a glob, or a URL (s3, az, gs, http).

    The results go to DEST under the names of the captures, beside one Parquet data set of verdicts
    in DEST/_verdicts, partitioned by capture; DEST/_manifest.jsonl has a line for each finished
    capture. Tasks run on Dask: on a cluster of this machine, or with --scheduler on any other. A
    run that was broken off goes on when it is given again: DEST/_macsec has its plan and what is
    done. Credentials of stores come from the environment of this process and of the workers.
    """


@command.command("protect", short_help="Turn clear captures into MACsec captures.")
@options.config
@click.option(
    "--priority",
    type=click.IntRange(0, TRAFFIC_CLASSES - 1),
    metavar="N",
    help="User priority of all frames, 0 to 7, in place of that of their VLAN tags.",
)
@pn_state.options
@options.keep_secrets
@options.fcs
@_SPLIT
@_shared
def protect(
    shared: CorpusOptions,
    config: str,
    priority: int | None,
    state_folder: str | None,
    state_init: bool,
    keep_secrets: bool,
    fcs: str,
) -> int:
    """Protect all frames with the SecY of FILE.

    All captures are surveyed first, and each gets PNs of its own before any cipher runs: however
    tasks are run again or moved, no nonce has two plaintexts. Where the PNs do not suffice, nothing
    is protected (exit 4). Capture after capture, in the order of their names, has the PNs that
    macsec protect --state would give.
    """
    settings: Any = {"fcs": fcs, "priority": priority, "keep_secrets": keep_secrets}
    return run("protect", shared, settings, CorpusKeys(config, None, state_folder, state_init))


@command.command("validate", short_help="Turn MACsec captures into clear ones, with verdicts.")
@click.option("-c", "--config", type=options.FILE, metavar="FILE", help="The configuration, YAML.")
@options.caks
@options.ethertype
@click.option("--strict", is_flag=True, help="Exit 3 if any frame was refused.")
@options.keep_secrets
@options.fcs
@_SPLIT
@_shared
def validate(
    shared: CorpusOptions,
    config: str | None,
    caks: str | None,
    ethertype: int,
    strict: bool,
    keep_secrets: bool,
    fcs: str,
) -> int:
    """Validate all frames with the SecY of FILE, each capture from the state that FILE gives.

    The parts of a large capture start at a predicted state of the replay windows, and are worked on
    again where it was another: verdicts are those of one pass.
    """
    if (config is None) == (caks is None):
        raise click.UsageError("give either -c FILE or --cak FILE")
    if config is None:
        return _decrypt(shared, caks, ethertype, strict, keep_secrets, fcs)
    settings: Any = {"fcs": fcs, "keep_secrets": keep_secrets}
    return run("validate", shared, settings, CorpusKeys(config), strict)


@command.command("decrypt", short_help="Decrypt captures with CAKs: the SAKs are in them.")
@options.caks
@options.ethertype
@click.option("--strict", is_flag=True, help="Exit 3 if any frame was refused.")
@options.keep_secrets
@options.fcs
@_shared
def decrypt(
    shared: CorpusOptions,
    caks: str | None,
    ethertype: int,
    strict: bool,
    keep_secrets: bool,
    fcs: str,
) -> int:
    """Decrypt with the CAKs of FILE: each capture with the SAKs that its MKA exchange distributes.

    A capture is one task: what a frame opens under depends on all before it.
    """
    if caks is None:
        raise click.UsageError("give --cak FILE")
    return _decrypt(shared, caks, ethertype, strict, keep_secrets, fcs)


def _decrypt(
    shared: CorpusOptions,
    caks: str | None,
    ethertype: int,
    strict: bool,
    keep_secrets: bool,
    fcs: str,
) -> int:
    settings: Any = {"fcs": fcs, "ethertype": ethertype, "keep_secrets": keep_secrets}
    return run("decrypt", shared, settings, CorpusKeys(caks=caks), strict)


@command.command("replay", short_help="Send captures across emulated links.")
@options.cipher
@click.option("--seed", type=click.IntRange(min=0), help="Determines all keys, with the names.")
@options.keep_secrets
@options.fcs
@_shared
def replay(
    shared: CorpusOptions, cipher: str, seed: int | None, keep_secrets: bool, fcs: str
) -> int:
    """Send each capture across an emulated link of two stations and compare what arrives.

    The keys of a link follow from the key of the run and from name, size and time of the capture.
    Exit 3 if a frame did not arrive unchanged.
    """
    settings: Any = {"fcs": fcs, "cipher": cipher, "seed": seed, "keep_secrets": keep_secrets}
    return run("replay", shared, settings, CorpusKeys())


@command.command("inspect", short_help="Show the SecTAG of every frame; no key needed.")
@click.option("--xpn", is_flag=True, help="Assume an XPN suite, where a PN of zero is no fault.")
@options.ethertype
@options.fcs
@_shared
def inspect(shared: CorpusOptions, xpn: bool, ethertype: int, fcs: str) -> int:
    """Write for each capture the JSON of macsec inspect, and the SecTAGs as verdicts."""
    settings: Any = {"fcs": fcs, "xpn": xpn, "ethertype": ethertype}
    return run("inspect", shared, settings, CorpusKeys())


@command.command("conformance", short_help="Run files of test vectors.")
@_shared
def conformance(shared: CorpusOptions) -> int:
    """Run all files of test vectors (macsec-vectors/1) in SOURCE. Exit 3 if one failed."""
    return run("conformance", shared, {}, CorpusKeys())
