"""`macsec otg` with snappi, the client of the Open Traffic Generator API: whole scripts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from macsec.guide.topics import topics

pytestmark = pytest.mark.programs

SCRIPTS = Path(__file__).parent / "snappi_scripts"
NEEDS = ("snappi", "starlette", "uvicorn")
MISSING = [name for name in NEEDS if find_spec(name) is None]


def run(script: Path | str, *args: str) -> str:
    """Run a script; return what it printed."""
    command = ["-c", script] if isinstance(script, str) else [str(script)]
    # Scripts import two_ports.py beside them.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, *command, *args],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def location() -> Iterator[str]:
    """The API on a free port, 20 times as fast as the clock at most."""
    if MISSING:
        pytest.skip(f"no {', '.join(MISSING)}")
    args = ["otg", "--listen", "127.0.0.1:0", "--speed", "20", "--wire", "w=delay 1ms"]
    main = "from macsec.__main__ import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", main, *args, "--wire", "w1=delay 1ms", "--seed", "7"],
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        line = server.stderr.readline()
        yield re.search(r"http://\S+", line)[0]
        server.terminate()
        rest = server.stderr.read()
    assert "Traceback" not in rest
    assert "0123456789abcdef" not in rest


CHECKS = {
    "mka_up": [
        *("warnings", "before", "peers", "faults", "peers", "faults", "SecYs"),
        *("neighbour", "after"),
    ],
    "traffic": [
        *("frames", "octets", "latency", "time", "SecYs", "octets of SecYs"),
        *("format", "SecTAGs"),
    ],
    "rekey": ["frames", "flaps", "association numbers", "all frames", "first SA"],
    "wrong_key": ["MKA up", "peers", "frames", "keys in the answer", "refusal"],
    "refusals": ["kind", "paths", "warning"],
    "fields": ["fields"],
}
"""Lines of each script: the names of the checks that it passed."""


@pytest.mark.parametrize("name", CHECKS)
def test_snappi_script_passes(location: str, name: str) -> None:
    """Each script checks what its docstring says, to its last line."""
    assert run(SCRIPTS / f"{name}.py", location).splitlines() == CHECKS[name]


def test_script_of_the_help_topic_runs_as_printed(location: str) -> None:
    """With another location, and nothing else changed."""
    script = re.search(r"```python[^\n]*\n(.*?)```", topics()["snappi"].text, re.S)[1]
    printed = run(script.replace("http://127.0.0.1:8443", location))
    assert printed.splitlines()[:2] == [
        "1000 sent, 1000 received, loss 0.0 %",
        "latency 999.549 us",
    ]
