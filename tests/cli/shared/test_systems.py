"""Verbs that need Linux say so elsewhere, in one line, and their help works."""

from __future__ import annotations

import sys

import click
import pytest

from macsec.cli import cli
from macsec.cli.shared.systems import LINUX_ONLY, elsewhere
from macsec.errors import EnvironmentLacks


def _failing() -> click.Command:
    raise AttributeError("AF_PACKET")


@pytest.fixture
def on_darwin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another system, as far as the program can see."""
    monkeypatch.setattr(sys, "platform", "darwin")


def test_every_verb_of_the_table_exists() -> None:
    """A verb that was renamed would lose its guard."""
    for words in LINUX_ONLY:
        command: click.Command | None = cli
        for word in words.split():
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(command, obj=None), word)
        assert command is not None


@pytest.mark.usefixtures("on_darwin")
def test_a_guarded_verb_ends_with_the_reason() -> None:
    """Before anything of it runs; its neighbour runs."""

    @click.group("lab")
    def lab() -> None:
        pass

    for name in ("up", "run"):
        lab.add_command(click.Command(name, callback=lambda: 7))
    guarded = elsewhere("lab", lambda: lab)
    assert isinstance(guarded, click.Group)
    assert guarded.commands["run"].callback() == 7
    with pytest.raises(EnvironmentLacks, match="macsec lab up needs Linux: network namespaces"):
        guarded.commands["up"].callback()


@pytest.mark.usefixtures("on_darwin")
def test_a_module_that_needs_linux_to_load_ends_so_too() -> None:
    """Constants of sockets are missing elsewhere; other errors stay."""
    with pytest.raises(EnvironmentLacks, match="macsec tap needs Linux"):
        elsewhere("tap", _failing)
    with pytest.raises(AttributeError):
        elsewhere("replay", _failing)


def test_on_linux_nothing_is_replaced() -> None:
    """The command itself comes back."""
    command = click.Command("tap")
    assert elsewhere("tap", lambda: command) is command
