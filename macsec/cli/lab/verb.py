"""`macsec lab`: emulated datacenters, in virtual time and in real time."""

from __future__ import annotations

from importlib import import_module

import click

from macsec.cli.shared.edge import GOOD

VERBS = {
    "run": ("Run a topology in virtual time.", "run", "command"),
    "up": ("Run a topology in real time, with real programs (root).", "up", "command"),
    "exec": ("Run a program on a host of the lab that is up.", "reach", "execute"),
    "status": ("Show the links and hosts of the lab that is up.", "reach", "status"),
    "down": ("End the lab that is up.", "reach", "down"),
    "list": ("List the labs that are up and the shipped topologies.", "reach", "listing"),
    "new": ("Write a new topology with comments.", "files", "new"),
    "check": ("Check topologies without running them.", "files", "check"),
    "schema": ("Print the JSON Schema of a topology.", "verb", "schema"),
}
"""Verb to its one line of help, and the module and name of its click command."""


class LabVerbs(click.Group):
    """A click group that imports the module of a verb when that verb runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all verbs, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the click command of a verb, or None for an unknown one."""
        if cmd_name not in VERBS:
            return None
        _, module, name = VERBS[cmd_name]
        found: click.Command = getattr(import_module(f"macsec.cli.lab.{module}"), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (text, _, _) in VERBS.items()])


@click.command(
    "lab", cls=LabVerbs, short_help="Run datacenters, the links between them, and traffic."
)
def command() -> None:
    """Emulate sites with hosts, and links between them that are protected by default."""


@click.command("schema", short_help="Print the JSON Schema of a topology.")
def schema() -> int:
    """Print the JSON Schema of a topology file, for editors."""
    from macsec.config import published_schema  # late: it loads all models

    click.echo(published_schema(), nl=False)
    return GOOD
