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


@pytest.mark.skipif(
    not (shutil.which("valgrind") and shutil.which("gcc")), reason="no valgrind or no gcc"
)
def test_the_count_of_a_case_is_repeatable(guard: ModuleType, tmp_path: Path) -> None:
    """One case, twice the same."""
    target = guard.build(tmp_path)
    case = ("portable", "protect", 64)
    assert guard.per_frame(target, case) == guard.per_frame(target, case) > 1000
