"""The lab in C without Python: allocations that fail."""

from __future__ import annotations

import re

import pytest
from support.native.harness import PLAIN, Workshop, run, shared_folder


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The folder in which the program is built."""
    return Workshop(shared_folder(tmp_path_factory))


@pytest.mark.as_built
@pytest.mark.exhaustive
@pytest.mark.parametrize("sanitized", [False, True], ids=["plain", "sanitized"])
def test_failed_allocation_of_a_lab_is_reported_without_leak(
    workshop: Workshop, sanitized: bool
) -> None:
    """Each allocation fails once: the call says so, and nothing leaks."""
    flags = workshop.sanitizers() if sanitized else PLAIN
    output = run([workshop.program("lab_allocations", flags)])
    assert re.search(r"^allocations: [1-9]\d+ refused, 0 faults", output, re.MULTILINE), output
