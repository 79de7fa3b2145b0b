"""The action for GitHub: its steps run as the runner runs them, over vectors of one's own."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from support import composite
from support.outputs.pages import ROOT, all_blocks, documents
from support.sources import sources_in

from macsec.cli import cli

ACTION = ROOT / ".github/actions/conformance/action.yml"
LINK = """
secy: {cipher: gcm-aes-128}
tx: {sci: 5254001301560001, sa: {0: {key: 30313233343536373839303132333435, pn: 1}}}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with two files of vectors, the second with a vector that fails."""
    (tmp_path / "work" / "vectors").mkdir(parents=True)
    (tmp_path / "temp").mkdir()
    work = tmp_path / "work"
    (work / "link.yaml").write_text(LINK)
    (work / "link.yaml").chmod(0o600)
    good = work / "vectors" / "a.json"
    capture = ROOT / "macsec" / "offline" / "sample.pcap"
    made = ["conformance", "--new", str(good), "-c", str(work / "link.yaml"), str(capture)]
    done = CliRunner().invoke(cli, made)
    assert done.exit_code == 0, done.output
    model = json.loads(good.read_text())
    model["vectors"] = model["vectors"][:3]
    good.write_text(json.dumps(model))
    last = model["vectors"][-1]
    last["frame_out"] = last["frame_out"][:-2] + f"{int(last['frame_out'][-2:], 16) ^ 1:02x}"
    (work / "vectors" / "b.json").write_text(json.dumps(model))
    return work


def _installed(folder: Path) -> dict[str, str]:
    """Return the environment with `macsec` of this interpreter in the search path."""
    script = folder / "bin" / "macsec"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m macsec "$@"\n')
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{script.parent}:{os.environ['PATH']}"}


def _run(checkout: Path, **inputs: str) -> composite.Done:
    given = {"install": "", "backend": "reference", **inputs}
    temp = checkout.parent / "temp"
    return composite.run(ACTION, given, checkout, temp, _installed(checkout.parent))


def test_vectors_that_pass_leave_report_and_summary(checkout: Path) -> None:
    """Exit status 0; the summary of the job is the output; the checkout holds the report alone."""
    before = {path.name for path in checkout.iterdir()}
    done = _run(checkout, vectors="vectors/a.json")
    assert (done.status, done.outputs) == (0, ""), done.output
    assert "3 vectors on reference: all passed" in done.output
    assert done.summary == f"```\n{done.output}```\n"
    assert {path.name for path in checkout.iterdir()} - before == {"conformance.html"}
    assert "<html" in (checkout / "conformance.html").read_text()


@pytest.mark.parametrize("vectors", ["vectors/a.json\nvectors/b.json\n", "vectors/*.json"])
def test_a_vector_that_fails_fails_the_job(checkout: Path, vectors: str) -> None:
    """Of a file in any line, or of a pattern; the value that differs is in the summary."""
    done = _run(checkout, vectors=vectors)
    assert done.status == 3
    assert "6 vectors on reference: 1 failed" in done.summary
    assert re.search(r"^failed .*frame_out: expected .*b\.json", done.summary, re.M)
    assert (checkout / "conformance.html").exists()


def test_a_faulty_input_fails_the_job_with_its_reason_in_the_summary(checkout: Path) -> None:
    """A file that is not there, and one that is no file of vectors."""
    done = _run(checkout, vectors="vectors/none.json", report="")
    assert done.status == 2
    assert "vectors/none.json: No such file" in done.summary
    assert not (checkout / "conformance.html").exists()


def test_a_suite_writes_junit(checkout: Path) -> None:
    """A test plan in place of vectors."""
    done = _run(checkout, suite="tc17", junit="tc17.xml", backend="")
    assert done.status == 0, done.output
    assert "<testsuite" in (checkout / "tc17.xml").read_text()
    assert "tc17" in done.summary


def test_inputs_are_words_not_commands(checkout: Path) -> None:
    """A title of a pull request could be one."""
    done = _run(checkout, vectors="$(touch made) vectors/a.json;touch${IFS}made `touch made`")
    assert done.status == 2
    assert not (checkout / "made").exists()


def test_the_guide_names_inputs_that_exist() -> None:
    """Every example, and the list of inputs on the page `ci`, which is whole."""
    model: Mapping[str, object] = yaml.safe_load(ACTION.read_text())["inputs"]
    found = [each for each in all_blocks("yaml") if "actions/conformance@" in each.text]
    assert found
    for block in found:
        for step in _steps(yaml.safe_load(block.text)):
            if "actions/conformance@REV" in step.get("uses", ""):
                assert set(step["with"]) <= set(model), block.page
    page = documents()["ci"]
    assert set(re.findall(r"`([a-z]+)`", page.partition("Inputs:")[2].partition("\n\n")[0])) >= set(
        model
    )


def _steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of a workflow, or of a part of one."""
    jobs = workflow.get("jobs", {"part": workflow})
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.programs
@pytest.mark.exhaustive
def test_the_action_installs_the_sources_that_it_comes_with(checkout: Path) -> None:
    """In a fresh environment, with packages of an index; `macsec` is then that installation."""
    plain = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    plain["PATH"] = ":".join(
        each for each in os.environ["PATH"].split(":") if each != str(Path(sys.executable).parent)
    )
    temp, action = checkout.parent / "temp", ACTION.relative_to(ROOT)
    sources = sources_in(checkout.parent / "sources")  # pip leaves a folder `build` there
    done = composite.run(sources / action, {"vectors": "vectors/*a.json"}, checkout, temp, plain)
    assert done.status == 0, done.output
    assert re.search(r"^3 vectors on reference, native .*: all passed$", done.summary, re.M)
    assert f"{temp}/macsec/bin" in (temp / "GITHUB_PATH").read_text()
