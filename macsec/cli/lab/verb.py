"""`macsec lab`: emulated datacenters, in virtual time and in real time."""

from __future__ import annotations

import click

from macsec.cli.lab.run import command as run_virtual
from macsec.cli.lab.up import down, execute, status, up
from macsec.cli.shared.edge import GOOD


@click.group("lab", short_help="Datacenters, the links between them, and traffic.")
def command() -> None:
    """Emulate sites with hosts, and links between them that are protected by default."""


for each in (run_virtual, up, execute, status, down):
    command.add_command(each)


@command.command("schema", short_help="The JSON Schema of a topology.")
def schema() -> int:
    """Print the JSON Schema of a topology file, for editors."""
    from macsec.config import published_schema

    click.echo(published_schema(), nl=False)
    return GOOD
