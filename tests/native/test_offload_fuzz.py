"""Hostile frames through the C that cuts and joins large segments."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from support.native.harness import NATIVE, PROGRAMS, WARNINGS, Workshop, compiler, run

pytestmark = [
    pytest.mark.as_built,
    pytest.mark.skipif(sys.platform != "linux", reason="the pump is for Linux"),
]


SOURCES = ("coalesce", "cut", "packet")


@pytest.mark.exhaustive
@pytest.mark.parametrize("checked", [False, True], ids=["optimised", "sanitizers"])
def test_no_frame_is_read_past_its_end(tmp_path: Path, checked: bool) -> None:
    """Frames end at pages without access; what was joined is cut into the same octets."""
    flags = Workshop(tmp_path).sanitizers() if checked else "-O2"
    target = tmp_path / "offload_fuzz"
    sources = [NATIVE / "live" / f"{name}.c" for name in SOURCES]
    command = [*compiler(), "-std=c11", *flags.split(), *WARNINGS, f"-I{NATIVE}"]
    run([*command, PROGRAMS / "offload_fuzz.c", *sources, "-o", target])
    output = run([target, "500000" if checked else "2000000", "3"])
    assert re.fullmatch(r"offloads: \d+ rounds, \d+ joined, \d+ cut", output.strip())
