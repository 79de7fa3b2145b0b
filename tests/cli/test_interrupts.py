"""A signal at any moment of a verb that writes files: each file is whole or unchanged."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.planes import frame_of

from macsec import captures

FRAMES, MOMENTS = 20_000, 25

HARNESS = """
import itertools, os, signal, sys, threading
from macsec.__main__ import leave, main
import macsec.cli.captures.protect, macsec.cli.captures.validate

number, moments, command = {number}, {moments}, {command}

def run(folder, at):
    os.chdir(folder)
    os.dup2(os.open("stderr", os.O_WRONLY | os.O_CREAT), 2)
    sys.argv[1:] = command
    calls = itertools.count(1)  # of all threads
    def count(frame, event, argument):
        if next(calls) == at:
            os.kill(os.getpid(), number)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, leave)  # the first thing that a process does
    sys.setprofile(count)
    threading.setprofile(count)
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    sys.setprofile(None)
    if not at:
        open("count", "w").write(str(next(calls)))
    os._exit(code)

def forked(folder, at):
    os.mkdir(folder)
    for name in ("out.pcap", "verdicts.jsonl"):
        open(os.path.join(folder, name), "w").write("old")
    child = os.fork()
    if not child:
        run(folder, at)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

assert forked("whole", 0) == 0
total = int(open("whole/count").read())
for each in range(moments):
    at = 1 + each * total // moments
    print(each, forked(str(each), at), flush=True)  # else each child prints it again
"""


def lines_of(path: Path) -> list[str]:
    """Return the verdicts of a file."""
    return [json.loads(line)["verdict"] for line in path.read_text().splitlines()]


def frames_of(path: Path) -> list[bytes]:
    """Return the frames of a capture."""
    with captures.read(path) as reader:
        return [frame for batch in reader for frame in batch]


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("verb", ["validate", "protect"])
def test_signal_at_any_moment_leaves_whole_files(desk, verb, jobs, number):
    """OUT and the verdicts end behind the same frame, or the old file stays; no temporary is left.

    The exit code is that of the signal unless the verb had ended, and no line is a traceback.
    """
    clear = [frame_of(46 + at % 9) for at in range(FRAMES)]
    source = desk.protected(clear) if verb == "validate" else desk.capture(clear)
    command = [verb, "-q", "--jobs", jobs, "-c", desk.config(), source, "out.pcap"]
    if verb == "validate":
        command += ["--verdicts", "verdicts.jsonl"]
    script = HARNESS.format(number=int(number), moments=MOMENTS, command=command)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=desk.folder
    )
    assert done.returncode == 0, done.stderr
    whole = frames_of(desk.folder / "whole" / "out.pcap")
    assert len(whole) == FRAMES
    ends: Counter[str] = Counter()
    for each, code in (map(int, line.split()) for line in done.stdout.splitlines()):
        folder = desk.folder / str(each)
        ends[check(folder, verb, code, 128 + number, whole)] += 1
    assert ends["old"] > MOMENTS // 20
    assert ends["cut"] > 0 or jobs == "2", ends  # with threads its moments vary
    assert ends.total() == MOMENTS


def check(folder: Path, verb: str, code: int, interrupted: int, whole: list[bytes]) -> str:
    """Check the files of one run; return the state of OUT: old, cut or whole."""
    names = {path.name for path in folder.iterdir()}
    assert names <= {"out.pcap", "verdicts.jsonl", "stderr"}, names
    message = (folder / "stderr").read_text()
    assert "Traceback" not in message, message
    assert code in (0, interrupted), (code, message)
    out, verdicts = folder / "out.pcap", folder / "verdicts.jsonl"
    if out.read_bytes() == b"old":
        assert code == interrupted
        if verb == "validate":
            text = verdicts.read_text()
            assert text == "old" or len(lines_of(verdicts)) == len(whole)
        return "old"
    frames = frames_of(out)
    begins_alike = frames == whole[: len(frames)]
    assert begins_alike
    if verb == "validate":
        assert Counter(lines_of(verdicts)) == {"ok": len(frames)}
    if len(frames) < len(whole):
        assert f"after the {len(frames):,} frames read" in message
    return "cut" if len(frames) < len(whole) else "whole"
