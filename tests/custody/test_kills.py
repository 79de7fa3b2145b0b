"""Processes that send are killed at any moment; the next one never sends a PN again (R15, R17)."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.files.transmitter import LINKS, RECORD
from support.planes import DA, PLANES, SA, SCI_A, frame_of

from macsec import FrameBatch, captures

TESTS = Path(__file__).parents[1]
TRANSMITTER = TESTS / "support" / "files" / "transmitter.py"
MANY = pytest.mark.exhaustive
PIPE = 4096
"""Octets: a child is at most 64 frames, four blocks, ahead of its reader."""

BACKENDS = sorted({plane.backend for plane in PLANES})


class Transmitter:
    """The process that runs children, and the frames that it reported."""

    def __init__(self, state: Path) -> None:
        environment = os.environ | {"PYTHONPATH": f"{os.environ['PYTHONPATH']}:{TESTS}"}
        self._process = subprocess.Popen(
            [sys.executable, TRANSMITTER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert self._process.stdout is not None
        fcntl.fcntl(self._process.stdout, fcntl.F_SETPIPE_SZ, PIPE)
        self._state = str(state)
        self.sent: list[tuple[int, int]] = []  # link and PN
        self.ended: list[str] = []

    def _record(self) -> tuple[str, bytes]:
        assert self._process.stdout is not None
        octets = self._process.stdout.read(RECORD)
        assert len(octets) == RECORD
        return octets[:1].decode(), octets[1:].rstrip(b"\0")

    def run(self, kill_after: int | None, **job: Any) -> bool:
        """Run one child and kill it after `kill_after` frames; return whether it was killed."""
        assert self._process.stdin is not None
        job = {"state": self._state, "init": False, "frames": 1 << 20, "forgets": False} | job
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self._process.stdin.flush()
        child, frames, killed = 0, 0, False
        while True:
            kind, octets = self._record()
            if kind == "D":
                return killed
            if kind == "P":
                child = int(octets)
            elif kind == "E":
                self.ended.append(octets.decode())
            else:
                frames += 1
                assert octets[:14] == DA + SA + b"\x88\xe5", "a frame that was withheld"
                self.sent.append((job["link"], int.from_bytes(octets[16:20])))
            if frames == kill_after and not killed:
                os.kill(child, signal.SIGKILL)
                killed = True

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@contextmanager
def transmitter(state: Path) -> Iterator[Transmitter]:
    """Run a transmitter whose links are in the state; end it with the block."""
    one = Transmitter(state)
    try:
        for link in range(len(LINKS)):
            one.run(None, link=link, init=True, frames=1, backend=BACKENDS[0])
        yield one
    finally:
        one.close()


def repeats(sent: list[tuple[int, int]]) -> int:
    """Count the frames with a key, SCI and PN that an earlier frame had."""
    return len(sent) - len(set(sent))


@pytest.mark.parametrize("times", [10, pytest.param(1000, marks=MANY)])
def test_no_pn_is_sent_again_after_kills(times: int, tmp_path: Path) -> None:
    """No (key, SCI, PN) is sent twice, and each run starts unaided; some runs end normally."""
    draw = random.Random(1)
    kills = 0
    with transmitter(tmp_path / "state") as one:
        for turn in range(times):
            link, backend = draw.randrange(len(LINKS)), BACKENDS[turn % len(BACKENDS)]
            kills += one.run(draw.randrange(60), link=link, backend=backend)
            if turn % 10 == 0:
                assert not one.run(None, link=link, backend=backend, frames=draw.randrange(40))
        assert one.ended == []
        assert kills == times
        assert len(one.sent) > 25 * times
        assert repeats(one.sent) == 0


def test_repeated_pns_are_counted() -> None:
    """The same count finds frames that are sent again, where a disk keeps no record."""
    assert repeats([(0, 1), (0, 2), (1, 1), (0, 2)]) == 1


def test_disk_without_record_repeats_pns(tmp_path: Path) -> None:
    """With a disk that keeps no record a few kills are enough to see PNs again."""
    draw = random.Random(2)
    with transmitter(tmp_path / "state") as one:
        for _ in range(5):
            assert one.run(draw.randrange(60), link=0, backend=BACKENDS[0], forgets=True)
        assert repeats(one.sent) > 0


# ---------------------------------------------------------------- the command line


def pns_in(octets: bytes) -> list[int]:
    """Return the PNs of the whole frames of a pcap that may end anywhere."""
    found, at = [], 24
    while at + 16 <= len(octets):
        (length,) = struct.unpack_from("<I", octets, at + 8)
        if at + 16 + length > len(octets):
            break
        found.append(int.from_bytes(octets[at + 32 : at + 36]))
        at += 16 + length
    return found


@pytest.mark.exhaustive
@pytest.mark.parametrize("times", [15])
def test_killed_protect_command_repeats_no_pn(times: int, tmp_path: Path) -> None:
    """`macsec protect --state`, killed while its output is read, never sends a PN again."""
    draw = random.Random(3)
    frames = [frame_of(60)] * 100_000
    with captures.write(tmp_path / "in.pcap") as sink:
        sink.write(FrameBatch.from_frames(frames, [10**18] * len(frames)))
    config = tmp_path / "link.yaml"
    config.touch(mode=0o600)
    key = "c0ffee00decafbad0123456789abcdef"
    config.write_text(json.dumps({"tx": {"sci": SCI_A, "sa": {"0": {"key": key}}}}))
    command = [sys.executable, "-m", "macsec", "protect", "-q", "-c", str(config)]
    command += ["--state", str(tmp_path / "state"), "--state-init", str(tmp_path / "in.pcap"), "-"]
    sent: list[int] = []
    for _ in range(times):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            octets = process.stdout.read(draw.randrange(1, 1 << 23))
            process.kill()
            sent += pns_in(octets + process.stdout.read())
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    last = pns_in(done.stdout)
    assert len(last) == len(frames)
    assert min(last) > max(sent) > len(frames)
    assert repeats([(0, pn) for pn in sent + last]) == 0
