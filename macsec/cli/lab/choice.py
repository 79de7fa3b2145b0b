"""The lab that a command acts on: one that is named, or the only one of this user and folder."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import cleandoc
from typing import Any

import click

from macsec.cli.shared import completing, options
from macsec.errors import ConfigError, MACsecError
from macsec.live.local.lab_state import (
    DEFAULT,
    NAMES,
    NoLab,
    RunningLab,
    found,
    require_root,
)

RULE = """
Without --name or --state it acts only on a lab that the same user (under sudo the one that called
it) started from the same working folder. Unless that is exactly one lab it does nothing, prints the
names to choose from, and ends with exit code 2.
"""

_NAME = re.compile("[A-Za-z0-9_-]{1,32}")
_FILE = re.compile(r"\.ya?ml$")
_OTHERS = re.compile("[^A-Za-z0-9_-]")


Command = Callable[..., Any]


def named(text: str) -> Callable[[Command], Command]:
    """Add the options `--name NAME`, with a text of help, and `--state DIR`; None by default."""

    def add(command: Command) -> Command:
        name = click.option(
            "--name",
            metavar="NAME",
            shell_complete=completing.names(completing.labs),
            help=text,
        )
        state = click.option(
            "--state",
            "folder",
            type=options.FILE,
            metavar="DIR",
            help="The lab with its state in this folder, in place of a name.",
        )
        made: Command = name(state(command))
        return made

    return add


def one_lab(command: Command) -> Command:
    """Add `--name` and `--state`; call with the `folder` of the lab that they mean, as root."""

    @wraps(command)
    def resolved(*args: Any, folder: str | None, name: str | None, **more: Any) -> Any:
        require_root()
        return command(*args, folder=folder_of(folder, name, lambda: own(labs_up())), **more)

    resolved.__doc__ = cleandoc(command.__doc__ or "") + "\n" + RULE
    return named("The lab of this name, of any user and folder: see macsec lab list.")(resolved)


def folder_of(folder: str | None, name: str | None, default: Callable[[], str]) -> str:
    """Return the folder that was given, or that of the name, or of the default name."""
    if folder is not None:
        if name is not None:
            raise click.UsageError("give either --name or --state")
        return folder
    if name is not None and not _NAME.fullmatch(name):
        raise click.UsageError(f"--name {name}: letters, digits, - and _, at most 32")
    return os.path.join(DEFAULT, NAMES, default() if name is None else name)


def name_for(topology: str) -> str:
    """Return the name of a lab that was given none: that of its topology, or of the file."""
    return _OTHERS.sub("-", _FILE.sub("", os.path.basename(topology)))[:32] or "lab"


def labs_up(report: Callable[[str], object] = lambda _: None) -> dict[str, RunningLab]:
    """Return the labs that are up by their names; `report` takes a line for any other state."""
    names = os.path.join(DEFAULT, NAMES)
    labs = {}
    for name in sorted(os.listdir(names)) if os.path.isdir(names) else []:
        try:
            labs[name] = found(os.path.join(names, name))
        except NoLab:
            continue
        except MACsecError as error:
            report(str(error))
    return labs


def own(labs: Mapping[str, RunningLab]) -> str:
    """Return the name of the only lab that this user has started from the working folder.

    Raises ConfigError if there is none or several, MACsecError if no lab is up.
    """
    here = (user(), working_folder())
    ours = [name for name, lab in labs.items() if lab.cwd and (lab.user, lab.cwd) == here]
    if len(ours) == 1:
        return ours[0]
    if not labs:
        raise MACsecError("no lab is up; macsec lab up TOPOLOGY starts one")
    many = f"{len(ours)} labs are up" if ours else "no lab is up"
    listed = ", ".join(f"{name} ({account(lab.user)}, {lab.cwd})" for name, lab in labs.items())
    raise ConfigError(
        f"{many} that {account(here[0])} started from {here[1]}; take one by --name: {listed}"
    )


def user() -> int:
    """Return the real user: for root under sudo the one that called it."""
    caller = os.environ.get("SUDO_UID", "")
    return int(caller) if os.getuid() == 0 and caller.isdecimal() else os.getuid()


def working_folder() -> str:
    """Return the working folder; empty if it is gone."""
    try:
        return os.path.realpath(os.getcwd())
    except FileNotFoundError:
        return ""


def account(uid: int | None) -> str:
    """Return the name of a user, or the number of one that has none."""
    if uid is None:
        return "user unknown"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
