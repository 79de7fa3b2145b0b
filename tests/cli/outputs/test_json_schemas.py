"""`macsec help json`: a JSON Schema for each output, which the other tests validate against."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from jsonschema import ValidationError
from support.outputs.schemas import checked, validator

from macsec.report.schemas import OUTPUTS, json_schema

PACKAGE = Path(__file__).parents[3] / "macsec"
BETWEEN_PROCESSES = {"macsec/monitored/1", "macsec/lab-watch/1"}
"""Formats that programs of this package exchange, and no output of a verb."""
VECTORS = PACKAGE / "conformance" / "vectors"


def test_every_schema_name_in_the_code_has_a_json_schema():
    """A `schema` value that a report writes is one that `macsec help json` lists."""
    pattern = re.compile(r'"(macsec/[a-z-]+/\d+)"')
    sources = [path for path in PACKAGE.rglob("*.py") if path.name != "schemas.py"]
    written = {name for path in sources for name in pattern.findall(path.read_text())}
    assert written - BETWEEN_PROCESSES == OUTPUTS.keys()


def test_help_json_lists_every_output(desk):
    """The topic has a table with a row for each."""
    lines = desk.run("help", "json").stdout.splitlines()
    rows = [line.split("`")[1] for line in lines if line.startswith("| `macsec/")]
    assert rows == list(OUTPUTS)


@pytest.mark.parametrize("name", OUTPUTS)
def test_help_json_prints_the_schema_of_an_output(desk, name):
    """By its full name or by its short one; the schema names the draft and is valid."""
    printed = json.loads(desk.run("help", "json", name).stdout)
    assert printed == json_schema(name)
    assert printed == json.loads(desk.run("help", "json", name.split("/")[1]).stdout)
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    validator(name)


def test_help_json_refuses_an_unknown_output(desk):
    """Exit 2, and the line names the topic that lists the outputs."""
    assert "macsec help json" in desk.run("help", "json", "bogus", code=2).stderr
    assert "takes no NAME" in desk.run("help", "environment", "replay", code=2).stderr


def test_a_schema_refuses_other_members_and_other_types(desk):
    """A member more, a member less and a member of another type all break the schema."""
    found = desk.json("doctor")
    assert checked(json.dumps(found)) == found
    for spoil in (
        lambda tree: tree.update(more=1),
        lambda tree: tree.pop("kernels"),
        lambda tree: tree["chosen"].update(backend=1),
        lambda tree: tree["privileges"].update(more=True),
    ):
        spoiled = copy.deepcopy(found)
        spoil(spoiled)
        with pytest.raises(ValidationError):
            checked(json.dumps(spoiled))


def test_conformance_keeps_its_schema(desk, tmp_path):
    """Passed and failed vectors alike."""
    whole = VECTORS / "annex_c.json"
    document = json.loads(whole.read_text())
    document["vectors"][0]["frame_out"] = document["vectors"][1]["frame_out"]
    spoiled = tmp_path / "spoiled.json"
    spoiled.write_text(json.dumps(document))
    assert desk.json("conformance", str(whole))["failures"] == []
    assert desk.json("conformance", str(spoiled), code=3)["failures"]
