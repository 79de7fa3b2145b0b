"""Defaults of a user for options: variables `MACSEC_VERB_OPTION`, and a file.

The file is `$MACSEC_CONFIG`, or `macsec/config.yaml` in `$XDG_CONFIG_HOME` (`~/.config`). It has an
entry for each verb, with the values of its options; `all` is for every verb that has the option.
What the command line gives comes first, then the variable, then the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from macsec.errors import ConfigError

PREFIX = "MACSEC"
FILE_VARIABLE = "MACSEC_CONFIG"
ALL = "all"
"""The entry for every verb."""


def path() -> Path:
    """Return the path of the file, which need not exist."""
    named = os.environ.get(FILE_VARIABLE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home, "macsec", "config.yaml")


def read() -> dict[str, Any]:
    """Return the entries of the file, none if there is no file. Raises ConfigError."""
    where = path()
    try:
        exists = where.is_file()
    except OSError:
        exists = False
    if not exists:
        if os.environ.get(FILE_VARIABLE):
            raise ConfigError(f"{FILE_VARIABLE}: there is no file {where}")
        return {}
    from macsec.config.reading import read_file  # late: few users have the file

    tree, _ = read_file(where, "options of verbs")
    if not all(isinstance(entry, dict) for entry in tree.values()):
        raise ConfigError(
            f"{where}: each entry is a verb with its options, as protect: {{jobs: 1}}"
        )
    return dict(tree)


class OptionSetting(NamedTuple):
    """An option of a verb: its value, where that comes from, and the variable that would set it."""

    verb: str
    option: str
    value: str
    origin: str
    variable: str


class Defaults:
    """The file of a user, applied to the verbs of a group."""

    def __init__(self, entries: dict[str, Any]) -> None:
        self._entries = entries
        self._used = path()

    def of(self, verb: str, command: click.Command) -> dict[str, Any]:
        """Return the defaults of a verb as click takes them. Raises ConfigError."""
        given = self._entries.get(verb, {})
        everywhere = self._entries.get(ALL, {})
        return self._of(verb, command, given, everywhere)

    def _of(
        self, verb: str, command: click.Command, given: dict[str, Any], everywhere: dict[str, Any]
    ) -> dict[str, Any]:
        options = {_word(option): option for option in _options(command)}
        inner = _commands(command)
        found: dict[str, Any] = {
            str(options[word].name): value for word, value in everywhere.items() if word in options
        }
        for word, value in given.items():
            if word in inner and isinstance(value, dict):
                continue
            if word not in options:
                raise ConfigError(f"{self._used}: {verb} has no option --{word}")
            found[str(options[word].name)] = value
        for name, each in inner.items():
            below = given.get(name, {})
            found[name] = self._of(f"{verb} {name}", each, below, everywhere)
        return found

    def unknown(self, verbs: object) -> list[str]:
        """Return entries of the file that are no verb."""
        return [name for name in self._entries if name != ALL and name not in verbs]  # type: ignore[operator]


def _commands(command: click.Command) -> dict[str, click.Command]:
    if not isinstance(command, click.Group):
        return {}
    ctx = click.Context(command, resilient_parsing=True)
    found = {name: command.get_command(ctx, name) for name in command.list_commands(ctx)}
    return {name: each for name, each in found.items() if each is not None}


def _options(command: click.Command) -> Iterator[click.Option]:
    for each in command.params:
        if isinstance(each, click.Option) and not each.hidden and each.expose_value:
            yield each


def _word(option: click.Option) -> str:
    """Return the longest spelling of an option without its dashes."""
    return max(option.opts, key=len).lstrip("-")


def settings(
    verb: str, command: click.Command, defaults: dict[str, Any]
) -> Iterator[OptionSetting]:
    """Yield the options of a verb that a variable or the file sets, and then those of its verbs."""
    for option in _options(command):
        variable = "_".join((PREFIX, *verb.split(), str(option.name))).upper().replace("-", "_")
        word = f"--{_word(option)}"
        if variable in os.environ:
            yield OptionSetting(verb, word, os.environ[variable], "variable", variable)
        elif option.name in defaults:
            yield OptionSetting(verb, word, str(defaults[option.name]), "file", variable)
        else:
            yield OptionSetting(verb, word, _plain(option.default), "default", variable)
    for name, each in _commands(command).items():
        yield from settings(f"{verb} {name}", each, defaults.get(name, {}))


def _plain(value: Any) -> str:
    """Return a default of click as text, empty for none."""
    return (
        "" if value is None or callable(value) or "Sentinel" in type(value).__name__ else str(value)
    )
