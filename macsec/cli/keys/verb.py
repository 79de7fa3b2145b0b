"""`macsec keys`: keys and settings in the formats of other programs; CAKs in a store."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_bytes
from time import time_ns
from typing import Any

import click

from macsec.cli.keys import scan
from macsec.cli.shared import completing, options
from macsec.cli.shared.edge import Warnings, say, stdout
from macsec.cli.shared.keys.vault import edge
from macsec.config import KeyRing, KeySource, dump, load
from macsec.config.exchange import FORMATS, READ, File
from macsec.config.private import write_private
from macsec.config.templates import channel
from macsec.errors import ConfigError, MACsecError
from macsec.kay.holders import CakStore, Rotation, chain_of
from macsec.live.local.tap_sockets import KEYS, STATUS, ask
from macsec.report.exchange import Direction, exchange_json
from macsec.report.mka.caks import caks_json, caks_lines, chain_json, chain_lines
from macsec.whole_file import make_folder

LOG = logging.getLogger("macsec")
CENTURY_S = 100 * 365 * 86_400
NAMES = tuple(FORMATS)

_output = click.option(
    "-o", "--output", metavar="OUT", type=options.FILE, help="The file to write.  [default: stdout]"
)
_force = click.option(
    "--force", is_flag=True, help="Write keys to stdout even if it is a terminal."
)
_quiet = click.option(
    "-q", "--quiet", is_flag=True, help="Do not report what the format leaves out."
)
_json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object (on stderr if keys go to stdout).",
)


@click.group("keys", short_help="Convert keys of other programs; make CAKs.")
def command() -> None:
    """Convert keys and settings of other programs, switches and routers; make CAKs."""


command.add_command(scan.command)


@command.command("export", short_help="Convert a configuration to the format of another program.")
@click.option("--to", "name", required=True, type=click.Choice(NAMES), help="The format.")
@click.option(
    "-c", "--config", type=options.FILE, metavar="FILE", help="The configuration, in YAML."
)
@click.option(
    "--running",
    metavar="NAME",
    shell_complete=completing.names(completing.taps),
    help="A running macsec tap --mka, in place of FILE.",
)
@_output
@_force
@_quiet
@_json
@click.pass_obj
def export(
    warnings: Warnings,
    name: str,
    config: str | None,
    running: str | None,
    output: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write the keys and settings of FILE in the format of another program.

    What the format cannot hold is reported on stderr. Formats of switches, routers and network
    managers hold key agreement (mka), the name of the interface is yours to fill in.

    With --running, export the SAKs that a tap uses now. Its configuration must have
    mka: {allow_export: on}. Only the user who runs the tap can do this, and the tap reports it.

    OUT is a file that only its owner can read. For wireshark and systemd it is a folder of such
    files, created if missing: a Wireshark profile, or files for /etc/systemd/network. An export is
    written whole or not at all, and never over an existing file.
    """
    form = FORMATS[name]
    if form.folder and output in (None, "-"):
        raise click.UsageError(
            f"an export to {name} has several files: name their folder with -o FOLDER"
        )
    if (config is None) == (running is None):
        raise click.UsageError("give either -c FILE or --running NAME")
    written = _Written("export", name, output, as_json, quiet, warnings)
    model = load(_of_running(running) if running is not None else config or "")
    if running is not None and name != "wireshark":
        LOG.warning("%s uses these SAKs: a second sender under them breaks their security", running)
    folder = Path(output or ".")
    with KeyRing(model.origin.folder) as ring:
        result = form.export(model, ring, folder if form.folder else folder.parent)
    model.wipe()
    written.note(result.notes)
    if written.to_stdout:
        _show("".join(file.text for file in result.files), force)
        files: dict[Path, File] = {}
    else:
        if form.folder:
            make_folder(folder, 0o700)
        files = {(folder / file.name if form.folder else folder): file for file in result.files}
        _write(files)
    written.finish(files, result.notes)


