"""Wireshark's dissection of a capture, in Node; a skip where a program is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

WIREGASM = Path(__file__).with_name("wiregasm.js")


def needs(*programs: str) -> None:
    """Skip where a program is missing."""
    path = f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin"
    for program in programs:
        if shutil.which(program, path=path) is None:
            pytest.skip(f"{program} is not installed")


def dissected(profile: Path, capture: Path) -> list[dict[str, Any]]:
    """Return Wireshark's dissection of each frame."""
    needs("node")
    found = "require.resolve('@goodtools/wiregasm/package.json')"
    if subprocess.run(["node", "-e", found], capture_output=True, timeout=60).returncode:
        pytest.skip("no @goodtools/wiregasm in NODE_PATH")
    command = ["node", str(WIREGASM), str(profile), str(capture)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
