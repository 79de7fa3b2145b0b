"""The command line: one module a verb, loaded when the verb runs.

`macsec.__main__` is the console script `macsec`; it calls `main`. Adding a verb is one row of VERBS
and one module that has a click command named `command`.

captures/ replay/ corpus/           captures in, captures or text out
mka.py keys/ config.py export.py    key agreement, keys, configurations, data models
tap/ lab/ extcap/ top/              ports that run
servers/                            answers to other programs at an address
attack.py conformance/ bench/       attacks, vectors, measurements
doctor.py help/ completion.py       this machine, and the manual
advise.py                           advice on the settings of a link
classroom.py                        a page for a class
shared/                             parts that verbs share
"""

from __future__ import annotations

import contextlib
import logging
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from macsec.cli.shared import defaults, edge, options, systems
from macsec.cli.shared.data_plane import version_line
from macsec.cli.shared.keys import dumps

LOG = logging.getLogger("macsec")

VERBS = {
    "protect": "Turn a clear capture into a MACsec capture.",
    "validate": "Turn a MACsec capture into a clear one, with a verdict for every frame.",
    "inspect": "Show the SecTAG of every frame; no key needed.",
    "explain": "Explain why a frame has its verdict.",
    "profiles": "List the behaviour profiles; compare two over a capture.",
    "privacy": "Hide frames in MPPDUs of MAC Privacy protection, and back (experimental).",
    "mka": "Show key agreement in captures and on interfaces: members, SAKs, rekeys.",
    "replay": "Send a capture across an emulated link: protect, wire, validate, compare.",
    "corpus": "Run a verb over a store of captures, on many workers.",
    "tap": "Run a MACsec interface in user space, above an existing one.",
    "extcap": "Show decrypted frames live in Wireshark.",
    "config": "Make and check configurations.",
    "gnmi": "Serve taps and labs by gNMI: read and subscribe, set the MKA policy.",
    "exporter": "Serve metrics of taps, labs and kernel devices (Prometheus).",
    "top": "Show taps, labs and kernel devices live, on a terminal.",
    "export": "Print ports in the data models of other programs (YANG).",
    "keys": "Convert keys from and to the formats of other programs; make CAKs.",
    "lab": "Run datacenters, the links between them, and traffic.",
    "otg": "Answer the Open Traffic Generator API over virtual test ports.",
    "conformance": "Run test vectors, and other people's test plans.",
    "advise": "Advise on window, MTU, rekeying, and on the other end of a link.",
    "attack": "Attack a link; every counter is checked.",
    "classroom": "Make a page for a class: the SecY in a browser.",
    "bench": "Measure this machine, beside other implementations.",
    "doctor": "Show what this machine can do.",
    "completion": "Print the completion script of a shell.",
    "help": "Show a topic of the manual, or the help of a verb.",
}
"""Each verb and its line of help."""

FOLDERS = {
    "captures": ("protect", "validate", "inspect", "explain", "profiles", "privacy"),
    "servers": ("exporter", "gnmi", "otg"),
}
"""Folders of several verbs."""

MODULES = {verb: f"macsec.cli.{verb}" for verb in VERBS} | {
    verb: f"macsec.cli.{folder}.{verb}" for folder, verbs in FOLDERS.items() for verb in verbs
}
"""The module or package of each verb, which has its click command as `command`."""


class Verbs(click.Group):
    """A click group that imports the module of a verb only to run that verb or show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all verbs, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the click command of a verb."""
        if cmd_name not in VERBS:
            return None
        command = systems.elsewhere(cmd_name, lambda: import_module(MODULES[cmd_name]).command)
        if ctx.default_map is None and not ctx.resilient_parsing:
            ctx.default_map = {}
            entries = defaults.read()
            if entries:
                ctx.default_map[cmd_name] = _defaults(entries, cmd_name, command)
        return options.verbose(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the verb of a command line; the error for an unknown one names the nearest."""
        if args[0] in VERBS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        near = get_close_matches(args[0], VERBS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the verbs are {', '.join(VERBS)}"
        ctx.fail(f"no verb {args[0]!r}; {hint}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of verbs, without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def main(  # type: ignore[override]
        self, args: list[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> None:
        """Run a command line and exit with its code; every error is one line on stderr."""
        edge.run(self, args, prog_name or "macsec", **extra)


def _defaults(entries: dict[str, Any], verb: str, command: click.Command) -> dict[str, Any]:
    """Return the defaults of a verb, and warn of entries of the file that no verb reads."""
    found = defaults.Defaults(entries)
    if verb != "config":  # `config show` refuses them
        for name in found.unknown(VERBS):
            near = get_close_matches(name, VERBS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            LOG.warning("%s: no verb '%s': the entry has no effect%s", defaults.path(), name, hint)
    return found.of(verb, command)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    click.echo(version_line())
    ctx.exit()


@click.group(
    "macsec",
    cls=Verbs,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "auto_envvar_prefix": defaults.PREFIX,
    },
    epilog="Manual: `macsec help` lists its topics, `macsec help TOPIC` shows one.",
    subcommand_metavar="VERB [ARGS]...",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print version, data plane and AES-GCM kernel.",
)
def cli() -> None:
    """IEEE 802.1AE (MACsec) emulator: protect, validate, replay and check captures.

    Data goes to stdout, messages go to stderr. For a capture, "-" is stdin or stdout.
    """


def main() -> None:
    """Run the command line of this process; `macsec.__main__` is the program."""
    if sys.argv[1:2] and sys.argv[1] in VERBS:
        # Before the signals: one in the middle of an import has nothing to clean up.
        with contextlib.suppress(Exception):  # imported again, with its error reported
            import_module(MODULES[sys.argv[1]])
        dumps.forbid(sys.argv[1])
    edge.catch_signals()
    cli.main()
