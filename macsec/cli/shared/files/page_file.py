"""`--report`: a page of HTML, and the run that made it."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from macsec import __version__
from macsec.cli.shared.edge import ARGUMENTS, say
from macsec.cli.shared.files.capture_io import refuse_same
from macsec.whole_file import refuse_unwritable, write_whole

ENDINGS = (".html", ".htm")
EPOCH = "SOURCE_DATE_EPOCH"
"""The variable of reproducible builds: a page has this time in place of the present one."""


def _checked(_: click.Context, __: click.Parameter, path: str | None) -> str | None:
    if path is not None:
        if not path.endswith(ENDINGS):
            raise click.BadParameter(f"{path}: the name must end in .html")
        refuse_unwritable(path)
    return path


def option(text: str = "Write a page of HTML.", name: str = "report") -> Callable[[Any], Any]:
    """Return the option `--report` of a verb; its file is checked before anything runs."""
    return click.option(
        "--report",
        name,
        metavar="OUT.html",
        type=click.Path(path_type=str),
        callback=_checked,
        help=text,
    )


def refuse_double(path: str | None, *others: str | None) -> None:
    """Refuse one file for the page and for other output or input."""
    if path is not None:
        for other in others:
            refuse_same(path, other)


def origin(seed: int | None = None) -> dict[str, str]:
    """Return version, command, seed, date and machine of this run, for the head of a page."""
    arguments = click.get_current_context().meta.get(ARGUMENTS, [])
    facts = {
        "version": f"macsec {__version__}",
        "command": shlex.join(["macsec", *arguments]),
        "seed": "" if seed is None else str(seed),
        "date": _date(),
        "machine": ", ".join(filter(None, (platform.node(), _system()))),
    }
    return {name: text for name, text in facts.items() if text}


def _date() -> str:
    fixed = os.environ.get(EPOCH, "")
    made = datetime.fromtimestamp(int(fixed), UTC) if fixed.isdecimal() else datetime.now(UTC)
    return f"{made:%Y-%m-%d %H:%M:%S} UTC"


def _system() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.system()} {platform.release()} {platform.machine()}, {python}"


def save(path: str, text: str) -> None:
    """Write the page, and print its name."""
    write_whole(path, text)
    say(f"report: {path}")
