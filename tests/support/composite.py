"""A composite action, run as the runner of GitHub does: inputs, conditions, bash, job files."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

SHELLS = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}
"""The command of each `shell:`, before the name of the script."""
_INPUT = re.compile(r"\$\{\{ *inputs\.([a-z-]+) *\}\}")
_CONDITION = re.compile(r"inputs\.([a-z-]+) (!=|==) '([^']*)'")


class Done(NamedTuple):
    """The end of a job: exit status of its last step, output, summary, and outputs of steps."""

    status: int
    output: str
    summary: str
    outputs: str


def run(
    action: Path, given: Mapping[str, str], folder: Path, temp: Path, environment: dict[str, str]
) -> Done:
    """Run the steps of an action in `folder` until one fails; `temp` is RUNNER_TEMP."""
    model = yaml.safe_load(action.read_text("utf-8"))
    assert model["runs"]["using"] == "composite"
    assert set(given) <= set(model["inputs"]), "an input that the action does not have"
    inputs = {name: given.get(name, each["default"]) for name, each in model["inputs"].items()}
    files = {name: temp / name for name in ("GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        path.touch()
    status, output = 0, ""
    for number, step in enumerate(model["runs"]["steps"]):
        if not _holds(step.get("if", "'' == ''"), inputs):
            continue
        script = temp / f"step-{number}.sh"
        script.write_text(_filled(step["run"], inputs), "utf-8")
        done = subprocess.run(
            [*SHELLS[step["shell"]], script],
            cwd=folder,
            env={
                **environment,
                **{name: str(path) for name, path in files.items()},
                "PATH": _path(files["GITHUB_PATH"], environment),
                "RUNNER_TEMP": str(temp),
                "GITHUB_ACTION_PATH": str(action.parent),
                **{name: _filled(text, inputs) for name, text in step.get("env", {}).items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        status, output = done.returncode, output + done.stdout
        if status:
            break
    summary, outputs = (
        files[name].read_text() for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")
    )
    return Done(status, output, summary, outputs)


def _path(added: Path, environment: Mapping[str, str]) -> str:
    """Return the search path of a step: what earlier steps added comes first."""
    return os.pathsep.join([*reversed(added.read_text().splitlines()), environment["PATH"]])


def _filled(text: str, inputs: Mapping[str, Any]) -> str:
    filled = _INPUT.sub(lambda found: str(inputs[found[1]]), text)
    assert "${{" not in filled, f"an expression that this runner does not know: {text}"
    return filled


def _holds(condition: str, inputs: Mapping[str, str]) -> bool:
    if condition == "'' == ''":
        return True
    found = _CONDITION.fullmatch(condition)
    assert found, f"a condition that this runner does not know: {condition}"
    return (inputs[found[1]] == found[3]) == (found[2] == "==")
