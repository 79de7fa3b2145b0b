"""The command line: one module a verb, loaded when the verb runs.

`macsec.__main__` is the console script `macsec`; it calls `main`. Adding a verb is one row of VERBS
and one module that has a click command named `command`.

protect.py validate.py inspect.py explain.py    captures in, captures or text out
mka.py keys.py                                  key agreement, keys and CAKs
replay/ tap/ lab/                               verbs with a folder each
attack.py conformance.py bench/                 attacks, vectors, measurements
doctor.py help.py                               this machine, and the topics of help
shared/                                         parts that verbs share
"""

from __future__ import annotations

import contextlib
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from macsec.cli.shared import dumps, edge, options
from macsec.cli.shared.data_plane import version_line

VERBS = {
    "protect": "Turn a clear capture into a MACsec capture.",
    "validate": "Turn a MACsec capture into a clear one, with a verdict for every frame.",
    "inspect": "Show the SecTAG of every frame; no key needed.",
    "explain": "Explain why a frame has its verdict.",
    "mka": "Show key agreement in captures and on interfaces: members, SAKs, rekeys.",
    "replay": "Send a capture across an emulated link: protect, wire, validate, compare.",
    "tap": "Run a MACsec interface in user space, above an existing one.",
    "keys": "Convert keys from and to the formats of other programs; make CAKs.",
    "lab": "Run datacenters, the links between them, and traffic.",
    "conformance": "Run the built-in test vectors on every backend and kernel.",
    "attack": "Attack a link; every counter is checked.",
    "bench": "Measure this machine, beside other implementations.",
    "doctor": "Show what this machine can do.",
    "help": "Show a topic, or the help of a verb.",
}
"""Each verb and its line of help; its module is `macsec.cli.VERB`."""


class Verbs(click.Group):
    """A click group that imports the module of a verb only to run that verb or show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all verbs, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the click command of a verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"macsec.cli.{cmd_name}").command
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


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    click.echo(version_line())
    ctx.exit()


@click.group(
    "macsec",
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="More: macsec help exit-codes, macsec help environment, macsec help json",
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
            import_module(f"macsec.cli.{sys.argv[1]}")
        dumps.forbid(sys.argv[1])
    edge.catch_signals()
    cli.main()