@command.command("import", short_help="Convert a file of another program to a configuration.")
@click.option("--from", "name", required=True, type=click.Choice(READ), help="The format.")
@click.option("--device", metavar="NAME", help="Of several devices in IN: NAME, or NAMESPACE/NAME.")
@click.argument("source", metavar="IN", type=options.FILE)
@_output
@_force
@_quiet
@_json
@click.pass_obj
def import_(
    warnings: Warnings,
    name: str,
    device: str | None,
    source: str,
    output: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write the keys and settings of IN as a configuration.

    The configuration does what the other program does with IN: its defaults are written out. A
    line that it would refuse, or that has no meaning here, is an error. What a configuration
    cannot hold is reported on stderr.
    """
    written = _Written("import", name, output, as_json, quiet, warnings)
    result = FORMATS[name].read(Path(source), device)
    text = dump(result.config, reveal_keys=True)
    result.config.wipe()
    written.note(result.notes)
    files = {} if written.to_stdout else {Path(output or ""): File(output or "", text)}
    if written.to_stdout:
        _show(text, force)
    _write(files)
    written.finish(files, result.notes)


@command.command("generate", short_help="Make SAKs for a link, or CAKs in a store.")
@click.option(
    "--link",
    nargs=2,
    metavar="A B",
    type=options.FILE,
    help="Write the configurations of both ends of a link, with a new SAK in each.",
)
@options.cipher
@click.option("--store", metavar="FILE", type=options.FILE, help="The store of CAKs.")
@click.option("--kek", metavar="REF", help="The key of the store: file:PATH, env:NAME or fd:N.")
@options.number(
    "--lifetime", options.Reals(60, CENTURY_S), 86400.0, "SECONDS", "Time that a CAK is valid."
)
@options.number(
    "--overlap",
    options.Reals(1, CENTURY_S),
    3600.0,
    "SECONDS",
    "Time that two CAKs in turn are both valid.",
)
@click.option(
    "--cak-length",
    type=click.Choice(["16", "32"]),
    default="32",
    show_default=True,
    help="Octets of a new CAK.",
)
@options.json_data
def generate(
    link: tuple[str, str] | None,
    cipher: str,
    store: str | None,
    kek: str | None,
    lifetime: float,
    overlap: float,
    cak_length: str,
    as_json: bool,
) -> None:
    """Make SAKs for the two ends of a link, or CAKs in a store.

    With --link A B: two new configurations that fit each other, one for each end, with a random
    SAK for each direction. Nothing is overwritten.

    With --store FILE: CAKs for `mka: {generated: ...}`; those in FILE are rotated. Run it
    regularly. CAKs that have ended are removed, and new ones are added until the chain reaches one
    lifetime ahead. In FILE each CAK is wrapped with the 32 octets at REF. Both ends of a link need
    FILE and REF.
    """
    if link is not None and store is None and kek is None:
        _generate_link(link, cipher)
        return
    if link is not None or store is None or kek is None:
        raise click.UsageError("give either --link A B, or --store FILE with --kek REF")
    try:
        source = KeySource.reference_of(kek)
    except ValueError as error:
        raise click.UsageError(f"--kek: {error}") from None
    rotation = Rotation(
        lifetime_ns=round(lifetime * 10**9),
        overlap_ns=round(overlap * 10**9),
        cak_length=int(cak_length),
    )
    now_ns = time_ns()
    with KeyRing(Path()) as ring:
        key = ring.key(source)
        if len(set(key.expose())) < 8:
            raise ConfigError("--kek: this is no key: take 32 random octets")
        chain = CakStore(store, key).update(
            lambda caks: rotation.extend(caks, now_ns, token_bytes), token_bytes
        )
    click.echo(caks_json(chain, now_ns) if as_json else caks_lines(chain, now_ns))


def _generate_link(link: tuple[str, str], cipher: str) -> None:
    """Write the configurations of both ends: what one sends, the other receives."""
    if Path(link[0]).absolute() == Path(link[1]).absolute():
        raise click.UsageError("--link: the two ends are two files")
    channels = [channel(cipher, end, token_bytes) for end in (0, 1)]
    texts = [
        dump(
            {"secy": {"cipher": cipher}, "tx": channels[end], "rx": [channels[1 - end]]},
            reveal_keys=True,
        )
        for end in (0, 1)
    ]
    _write({Path(name): File(name, text) for name, text in zip(link, texts, strict=True)})
    for name, sc in zip(link, channels, strict=True):
        say(f"{name}: SCI {sc['sci']}, {cipher}")


@command.command("check", short_help="Open every CAK of a configuration.")
@options.config
@options.json_data
def check(config: str, as_json: bool) -> None:
    """Open each CAK of the mka section of FILE, on its token, in its vault or store, and list it.

    Exit 0 if all exist and can be used: each makes one ICV, which an audit log shows.
    """
    model = load(config)
    own = edge("macsec keys check")
    chain = chain_of(model, own)
    for key in chain:
        key.holder.icv(b"macsec keys check")
    show = chain_json if as_json else chain_lines
    click.echo(show([(key, key.active(0)) for key in chain], own.wall_ns))


def _of_running(name: str) -> dict[str, Any]:
    """Return the SAKs of a running tap as a configuration. Raises MACsecError."""
    answer = ask(name, KEYS)
    if answer is None:
        runs = ask(name, STATUS) is not None
        why = "its configuration has no mka: {allow_export: on}" if runs else "no tap --mka runs"
        raise MACsecError(f"{name}: its keys cannot be exported: {why}")
    return dict(json.loads(answer))


class _Written:
    """The report of an export or import: notes as lines, or one JSON object without keys."""

    def __init__(
        self,
        direction: Direction,
        name: str,
        output: str | None,
        as_json: bool,
        quiet: bool,
        warnings: Warnings,
    ) -> None:
        self.to_stdout = output in (None, "-")
        self._kind = direction, name
        self._as_json, self._quiet, self._warnings = as_json, quiet, warnings
        warnings.hold = as_json and self.to_stdout

    def note(self, notes: Sequence[str]) -> None:
        """Print the notes, unless they are a part of the object."""
        for note in () if self._quiet or self._as_json else notes:
            say(note)

    def finish(self, files: Mapping[Path, File], notes: Sequence[str]) -> None:
        """Print the object, on stderr with the warnings in it where stdout has the keys."""
        if not self._as_json:
            return
        names = [(str(path), file.secret) for path, file in files.items()]
        held, self._warnings.held = self._warnings.held, []
        click.echo(exchange_json(*self._kind, names, notes, held), err=self.to_stdout)


def _show(text: str, force: bool) -> None:
    out = stdout()
    if out.isatty() and not force:
        raise click.UsageError("keys are not written to a terminal: use -o FILE, or --force")
    out.write(text)


def _write(files: dict[Path, File]) -> None:
    """Write all files or none."""
    done: list[Path] = []
    try:
        for path, file in files.items():
            write_private(path, file.text.encode(), 0o600 if file.secret else 0o644)
            done.append(path)
    except BaseException:
        for path in done:
            path.unlink(missing_ok=True)
        raise
