"""What needs a process of its own: imports, pipes, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.planes import frame_of

from macsec import FrameBatch, captures

HEAVY = ("numpy", "pydantic", "rich", "scapy", "cryptography", "yaml", "zstandard")

LOADED = """
import json, sys
from macsec.cli import cli
try:
    cli.main({args!r})
except SystemExit as ended:
    heavy = [name for name in {heavy!r} if name in sys.modules]
    print(json.dumps([ended.code, heavy]), file=sys.stderr)
"""


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["help", "exit-codes"]])
def test_help_and_version_import_nothing_heavy(args):
    """`macsec.cli` and its help load click; the version also loads the C library."""
    if args == ["--version"]:
        pytest.importorskip("macsec._native", reason="the native data plane is not built")
    script = LOADED.format(args=args, heavy=HEAVY)
    environment = {name: os.environ[name] for name in os.environ if name != "MACSEC_KERNEL"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment)
    assert json.loads(done.stderr.splitlines()[-1]) == [0, []]


def test_pipe(desk, some):
    """`protect - - | validate - -` gives what went in."""
    config, clear = desk.config(), Path(desk.capture(some)).read_bytes()
    first = desk.start("protect", "-q", "-c", config, "-", "-")
    second = desk.start("validate", "-c", config, "-", "-", "--json", stdin=first.stdout)
    first.stdout.close()
    first.stdin.write(clear)
    first.stdin.close()
    out, told = second.communicate()
    assert (first.wait(), second.returncode) == (0, 0)
    assert out == clear
    assert json.loads(told)["delivered"] == len(some)
    first.stderr.close()


@pytest.mark.parametrize("verb", ["inspect", "protect"])
def test_closed_pipe_is_silent(desk, verb):
    """A reader that goes away ends the verb without a word."""
    many = desk.capture([frame_of(1000)] * 3000)
    args = ["inspect", many] if verb == "inspect" else ["protect", "-c", desk.config(), many, "-"]
    running = desk.start(*args, stdin=subprocess.DEVNULL)
    running.stdout.read(1)
    running.stdout.close()
    assert running.stderr.read() == b""
    assert running.wait() == 0
    running.stderr.close()


PEAK = """
import sys
from macsec.cli import cli
try:
    cli.main(sys.argv[1:])
except SystemExit as ended:
    peak = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
    print(ended.code, peak, file=sys.stderr)
"""


@pytest.mark.parametrize("verb", ["protect", "validate", "replay"])
@pytest.mark.parametrize("jobs", ["1", "3"])
def test_memory_is_flat_over_length(desk, verb, jobs):
    """A capture four times as long needs no more memory, and never 150 MB."""
    batch = FrameBatch.from_frames([frame_of(n) for n in (48, 578, 1502, 48)] * 500)
    config = desk.config(validate="check")
    peaks = []
    for pieces in (20, 80):
        with captures.write("in.pcap") as sink:
            for _ in range(pieces):
                sink.write(batch)
        args = ["in.pcap", "--wire", "o"] if verb == "replay" else ["-c", config, "in.pcap", "o"]
        command = [sys.executable, "-c", PEAK, verb, *args, "--jobs", jobs]
        done = subprocess.run(command, capture_output=True, text=True, cwd=desk.folder)
        code, peak = map(int, done.stderr.splitlines()[-1].split())
        assert code == 0
        peaks.append(peak)
    assert max(peaks) < 150_000
    assert peaks[1] - peaks[0] < 8_000


@pytest.mark.parametrize(
    "number, code, talk",
    [(signal.SIGINT, 130, b"macsec: interrupted\n"), (signal.SIGTERM, 143, b"")],
)
def test_signals_leave_nothing(desk, some, number, code, talk):
    """A signal in the middle ends with its code, and neither OUT nor a part of it stays."""
    wire = Path(desk.protected(some)).read_bytes()
    config = desk.config()
    Path("out").mkdir()
    running = desk.start("validate", "-c", config, "-", "out/o.pcap", "--verdicts", "-")
    running.stdin.write(wire)
    running.stdin.flush()
    assert b'"ok"' in running.stdout.readline()  # frames were moved, more could come
    assert os.listdir("out") != []
    running.send_signal(number)
    assert running.wait() == code
    assert os.listdir("out") == []
    assert running.stderr.read() == talk
    for stream in (running.stdin, running.stdout, running.stderr):
        stream.close()


def test_exit_codes_of_a_process(desk, some):
    """The codes reach the shell: 0, 2, 3, 4."""
    wire, config = desk.protected(some), desk.config()
    other = desk.config("other.yaml", key="ab" * 16)
    Path("text").write_text("no capture")
    for args, code in (
        (["validate", "-c", config, wire, "o.pcap"], 0),
        (["validate", "-c", config, ".", "o.pcap"], 2),
        (["validate", "-c", other, wire, "o.pcap", "--strict"], 3),
        (["validate", "-c", config, "text", "o.pcap"], 4),
    ):
        running = desk.start(*args, "-q")
        _, told = running.communicate()
        assert running.returncode == code
        assert told.count(b"\n") == (code != 0)


@pytest.mark.parametrize("redirect, code", [(">&-", 1), (">/dev/full", 1), ("2>&-", 0)])
def test_odd_standard_streams(desk, some, redirect, code):
    """A closed or full stdout is a failure in one line; a closed stderr is none."""
    clear = desk.capture(some)
    script = f'"{sys.executable}" -m macsec inspect {clear} {redirect}'
    done = subprocess.run(["sh", "-c", script], capture_output=True)
    assert done.returncode == code
    assert done.stderr.count(b"\n") == (code != 0)
