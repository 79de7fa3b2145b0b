"""`macsec config`: new configurations work at once, and faults are all found without using them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.planes import frame_of

from macsec.config import json_schema
from macsec.suites import SUITES


@pytest.mark.parametrize("cipher", SUITES)
def test_what_one_new_file_protects_the_other_validates(desk, cipher):
    """The two of `new --pair`, both ways, and readable by their owner only."""
    ends = desk.path("a.yaml"), desk.path("b.yaml")
    said = desk.run("config", "new", ends[0], "--pair", ends[1], "--cipher", cipher).stderr
    assert f"macsec protect -c {ends[0]}" in said
    source, wire, back = desk.capture([frame_of(99)] * 3), desk.path("w.pcap"), desk.path("b.pcap")
    for one, other in (ends, ends[::-1]):
        assert os.stat(one).st_mode & 0o77 == 0
        desk.run("protect", "-c", one, source, wire)
        result = desk.run("validate", "-c", other, wire, back, "--json")
        assert json.loads(result.stdout)["verdicts"] == {"ok": 3}
    good = desk.run("config", "check", *ends, "--pair").stdout.splitlines()
    assert [line.split(": ")[1] for line in good] == ["good"] * 2
    assert good[1].endswith(f"fits {ends[0]}")
    assert "exists already" in desk.run("config", "new", ends[0], code=2).stderr


def test_new_files_name_their_schema(desk):
    """The first line is for editors, and the file that it names is the schema."""
    for command, options in (("config", ["--mka"]), ("lab", [])):
        path = Path(desk.path(f"{command}.yaml"))
        desk.run(command, "new", str(path), *options)
        first = path.read_text().splitlines()[0]
        name = first.removeprefix("# yaml-language-server: $schema=file://")
        assert json.loads(Path(name).read_text())["additionalProperties"] is False
        assert "good" in desk.run(command, "check", str(path)).stdout


def test_schema_is_the_published_one(desk):
    """The file of the package is current."""
    assert json.loads(desk.run("config", "schema").stdout) == json_schema()


def test_check_prints_all_faults_of_all_files(desk):
    """Exit 2; keys that cannot be read, and rules of the SecY between entries, are faults too."""
    bad, lacking, good = (Path(desk.path(name)) for name in ("bad.yaml", "key.yaml", "good.yaml"))
    bad.write_text("secy: {windw: 1, cipher: x}\n")
    lacking.write_text("tx: {sci: 0x1, sa: {0: {key: env:MACSEC_NOT_SET}}}\n")
    good.write_text("secy: {validate: check}\n")
    said = desk.run("config", "check", str(bad), str(lacking), str(good), code=2)
    assert [line.split(": ")[1] for line in said.stderr.splitlines()] == [
        f"{bad}:1",
        f"{bad}:1",
        f"{lacking}:1",
    ]
    assert said.stdout.startswith(f"{good}: good")
    found = json.loads(desk.run("config", "check", str(bad), str(good), "--json", code=2).stdout)
    assert [len(each["faults"]) for each in found["files"]] == [2, 0]
    bad.write_text("secy: {offset: 7}\n")
    assert "offset" in desk.run("config", "check", str(bad), code=2).stderr


def test_check_pair_names_what_differs(desk):
    """In text and in JSON, with exit 2."""
    ends = desk.path("a.yaml"), desk.path("b.yaml")
    for end in ends:
        desk.run("config", "new", end)
    said = desk.run("config", "check", *ends, "--pair", code=2).stderr
    assert f"{ends[0]} sends as SCI" in said
    result = desk.run("config", "check", *ends, "--pair", "--json", code=2)
    assert len(json.loads(result.stdout)["misfits"]) == 2
    assert "two FILEs" in desk.run("config", "check", ends[0], "--pair", code=2).stderr
