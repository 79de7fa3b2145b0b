"""The page of `--json` outputs: each has a verb, all members, and an example that is valid."""

from __future__ import annotations

import json
from typing import cast

import click
import pytest
from support.outputs.schemas import validator

from macsec.cli import cli
from macsec.cli.help.outputs import VERBS, examples, outputs
from macsec.report.schemas import OUTPUTS


def test_every_output_has_a_verb_that_prints_it() -> None:
    """The verb exists, and takes the options that are shown with it."""
    assert set(VERBS) == set(OUTPUTS)
    for line in filter(None, VERBS.values()):
        words, command = line.split(), cast("click.Command", cli)
        context = click.Context(cli, info_name="macsec")
        while words and isinstance(command, click.Group) and not words[0].startswith("-"):
            found = command.get_command(context, words.pop(0))
            assert found is not None, line
            command = found
            context = click.Context(found, parent=context)
        known = {name for each in command.params for name in each.opts}
        assert {word for word in words if word.startswith("--")} <= known, line
        assert isinstance(command, click.Group) or "--json" in known, line


@pytest.mark.parametrize("name", OUTPUTS)
def test_example_of_an_output_keeps_its_schema_and_is_short(name: str) -> None:
    """As printed, but for lists and mappings that are shortened."""
    example = examples()[name]
    validator(name).validate(example)
    assert len(json.dumps(example, indent=2).splitlines()) <= 170


def test_no_example_is_left_over() -> None:
    """Each is of an output."""
    assert set(examples()) == set(OUTPUTS)


def test_page_has_types_and_units_of_members() -> None:
    """Also of members in lists and mappings."""
    page = outputs()
    rows = {line.split("|")[1].strip(): line for line in page.splitlines() if "|" in line}
    assert "| an integer, as text |" in rows["`rx_sc.NAME.sa.NAME.next_pn`"]
    assert rows["`links[].mka.secured_ns`"].endswith("| integer or null | ns |")
    assert rows["`seconds`"].endswith("| number | s |")
    assert rows["`links[].ede`"].startswith("| `links[].ede` | object, optional | The service")
    assert all(f"\n## {name}\n" in page for name in OUTPUTS)


def test_every_output_and_every_object_has_a_sentence() -> None:
    """The docstrings of the reports are what the page prints."""
    for line in outputs().splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("| `macsec/"):
            assert len(cells[2]) > 10, line
        if len(cells) > 1 and cells[1].startswith(("object", "list of object")):
            assert len(cells) == 3, line
