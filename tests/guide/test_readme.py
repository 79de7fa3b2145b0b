"""README.md and CONTRIBUTING.md: length, first commands, links, and tests that they name.

Blocks of README.md and of the guide: tests/guide/test_blocks.py.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.outputs.pages import documents

from macsec.guide.topics import topics

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
GUIDE = "\n".join(documents().values())
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_first_commands_stay() -> None:
    """The two commands of the first minute are part of the contract."""
    assert "```sh\npip install . && macsec replay pcaps/tls13.pcap\n```" in README
    assert "```sh\npip install '.[test]' && pytest\n```" in README


def test_readme_is_short() -> None:
    """All else is in the guide."""
    assert len(README.splitlines()) <= 150


def test_files_and_topics_that_the_readme_names_exist() -> None:
    """Links lead to files, names of topics to pages."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
    table = README.partition("| to | read |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([\w-]+)`", table)) <= set(topics())


def pytest_commands() -> Iterator[list[str]]:
    """Arguments of each printed pytest command that names files, folders or tests."""
    for line in re.findall(r"(?<!-m )\bpytest( [^\n`]*)", f"{GUIDE}\n{CONTRIBUTING}"):
        args = shlex.split(line, comments=True)
        if any(arg.startswith(("tests", "bench")) for arg in args):
            yield args


@pytest.mark.parametrize("args", list(pytest_commands()), ids=" ".join)
def test_printed_pytest_command_names_what_exists(args: list[str]) -> None:
    """A file, folder or test that a document names exists."""
    for name in [arg for arg in args if arg.startswith(("tests", "bench"))]:
        path, _, test = name.partition("::")
        assert (ROOT / path).exists()
        assert not test or f"def {test}(" in (ROOT / path).read_text("utf-8")


@pytest.mark.exhaustive
@pytest.mark.parametrize("args", list(pytest_commands()), ids=" ".join)
def test_printed_pytest_command_collects_tests(args: list[str]) -> None:
    """No printed command leaves out all that it names."""
    listing = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert listing.returncode == 0, listing.stdout + listing.stderr
    assert "::test_" in listing.stdout


def test_names_of_tests_in_contributing_exist() -> None:
    """Each `test_...` in the text is a file or a function of the tests."""
    names = set(re.findall(r"\btest_\w+", CONTRIBUTING))
    files = {path.stem: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    functions = set(re.findall(r"^def (test_\w+)", "\n".join(files.values()), re.M))
    assert names
    assert names <= files.keys() | functions


def test_markers_of_contributing_are_those_of_pytest() -> None:
    """The table of markers is complete."""
    table = CONTRIBUTING.partition("| marker |")[2].partition("\n\n")[0]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    markers = settings["tool"]["pytest"]["ini_options"]["markers"]
    assert set(re.findall(r"^\| `(\w+)`", table, re.M)) == {one.split(":")[0] for one in markers}
