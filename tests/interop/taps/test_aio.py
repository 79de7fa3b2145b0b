"""The asyncio face to taps: two taps with key agreement on a cable, in one event loop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare"
    ),
]

SCRIPT = """
import asyncio
from macsec.errors import MACsecError
from macsec.live import aio


async def secured(port):
    async for event in port.events():
        if event["event"] == "session" and event["secured"]:
            return event


async def main():
    async with (
        aio.tap("a.yaml", lower="v0", upper="ms0", mka=True) as a,
        aio.tap("b.yaml", lower="v1", upper="ms1", mka=True) as b,
    ):
        await asyncio.wait_for(asyncio.gather(secured(a), secured(b)), 60)
        (port,) = (await a.status())["ports"]
        assert port["opened"], port
        assert "InPktsOK" in await b.counters()
        await a.stop()
        try:
            await a.status()
        except MACsecError as error:
            assert "ms0: its tap does not run" in str(error)
    kept = [event async for event in b.events()]
    assert {"session"} <= {event["event"] for event in kept}, kept
    try:
        async with aio.tap("none.yaml", lower="v0", upper="ms0"):
            pass
    except MACsecError as error:
        assert "none.yaml" in str(error)
    print("whole")


asyncio.run(main())
"""


def test_two_taps_agree_in_one_event_loop(tmp_path: Path) -> None:
    """Events, status, counters and stop; errors are those of the verb."""
    new = [sys.executable, "-m", "macsec", "config", "new", "a.yaml", "--pair", "b.yaml", "--mka"]
    subprocess.run(new, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "script.py").write_text(SCRIPT)
    cable = "ip link add v0 type veth peer v1; ip link set v0 up; ip link set v1 up"
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", f"{cable}; exec {sys.executable} script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (done.returncode, done.stdout) == (0, "whole\n"), done.stderr
