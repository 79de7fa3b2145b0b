"""The command line: one file per verb, loaded when the verb runs.

`main` is the console script `macsec`. Adding a verb is one row of VERBS and one module that has a
click command named `command`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from macsec.cli.shared import edge

VERBS = {
    "protect": "Clear capture to MACsec capture.",
    "validate": "MACsec capture to clear capture, with a verdict for every frame.",
    "inspect": "The SecTAG of every frame, no key needed.",
    "explain": "Why one frame ended as it did.",
    "mka": "What the key agreement in a capture says: members, SAKs, rekeys.",
    "replay": "A capture across an emulated link: protect, wire, validate, compare.",
    "tap": "A MACsec interface in user space, above one that is there.",
    "keys": "Keys from and to the formats of other programs.",
    "lab": "Datacenters, the links between them, and traffic.",
    "conformance": "The built-in test vectors on every backend and kernel.",
    "attack": "An attacker on the wire, checked to the exact counter.",
    "bench": "Measured on this machine, with peers beside it.",
    "doctor": "What this machine can do.",
    "help": "More about a topic, or about a verb.",
}
"""Verb to its one line of help; the module is `macsec.cli.VERB`."""


class Verbs(click.Group):
    """A click group that imports a verb's module when the verb is asked for, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The click command of a verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"macsec.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb of a command line; an unknown one is told with the nearest known."""
        if args[0] in VERBS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(args[0], VERBS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the verbs are {', '.join(VERBS)}"
        ctx.fail(f"no verb {args[0]!r}; {hint}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of verbs, without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def main(  # type: ignore[override]
        self, args: list[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> None:
        """Run a command line and exit with its code; every error ends in one line."""
        edge.run(self, args, prog_name or "macsec", **extra)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from macsec.cli.shared.data_plane import version_line

    click.echo(version_line())
    ctx.exit()


@click.group(
    "macsec",
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: macsec help exit-codes",
    subcommand_metavar="VERB [ARGS]...",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Version, data plane and AES-GCM kernel.",
)
def cli() -> None:
    """IEEE 802.1AE (MACsec) emulator: protect, validate, replay and check captures.

    stdout is data, stderr is talk; "-" is stdin or stdout wherever a capture is taken.
    """


def main() -> None:
    """The console script."""
    edge.catch_signals()
    cli.main()
