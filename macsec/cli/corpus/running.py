"""A run of `macsec corpus`: keys, packet numbers, engine, progress, report."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, perf_counter

import click

from macsec.cli.shared.data_plane import chosen_plane
from macsec.cli.shared.edge import GOOD, PARTLY, REFUSED, say
from macsec.cli.shared.keys import pn_state
from macsec.config import load
from macsec.config.caks import load_caks
from macsec.corpus.order import SettingsJson
from macsec.corpus.run import CorpusRequest, CorpusRun
from macsec.corpus.sealed_config import cak_octets, configuration_octets
from macsec.corpus.store import shown
from macsec.corpus.verdict_set import set_url
from macsec.corpus.wrapping import RUN_KEY_OCTETS, RUN_KEY_VARIABLE, wrap
from macsec.custody import Keeper
from macsec.report.captures import corpus as report
from macsec.secy import SecY
from macsec.secy.from_config import require_transmit

from . import worker
from .cluster import engine
from .progress import CorpusProgress


@dataclass(frozen=True, slots=True)
class CorpusOptions:
    """The options of all verbs of a corpus."""

    sources: tuple[str, ...]
    dest: str
    scheduler: str | None
    workers: int
    run_key: str
    split: int
    dry_run: bool
    as_json: bool
    quiet: bool
    backend: str


@dataclass(frozen=True, slots=True)
class CorpusKeys:
    """A configuration, or CAKs, and where the records of PNs are."""

    config: str | None = None
    caks: str | None = None
    state: str | None = None
    state_init: bool = False


def run(
    verb: str,
    options: CorpusOptions,
    settings: SettingsJson,
    keys: CorpusKeys,
    strict: bool = False,
) -> int:
    """Run a verb over the corpus; return the exit code."""
    plane = chosen_plane(options.backend)
    settings = {**settings, "backend": plane.backend, "kernel": plane.kernel}
    with _run_key(options):
        secret, check_values = _secret(verb, keys)
        run_name = secrets.token_hex(8)
        key = worker.find_key(options.run_key)
        try:
            wrapped = wrap(secret, key, run_name)
        finally:
            key.wipe()
        del secret
        dest = options.dest if "://" in options.dest else os.path.abspath(options.dest)
        request = CorpusRequest(
            verb, tuple(_absolute(each) for each in options.sources), dest, settings,
            run_name, options.run_key, wrapped, check_values, options.split,
        )  # fmt: skip
        corpus = CorpusRun(request, worker, monotonic)
        if options.dry_run:
            _show_plan(corpus, options)
            return GOOD
        return _work(corpus, options, keys, strict)


def _absolute(source: str) -> str:
    return source if "://" in source else os.path.abspath(source)


@contextmanager
def _run_key(options: CorpusOptions) -> Iterator[None]:
    """Give the workers of this machine a key of the run, where the environment has none."""
    own = options.run_key == worker.DEFAULT_KEY and RUN_KEY_VARIABLE not in os.environ
    if own and options.scheduler is not None:
        raise click.UsageError(
            f"--scheduler needs a key of the run: {RUN_KEY_VARIABLE} with {2 * RUN_KEY_OCTETS} hex "
            "digits, the same here and on each worker, or --run-key"
        )
    if own:
        os.environ[RUN_KEY_VARIABLE] = secrets.token_hex(RUN_KEY_OCTETS)
    try:
        yield
    finally:
        if own:
            del os.environ[RUN_KEY_VARIABLE]


def _secret(verb: str, keys: CorpusKeys) -> tuple[bytes, tuple[str, ...]]:
    """Return the octets to wrap, and the check values of the keys in them."""
    if keys.caks is not None:
        caks = load_caks(keys.caks)
        values = tuple(cak.check_value for given in caks.values() for cak in given)
        return cak_octets(caks), values
    if keys.config is None:
        return b"", ()
    model = load(keys.config)
    if verb == "protect":
        require_transmit(model)
    octets = configuration_octets(model.to_send() if verb == "protect" else model.to_receive())
    # All of the configuration counts, keys and controls.
    return octets, (_check_value(octets),)


def _check_value(octets: bytes) -> str:
    from macsec.keys import Key

    key = Key(octets)
    try:
        return key.check_value
    finally:
        key.wipe()


def _work(corpus: CorpusRun, options: CorpusOptions, keys: CorpusKeys, strict: bool) -> int:
    again = len(corpus.files) - len(corpus.left)
    started = perf_counter()
    with (
        _numbers(corpus.request.verb, keys) as numbers,
        engine(options.scheduler, options.workers) as (chosen, link),
        CorpusProgress(corpus, options.quiet, link) as bar,
    ):
        corpus.work(chosen, numbers, bar.step)
        if numbers is not None and not options.quiet:
            numbers.warn_of_reuse()
    results = [corpus.manifest.done[file.name] for file in corpus.files]
    seconds = perf_counter() - started
    verb, dest = corpus.request.verb, shown(corpus.request.dest)
    verdict_set = shown(set_url(corpus.request.dest))
    result = report.to_json(verb, results, again, dest, verdict_set, chosen.workers, seconds)
    if options.as_json:
        click.echo(json.dumps(result))
    elif not options.quiet:
        for line in report.to_lines(result):
            click.echo(line, err=True)
    return _ending(result, strict)


def _ending(result: report.CorpusJson, strict: bool) -> int:
    refused = _refused(result, strict)
    if refused:
        say(f"{refused} of {result['frames']} {REFUSALS[result['verb']]}")
    if result["failed"]:
        say(f"{len(result['failed'])} of {result['captures']} captures have a fault or no results")
    return REFUSED if refused else PARTLY if result["failed"] else GOOD


REFUSALS = {
    "validate": "frames were refused",
    "decrypt": "frames were refused",
    "replay": "frames did not arrive unchanged",
    "conformance": "vectors and cases failed",
}


def _refused(result: report.CorpusJson, strict: bool) -> int:
    if result["verb"] == "replay":
        return result["extra"].get("missing", 0)
    if result["verb"] == "conformance" or strict:
        return result["frames"] - result["delivered"]
    return 0


class _PacketNumbers:
    """The PNs of encodingSA, kept in records where there is a folder of state."""

    def __init__(self, secy: SecY, keeper: Keeper | None) -> None:
        self._secy, self._keeper = secy, keeper
        self.limit = secy.controls.cipher.pn_limit

    def starts(self) -> Mapping[int, int]:
        """Return the next PN of each class."""
        an = self._secy.controls.encodingsa
        classes = self._secy.tx_classes.items()
        return {number: sc.sa[an].next_pn for number, sc in classes if an in sc.sa}

    def warn_of_reuse(self) -> None:
        """Warn if no record keeps the PNs."""
        pn_state.warn_of_reuse(self._secy, self._keeper)

    def reserve(self, ends: Mapping[int, int]) -> None:
        """Write that all PNs below `ends` are used."""
        starts, an = self.starts(), self._secy.controls.encodingsa
        if self._keeper is not None:
            self._keeper.reserve(max(ends[number] - starts[number] for number in ends))
        for number, end in ends.items():
            self._secy.raise_tx_pn(an, end, number)


@contextmanager
def _numbers(verb: str, keys: CorpusKeys) -> Iterator[_PacketNumbers | None]:
    """Yield the PNs of a run that protects, under its locks and records."""
    if verb != "protect":
        yield None
        return
    assert keys.config is not None  # noqa: S101
    with (
        SecY.from_config(load(keys.config).to_send()) as secy,
        pn_state.kept(secy, keys.state, keys.state_init) as keeper,
    ):
        yield _PacketNumbers(secy, keeper)


def _show_plan(corpus: CorpusRun, options: CorpusOptions) -> None:
    left = corpus.left
    plan: report.CorpusPlanJson = {
        "schema": "macsec/corpus-dry-run/1",
        "verb": corpus.request.verb,
        "captures": len(corpus.files),
        "octets": sum(file.size for file in corpus.files),
        "left": len(left),
        "left_octets": sum(file.size for file in left),
        "cut": sum(corpus.is_cut(file) for file in left),
        "out": shown(corpus.request.dest),
        "names": [file.name for file in left],
    }
    if options.as_json:
        click.echo(json.dumps(plan))
        return
    for file in left:
        click.echo(f"{file.size:>15,}  {file.name}")
    click.echo(
        f"{plan['left']:,} of {plan['captures']:,} captures to {plan['verb']}, "
        f"{plan['left_octets']:,} octets, {plan['cut']:,} cut into parts; results in {plan['out']}",
        err=True,
    )
