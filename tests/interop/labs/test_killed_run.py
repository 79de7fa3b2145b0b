"""Tests of real traffic that are killed: nothing that they made is left on the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.real.hosts import need, until

pytest.importorskip("macsec._native", reason="the native data plane is not built")

TESTS = """
import json, os, subprocess, sys
from pathlib import Path
from support.real import guard, hosts
from support.real.up_lab import UpLab, smallest, started

folder = Path(sys.argv[1])
with hosts.hosts(folder) as (a, b), started(folder / "state", smallest(folder)) as lab:
    hosts.cable(a, b)
    sleeper = a.start("sleep", "1000")
    name = guard.named(guard.LABS)
    command = [sys.executable, "-m", "macsec", "lab", "up", "--detach", "--name", name]
    subprocess.run([*command, smallest(folder)], check=True)
    detached = json.loads(Path("/run/macsec/labs", name, "lab.json").read_text())
    made = {
        "pids": [sleeper.pid, lab.process.pid, detached["pid"]],
        "paths": [f"/run/netns/{each.namespace}" for each in (a, b)] + [f"/run/macsec/labs/{name}"],
    }
    print(json.dumps(made), flush=True)
    sys.stdin.read()
"""


def test_a_killed_run_leaves_no_program_namespace_or_lab(tmp_path: Path) -> None:
    """`kill -9` of the process of tests, in the middle of a test."""
    need("ping")
    environment = {
        **os.environ,
        "MACSEC_LOCK_DIR": str(tmp_path / "locks"),
        "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(Path(__file__).parents[2])]),
    }
    command, pipe = [sys.executable, "-c", TESTS, str(tmp_path)], subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe) as tests:
        assert tests.stdout is not None
        made = json.loads(tests.stdout.readline())
        assert all(os.path.exists(f"/proc/{pid}") for pid in made["pids"])
        assert all(os.path.exists(path) for path in made["paths"])
        tests.kill()
    left = [*(f"/proc/{pid}" for pid in made["pids"]), *made["paths"]]
    until(lambda: not [path for path in left if os.path.exists(path)], "the end of all")
