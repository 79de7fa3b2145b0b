"""Verbs that need Linux say so on other systems, in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from macsec.errors import EnvironmentLacks

LINUX_ONLY = {
    "tap": "TAP devices and packet sockets",
    "extcap": "packet sockets and network namespaces",
    "lab up": "network namespaces",
    "lab exec": "network namespaces",
    "lab status": "network namespaces",
    "lab down": "network namespaces",
    "mka set": "a running macsec tap",
    "mka status": "a running macsec tap",
    "exporter": "taps, labs and MACsec devices of its kernel",
    "bench latency": "its clocks and pipes",
}
"""Each verb, alone or with the verb below it, that needs Linux, and the part of Linux it uses."""


def elsewhere(verb: str, load: Callable[[], click.Command]) -> click.Command:
    """Return a command, whose verbs end with EnvironmentLacks where the system lacks their parts.

    A module that cannot even be imported there ends so too.
    """
    if sys.platform == "linux":
        return load()
    try:
        command = load()
    except (ImportError, AttributeError, OSError):
        if verb not in LINUX_ONLY:
            raise
        raise _lacks(verb) from None
    _guard(verb, command)
    return command


def _guard(verb: str, command: click.Command) -> None:
    """Replace what a command does by the error, in it or in the commands below it."""
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            _guard(verb if verb in LINUX_ONLY else f"{verb} {name}", below)
    if verb in LINUX_ONLY and command.callback is not None:
        command.callback = _refusing(verb, command.callback)


def _refusing(verb: str, callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def refuse(*_: Any, **__: Any) -> Any:
        raise _lacks(verb)

    return refuse


def _lacks(verb: str) -> EnvironmentLacks:
    return EnvironmentLacks(f"macsec {verb} needs Linux: {LINUX_ONLY[verb]}")
