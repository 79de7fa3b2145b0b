"""The guard by instruction counts can count, and can fail."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="module")
def guard() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("instructions", BENCH / "instructions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_count_within_three_per_cent_is_good(guard: ModuleType) -> None:
    """Three per cent, both ways; a missing number is not good."""
    assert [guard.verdict(n, 1000)[0] for n in (969, 970, 1030, 1031)] == [False, True, True, False]
    assert guard.verdict(5, None)[0] is False


def test_every_case_has_a_committed_number(guard: ModuleType) -> None:
    """The file and the script have the same cases."""
    for compiler, numbers in json.loads(guard.NUMBERS.read_text()).items():
        assert compiler.startswith("gcc-")
        assert list(numbers) == list(map(guard.name_of, guard.cases()))


valgrind = pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind")
CASE = ("portable", "protect", 64)


def test_the_cost_of_a_frame_is_the_difference_of_two_runs(
    guard: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instructions before and after the batches cancel out."""
    monkeypatch.setattr(guard, "count", lambda _, __, batches: 5000 + 77 * guard.FRAMES * batches)
    assert guard.per_frame(Path(), CASE) == 77


@valgrind
def test_a_program_is_counted_alike_twice(guard: ModuleType, tmp_path: Path) -> None:
    """A small program under callgrind."""
    target = tmp_path / "true"
    target.symlink_to(shutil.which("true") or "/bin/true")
    assert guard.count(target, CASE, 2) == guard.count(target, CASE, 2) > 1000


@valgrind
@pytest.mark.exhaustive
@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")
def test_the_count_of_a_case_is_repeatable(guard: ModuleType, tmp_path: Path) -> None:
    """One case, twice the same."""
    target = guard.build(tmp_path)
    assert guard.per_frame(target, CASE) == guard.per_frame(target, CASE) > 1000
