"""`macsec lab new` and `macsec lab check`: the files of topologies."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import click

from macsec.cli.shared import options
from macsec.cli.shared.edge import say
from macsec.cli.shared.files.checking import checked, ended, write_new
from macsec.config import load_topology, templates
from macsec.config.static_keys import seeded
from macsec.errors import ConfigError
from macsec.lab import Blueprint

from .choice import name_for

SCHEMA = resources.files("macsec.config.topology") / "schemas" / "topology.json"


@click.command("new", short_help="Write a new topology with comments.")
@click.argument("target", metavar="FILE", type=options.FILE)
def new(target: str) -> None:
    """Write FILE, a topology of two sites, a link and traffic, to change. Nothing is overwritten.

    The first line names the JSON Schema, by which editors complete and check what is below it.
    """
    text = templates.TOPOLOGY.format(name=name_for(os.path.basename(target)))
    write_new(target, templates.head(Path(str(SCHEMA)).as_uri()) + text, secret=False)
    say(f"run it: macsec lab run {target}")


@click.command("check", short_help="Check topologies without running them.")
@click.argument("files", metavar="TOPOLOGY...", nargs=-1, required=True, type=options.FILE)
@options.json_data
def check(files: tuple[str, ...], as_json: bool) -> int:
    """Check each TOPOLOGY: every entry, units, addresses, and the rules between them.

    Captures that traffic names have to exist. Exit 2 if there is a fault.
    """
    return ended(checked(files, _look), (), as_json)


def _look(file: str) -> str:
    """Return one line about a topology. Raises ConfigError."""
    plan = Blueprint.of(load_topology(file), seeded(0, "macsec lab check"))
    for flow in plan.flows:
        if flow.pcap not in (None, "-") and not os.path.exists(flow.pcap):
            raise ConfigError(f"{file}: {flow.pcap}: no such capture")
    counts = {"site": plan.sites, "host": plan.hosts, "link": plan.links, "flow": plan.flows}
    parts = [f"{len(each)} {name}{'s' * (len(each) != 1)}" for name, each in counts.items()]
    return f"good: {', '.join(parts)}; unprotected: {', '.join(plan.unprotected) or 'none'}"
