"""`macsec config`: make and check configurations of a SecY."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from secrets import token_bytes

import click

from macsec.cli.shared import defaults, options
from macsec.cli.shared.edge import GOOD, say, stdout
from macsec.cli.shared.files.checking import checked, ended, write_new
from macsec.config import Configuration, load, templates
from macsec.config.fitting import misfits
from macsec.errors import ConfigError
from macsec.kay.holders import policy_of
from macsec.report import settings as settings_report
from macsec.report.check import Checked
from macsec.report.page import Page
from macsec.secy import SecY
from macsec.secy.from_config import located_controls
from macsec.terms import sci_text

SCHEMA = resources.files("macsec.config.schemas") / "configuration.json"


@click.group("config", short_help="Make and check configurations.")
def command() -> None:
    """Make and check the YAML configuration of a SecY, the file of -c."""


@command.command("new", short_help="Write a new configuration with keys and comments.")
@click.argument("target", metavar="FILE", type=options.FILE)
@click.option(
    "--pair", metavar="OTHER", type=options.FILE, help="Write the other end of the link too."
)
@click.option("--mka", is_flag=True, help="With key agreement, in place of SAKs.")
@options.cipher
def new(target: str, pair: str | None, mka: bool, cipher: str) -> None:
    """Write FILE, a configuration with new random keys and a comment for each usual entry.

    With --pair the two files fit each other: what one protects, the other validates. Files are
    readable by their owner only, and nothing is overwritten. The first line names the JSON Schema,
    by which editors complete and check what is written below.
    """
    files = [target] if pair is None else [target, pair]
    if pair is not None and Path(target).absolute() == Path(pair).absolute():
        raise click.UsageError("--pair: the two ends are two files")
    for file in files:
        if os.path.exists(file):
            raise ConfigError(f"{file}: exists already")
    head = templates.head(Path(str(SCHEMA)).as_uri())
    if mka:
        texts = [templates.agreement(cipher, token_bytes)] * len(files)
    else:
        ends = [templates.channel(cipher, end, token_bytes) for end in range(len(files))]
        texts = [
            templates.static(cipher, ends[at], ends[1 - at] if pair else None)
            for at in range(len(files))
        ]
    for file, text in zip(files, texts, strict=True):
        write_new(file, head + text, secret=True)
    _say_next(target, pair, mka)


def _say_next(target: str, pair: str | None, mka: bool) -> None:
    """Print the command that uses the files."""
    if mka:
        say(f"use it: macsec tap --mka -c {target} --lower IFACE --upper ms0")
    elif pair is None:
        say(f"use it: macsec protect -c {target} IN OUT; to validate, add rx")
    else:
        say(f"use them: macsec protect -c {target} IN OUT; macsec validate -c {pair} OUT BACK")


@command.command("check", short_help="Check configurations without using them.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=options.FILE)
@click.option("--pair", is_flag=True, help="Check too that two FILEs are the ends of one link.")
@options.json_data
def check(files: tuple[str, ...], pair: bool, as_json: bool) -> int:
    """Check each FILE: every entry, the rules between them, and that its keys can be read.

    CAKs on a token, in a vault or a store are not opened: macsec keys check does that. Exit 2 if
    there is a fault.
    """
    if pair and len(files) != 2:
        raise click.UsageError("--pair takes two FILEs")
    found = checked(files, _look)
    differing: list[str] = []
    if pair and not any(each.faults for each in found):
        differing = [*misfits(load(files[0]), load(files[1]))]
    return ended(_named(found, pair, differing), differing, as_json)


def _named(found: list[Checked], pair: bool, differing: list[str]) -> list[Checked]:
    """Add to the last summary that the two files fit."""
    if not pair or differing or any(each.faults for each in found):
        return found
    last = found[-1]
    return [*found[:-1], Checked(last.file, summary=f"{last.summary}; fits {found[0].file}")]


def _look(file: str) -> str:
    """Return one line about a configuration. Raises ConfigError."""
    model = load(file)
    controls = located_controls(model)
    if model.mka is not None:
        policy_of(model)
        named = [key.ckn.hex() for key in model.mka.caks if key.ckn is not None]
        model.wipe()
        return f"good: {controls.cipher.name}, key agreement, CKN {', '.join(named) or 'elsewhere'}"
    text = _channels(model)
    SecY.from_config(model).close()
    return f"good: {controls.cipher.name}, {text}"


def _channels(model: Configuration) -> str:
    parts = [
        f"{kind} {sci_text(sci)} (SA {', '.join(map(str, sas)) or 'none'})"
        for kind, sci, sas in model.channels()
    ]
    return ", ".join(parts) or "no SC"


@command.command("schema", short_help="Print the JSON Schema of a configuration.")
def schema() -> int:
    """Print the JSON Schema of a configuration, for editors."""
    click.echo(SCHEMA.read_text("utf-8"), nl=False)
    return GOOD


@command.command("show", short_help="Print the defaults of this user for all options.")
@click.option("--all", "everything", is_flag=True, help="Print options with our default too.")
@options.json_data
def show(everything: bool, as_json: bool) -> int:
    """Print the options that a variable or the file of this user sets, and where from.

    The file is $MACSEC_CONFIG, or macsec/config.yaml in $XDG_CONFIG_HOME (~/.config): an entry for
    each verb, with its options, and `all` for every verb. A variable is MACSEC_VERB_OPTION.
    """
    found = [each for each in _settings() if everything or each.origin != "default"]
    if as_json:
        click.echo(json.dumps(settings_report.as_json(str(defaults.path()), found)))
    else:
        settings_report.to_page(Page(stdout()), str(defaults.path()), found)
    return GOOD


def _settings() -> Iterator[defaults.OptionSetting]:
    """Yield the settings of every verb. Raises ConfigError for an entry that fits none."""
    group = click.get_current_context().find_root().command
    assert isinstance(group, click.Group)  # noqa: S101 the verbs
    entries = defaults.read()
    file = defaults.Defaults(entries)
    verbs = group.list_commands(click.get_current_context())
    for name in file.unknown(verbs):
        raise ConfigError(f"{defaults.path()}: no verb '{name}'")
    for verb in verbs:
        each = group.get_command(click.Context(group, resilient_parsing=True), verb)
        if each is not None:
            yield from defaults.settings(verb, each, file.of(verb, each))
