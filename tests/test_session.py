"""Which tests a run of pytest takes: tests/support/session.py, in a project of two small files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent
TESTS = """
import pytest

@pytest.mark.exhaustive
@pytest.mark.parametrize("case", [1, 2])
def test_long(case):
    pass

def test_quick():
    pass
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two equal files in two folders."""
    root = tmp_path_factory.mktemp("project")
    (root / "pytest.ini").write_text(
        "[pytest]\naddopts = -p pytest_benchmark.plugin -p xdist.plugin -p support.session\n"
        "markers = exhaustive: long\n"
    )
    for folder in ("one", "two"):
        (root / folder).mkdir()
        (root / folder / f"test_{folder}.py").write_text(TESTS)
    return root


@pytest.mark.parametrize(
    ("args", "long", "quick"),
    [
        ([], 0, 2),
        (["./one/../one/test_one.py", "two"], 2, 2),
        (["one/test_one.py::test_long[2]", "two"], 1, 1),
        (["-m", "exhaustive"], 4, 0),
    ],
)
def test_exhaustive_tests_run_if_their_file_or_they_are_named(
    project: Path, args: list[str], long: int, quick: int
) -> None:
    """A folder is no such name: its exhaustive tests are left out."""
    listing = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *args],
        capture_output=True,
        text=True,
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(SUPPORT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert listing.returncode == 0, listing.stdout + listing.stderr
    assert (listing.stdout.count("::test_long["), listing.stdout.count("::test_quick")) == (
        long,
        quick,
    )


@pytest.mark.parametrize("folders", [("bench", "tests/bench"), ("tests/bench", "bench")])
def test_folders_are_named_in_any_order(folders: tuple[str, str]) -> None:
    """The settings of bench/ load no plugin of tests/ before pytest does: that is a warning."""
    end = subprocess.run(
        [sys.executable, "-m", "pytest", "--markers", "-p", "no:cacheprovider", *folders],
        capture_output=True,
        text=True,
        cwd=SUPPORT.parent,
    )
    assert end.returncode == 0, end.stdout + end.stderr


UNBUILT = "import sys; sys.modules['macsec._native'] = None\n"
STALE = "import macsec.native; macsec.native.interface = lambda _: 1\n"


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("build", "args", "exit_code", "text"),
    [
        (UNBUILT, [], 4, "ERROR: the C extension is not built: run `pip install -e .` first"),
        (UNBUILT, ["--reference"], 0, "data planes: reference\n"),
        (STALE, [], 4, "was built from other sources than those here: build it again (pip"),
    ],
)
def test_tests_without_a_build_end_in_one_line(
    tmp_path: Path, build: str, args: list[str], exit_code: int, text: str
) -> None:
    """The line names the command; an option tests what needs no build."""
    (tmp_path / "sitecustomize.py").write_text(build)
    found = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0"),
            *("--collect-only", "tests/test_time_units.py", *args),
        ],
        capture_output=True,
        text=True,
        cwd=SUPPORT.parent,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ['PYTHONPATH']}"},
    )
    assert found.returncode == exit_code, found.stdout + found.stderr
    assert text in found.stdout + found.stderr
    assert bool(args) or len(found.stderr.strip().splitlines()) == 1
