"""`macsec keys`: keys and settings from and to the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import say, stdout

if TYPE_CHECKING:
    from macsec.config.exchange import File

NAMES = ("wireshark", "ip-macsec", "wpa_supplicant", "systemd")

_force = click.option("--force", is_flag=True, help="Write keys to a terminal, if that is stdout.")
_quiet = click.option("-q", "--quiet", is_flag=True, help="Do not say what the format leaves out.")


@click.group("keys", short_help="Keys from and to the formats of other programs.")
def command() -> None:
    """Keys and settings in the formats of Wireshark, iproute2, wpa_supplicant and systemd."""


@command.command("export", short_help="A configuration to another program's format.")
@click.option("--to", "name", required=True, type=click.Choice(NAMES), help="The format.")
@click.option("-c", "--config", type=options.FILE, metavar="FILE", help="The SecY, in YAML.")
@click.option("--running", metavar="NAME", help="A running macsec tap --mka, in place of FILE.")
@click.option("-o", "--output", metavar="OUT", type=options.FILE, help="Where to, else stdout.")
@_force
@_quiet
def export(
    name: str, config: str | None, running: str | None, output: str | None, force: bool, quiet: bool
) -> None:
    """Write what FILE says as another program reads it. What the format lacks is said on stderr.

    With --running, the SAKs that a tap uses now, if its configuration has mka: {allow_export: on}.
    Only the user who runs it is given them, and it tells that they were.

    OUT is a file that only its owner can read; for wireshark and systemd it is a folder of such
    files, made if need be: a Wireshark profile, or what goes to /etc/systemd/network. An export is
    written whole or not at all, and never over a file that is there.
    """
    from macsec.config import KeyRing, load
    from macsec.config.exchange import FORMATS

    form = FORMATS[name]
    if form.folder and output in (None, "-"):
        raise click.UsageError(f"an export to {name} has several files: -o FOLDER is wanted")
    if (config is None) == (running is None):
        raise click.UsageError("one of -c FILE and --running NAME is wanted")
    model = load(_of_running(running) if running is not None else config or "")
    if running is not None and name != "wireshark":
        say(f"warning: {running} uses these SAKs: whoever sends under them too breaks them")
    folder = Path(output or ".")
    with KeyRing(model.origin.folder) as ring:
        result = form.export(model, ring, folder if form.folder else folder.parent)
    model.wipe()
    for note in () if quiet else result.notes:
        say(note)
    if output in (None, "-"):
        _show("".join(file.text for file in result.files), force)
        return
    if form.folder:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write({(folder / file.name if form.folder else folder): file for file in result.files})


@command.command("import", short_help="Another program's format to a configuration.")
@click.option("--from", "name", required=True, type=click.Choice(NAMES), help="The format.")
@click.argument("source", metavar="IN", type=options.FILE)
@click.option("-o", "--output", metavar="OUT", type=options.FILE, help="Where to, else stdout.")
@_force
@_quiet
def import_(name: str, source: str, output: str | None, force: bool, quiet: bool) -> None:
    """Write what IN says as a configuration. What it says beside that is told on stderr."""
    from macsec.config import dump
    from macsec.config.exchange import FORMATS, File

    result = FORMATS[name].read(Path(source))
    text = dump(result.config, reveal_keys=True)
    result.config.wipe()
    for note in () if quiet else result.notes:
        say(note)
    if output in (None, "-"):
        _show(text, force)
    else:
        _write({Path(output): File(output, text)})


@command.command("generate", short_help="Make and rotate CAKs in a store.")
@click.option("--store", required=True, metavar="FILE", type=options.FILE, help="The CAKs.")
@click.option("--kek", required=True, metavar="REF", help="Their key: file:PATH, env:NAME, fd:N.")
@click.option("--lifetime", type=click.FloatRange(min=60), default=86400.0, show_default=True)
@click.option("--overlap", type=click.FloatRange(min=1), default=3600.0, show_default=True)
@click.option("--cak-length", type=click.Choice(["16", "32"]), default="32", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object in place of text.")
def generate(
    store: str, kek: str, lifetime: float, overlap: float, cak_length: str, as_json: bool
) -> None:
    """Make CAKs for `mka: {generated: ...}`, or rotate those in FILE: run it now and then.

    What has ended is taken out, and the chain reaches one lifetime ahead; times in seconds. In FILE
    each CAK is wrapped by the 32 octets at REF. Both ends of a link need FILE and REF.
    """
    from os.path import lexists
    from secrets import token_bytes
    from time import time_ns

    from macsec.config import KeyRing, KeySource
    from macsec.errors import ConfigError
    from macsec.kay.holders import CakStore, Rotation
    from macsec.report.mka.caks import caks_json, caks_lines

    try:
        source = KeySource.reference_of(kek)
    except ValueError as error:
        raise click.UsageError(f"--kek: {error}") from None
    rotation = Rotation(
        lifetime_ns=round(lifetime * 10**9),
        overlap_ns=round(overlap * 10**9),
        cak_length=int(cak_length),
    )
    now_ns, new = time_ns(), not lexists(store)
    with KeyRing(Path()) as ring:
        key = ring.key(source)
        if len(set(key.expose())) < 8:
            raise ConfigError("--kek: that is no key: take 32 random octets")
        file = CakStore(store, key)
        chain = rotation.extend([] if new else file.read(), now_ns, token_bytes)
        file.write(chain, token_bytes, new=new)
    click.echo(caks_json(chain, now_ns) if as_json else caks_lines(chain, now_ns))


@command.command("check", short_help="Open every CAK of a configuration.")
@options.config
@click.option("--json", "as_json", is_flag=True, help="One JSON object in place of text.")
def check(config: str, as_json: bool) -> None:
    """Go to each CAK of the mka section of FILE, on its token, in its vault or store, and tell it.

    Exit 0 if all are there and can be used: each makes one ICV, which an audit log shows.
    """
    from macsec.cli.shared.vault import edge
    from macsec.config import load
    from macsec.kay.holders import chain_of
    from macsec.report.mka.caks import chain_json, chain_lines

    model = load(config)
    own = edge("macsec keys check")
    chain = chain_of(model, own)
    for key in chain:
        key.holder.icv(b"macsec keys check")
    show = chain_json if as_json else chain_lines
    click.echo(show([(key, key.active(0)) for key in chain], own.wall_ns))


def _of_running(name: str) -> dict[str, Any]:
    """The configuration that the SAKs of a running tap would have. Raises MACsecError."""
    import json

    from macsec.cli.tap.status_socket import KEYS, STATUS, ask
    from macsec.errors import MACsecError

    answer = ask(name, KEYS)
    if answer is None:
        runs = ask(name, STATUS) is not None
        why = "its configuration has no mka: {allow_export: on}" if runs else "no tap --mka runs"
        raise MACsecError(f"{name}: its keys are not to be had: {why}")
    return dict(json.loads(answer))


def _show(text: str, force: bool) -> None:
    out = stdout()
    if out.isatty() and not force:
        raise click.UsageError("keys are not written to a terminal: -o FILE, or --force")
    out.write(text)


def _write(files: dict[Path, File]) -> None:
    """All files or none."""
    from macsec.config.private import write_private

    done: list[Path] = []
    try:
        for path, file in files.items():
            write_private(path, file.text.encode(), 0o600 if file.secret else 0o644)
            done.append(path)
    except BaseException:
        for path in done:
            path.unlink(missing_ok=True)
        raise
