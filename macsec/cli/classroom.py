"""`macsec classroom`: the page for a class, as a folder of static files."""

from __future__ import annotations

from pathlib import Path

import click

from macsec.classroom.site import write_site
from macsec.cli.shared.edge import say


@click.command("classroom", short_help="Make a page for a class: the SecY in a browser.")
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--pyodide",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of Pyodide 0.28.3, as npm install pyodide@0.28.3 makes it.",
)
def command(out: Path, pyodide: Path) -> None:
    """Write a static page into the folder OUT: the reference SecY in a browser, for a class.

    Four stations: a frame octet by octet, bits to flip, a replay window, a nonce used twice. Serve
    the folder with any server of static files; it loads nothing from elsewhere.
    """
    written = write_site(out, pyodide)
    say(f"{len(written)} files in {out}; python -m http.server --bind 127.0.0.1 -d {out}")
