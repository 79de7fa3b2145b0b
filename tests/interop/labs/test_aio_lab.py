"""The asyncio face to labs, with a lab in real time: programs, changes, events, the end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.real.hosts import need
from support.real.up_lab import smallest

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]

SCRIPT = """
import asyncio
import os
from pathlib import Path

from macsec.errors import MACsecError
from macsec.live import aio


NAP = f"1000.{os.getpid()}"  # of no other program


def processes():
    return {each for each in os.listdir("/proc") if each.isdecimal()}


async def main(left):
    async with aio.lab("two.yaml") as lab:
        await asyncio.wait_for(lab.secured(), 60)
        before = await lab.counters()
        command = ("ping", "-c", "30", "-i", "0.02", "r1")
        ping = await lab.exec("l1", *command, stdout=asyncio.subprocess.DEVNULL)
        assert await ping.wait() == 0
        after = await lab.counters()
        assert after["left-right:right"]["InPktsOK"] >= before["left-right:right"]["InPktsOK"] + 20
        assert await lab.change("left-right:right", clear_counters=True)
        cleared = await lab.counters()
        assert cleared["left-right:right"]["InPktsOK"] < after["left-right:right"]["InPktsOK"]
        try:
            await lab.change("left-right:none", clear_counters=True)
        except MACsecError as error:
            assert "left-right:left" in str(error), error
        first = await anext(lab.events())
        assert first["port"].startswith("left-right:"), first
        command = ("sh", "-c", "echo runs; exec sleep " + NAP)
        left.append(await lab.exec("l1", *command, stdout=asyncio.subprocess.PIPE))
        assert await left[0].stdout.readline() == b"runs\\n"
        task = asyncio.current_task()
        asyncio.get_running_loop().call_later(0.1, task.cancel)
        await asyncio.sleep(60)


async def whole():
    left = []
    before = Path("/proc/net/dev").read_text()
    task = asyncio.ensure_future(main(left))
    try:
        await task
    except asyncio.CancelledError:
        pass
    assert left[0].returncode == 137, left
    assert Path("/proc/net/dev").read_text().count(":") == before.count(":")
    sleeping = [each for each in processes() if f"sleep\\0{NAP}".encode() in command(each)]
    assert sleeping == []
    print("whole")


def command(pid):
    try:
        return Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return b""


asyncio.run(whole())
"""


def _run(folder: Path, script: str) -> str:
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", script],  # devices of others are not there
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_lab_in_an_event_loop_leaves_nothing_when_its_task_is_cancelled(tmp_path: Path) -> None:
    """Links secured, a program on a host, a port changed, events; then no program, no device."""
    need("ping", "unshare")
    smallest(tmp_path)
    assert _run(tmp_path, SCRIPT).endswith("whole\n")
