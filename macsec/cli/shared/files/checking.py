"""Files that are checked and not used: their faults, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from macsec.cli.shared.edge import GOOD, USAGE, say
from macsec.config.private import write_private
from macsec.errors import ConfigError
from macsec.report.check import Checked, to_json
from macsec.whole_file import write_whole


def checked(files: Iterable[str], look: Callable[[str], str]) -> list[Checked]:
    """Return each file with its faults; `look` returns a summary or raises ConfigError."""
    return [_checked(file, look) for file in files]


def _checked(file: str, look: Callable[[str], str]) -> Checked:
    try:
        return Checked(file, summary=look(file))
    except ConfigError as error:
        return Checked(file, (error.first, *error.others))


def ended(files: Sequence[Checked], misfits: Sequence[str], as_json: bool) -> int:
    """Print the result of a check, and return its exit code."""
    if as_json:
        click.echo(to_json(files, misfits))
    else:
        for each in files:
            for fault in each.faults:
                say(fault)
            if not each.faults:
                click.echo(f"{each.file}: {each.summary}")
        for misfit in misfits:
            say(misfit)
    return USAGE if misfits or any(each.faults for each in files) else GOOD


def write_new(path: str, text: str, secret: bool) -> None:
    """Write a new file, never over another; one with keys for its owner alone."""
    if secret:
        write_private(Path(path), text.encode())
    else:
        write_whole(path, text.encode(), new=True)
    say(f"written: {path}")
