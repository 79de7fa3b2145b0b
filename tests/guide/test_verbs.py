"""Every verb of the command line is shown by a page of the guide, in a block that runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import click
import pytest
from support.outputs.pages import all_blocks, command_lines

from macsec.cli import cli

ELSEWHERE = {
    "corpus conformance": "as `corpus validate`, without captures that come with macsec",
    "corpus decrypt": "as `corpus validate`, with --cak",
    "corpus inspect": "as `corpus validate`, without keys",
    "corpus replay": "as `corpus validate`, with a topology",
}
"""Verbs that no block has, and why."""


def _leaves(ctx: click.Context) -> Iterator[tuple[str, ...]]:
    """Yield the words of each verb below a group, and of a group that is a verb itself."""
    group = ctx.command
    words = tuple(ctx.command_path.split()[1:])
    if not isinstance(group, click.Group):
        yield words
        return
    if group.invoke_without_command and words:
        yield words
    for name in group.list_commands(ctx):
        below = group.get_command(ctx, name)
        if below is not None and not below.hidden:
            yield from _leaves(click.Context(below, info_name=name, parent=ctx))


VERBS = sorted(_leaves(click.Context(cli, info_name="macsec")))


@cache
def _shown() -> list[tuple[str, ...]]:
    """Return the words, without options, of each command in a complete block."""
    return [
        tuple(word for word in line if not word.startswith("-"))
        for block in all_blocks("sh")
        if "part" not in block.words
        for line in command_lines(block)
    ]


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if " ".join(verb) not in ELSEWHERE], ids=" ".join
)
def test_verb_is_shown_by_a_block_of_the_guide(verb: tuple[str, ...]) -> None:
    """Blocks marked `root` or `network` run too: test_scenes.py."""
    assert any(words[: len(verb)] == verb for words in _shown())


def test_verbs_that_no_block_has_exist_and_are_shown_nowhere() -> None:
    """A verb that gets a block leaves the table."""
    for name in ELSEWHERE:
        verb = tuple(name.split())
        assert verb in VERBS
        assert not any(words[: len(verb)] == verb for words in _shown()), name
