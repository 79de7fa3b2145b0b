"""The progress bar: on a terminal, for long work, with any number of jobs."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from functools import partial
from threading import Event, active_count

import pytest
from support.planes import frame_of

from macsec import captures
from macsec.cli.shared import progress

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self):
        """Return True."""
        return True


@pytest.fixture
def at_once(monkeypatch):
    """A bar appears with the first step."""
    monkeypatch.setattr(progress, "PATIENCE", -1.0)


def shown(*args, **options):
    """Return the output of a bar for two steps on a terminal."""
    screen = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", screen)
        patch.setenv("COLUMNS", "120")
        with progress.ProgressBar(*args, **options) as bar:
            for frames, octets in ((10, 1000), (20, 2500)):
                bar.step(frames, octets)
    return screen.getvalue()


def test_bar_shows_octets_frames_rate_and_time_left(at_once, tmp_path):
    """Verb, octets of the whole, frames, rate and time left."""
    path = tmp_path / "in.pcap"
    path.write_bytes(bytes(5000))
    text = shown("protect", str(path))
    for words in ("protect", "2.5/5.0 kB", "20 frames", "/s", "0:00:0"):
        assert words in text


def test_bar_of_a_stream_has_no_total(at_once, tmp_path):
    """A stream or a compressed file has no end to count down to."""
    text = shown("validate", str(tmp_path / "in.pcap.gz"))
    assert "2.5/? kB" in text
    assert "20 frames" in text


def test_short_work_shows_no_bar(tmp_path):
    """Short work shows nothing."""
    assert shown("protect", str(tmp_path / "in.pcap")) == ""


def test_quiet_shows_no_bar(at_once, tmp_path):
    """-q shows nothing."""
    assert shown("protect", str(tmp_path / "in.pcap"), quiet=True) == ""


@pytest.mark.parametrize("jobs", ["1", "3"])
@pytest.mark.parametrize("verb", ["protect", "replay"])
def test_bar_counts_every_frame_in_order(desk, monkeypatch, at_once, verb, jobs):
    """Every frame is counted, in order, and the bar is gone at the end."""
    monkeypatch.setattr(captures, "read", partial(captures.read, batch_frames=7))
    counts = []
    step = progress.ProgressBar.step

    def spy(bar, frames, octets):
        counts.append((frames, octets))
        step(bar, frames, octets)

    monkeypatch.setattr(progress.ProgressBar, "step", spy)
    clear = desk.capture([frame_of(50)] * 100)
    args = {"protect": ("-c", desk.config(), clear, "out.pcap"), "replay": (clear, "--wire", "w")}
    desk.run(verb, *args[verb], "--jobs", jobs)
    assert [frames for frames, _ in counts] == [*range(7, 100, 7), 100]
    assert counts[-1][1] == os.path.getsize(clear) - 24


def test_pipe_sees_only_the_summary(desk, at_once):
    """stderr that is no terminal has no bar."""
    result = desk.run("protect", "-c", desk.config(), desk.capture([frame_of(50)] * 9000), "o.pcap")
    _, summary = result.stderr.splitlines()  # the first line is the warning of PNs
    assert summary.startswith("9,000 of 9,000 frames sent")


@pytest.mark.parametrize("jobs", ["1", pytest.param("3", marks=pytest.mark.exhaustive)])
def test_terminal_sees_a_bar_that_is_removed(desk, jobs):
    """The bar of a process is erased before the summary."""
    script = (
        "import sys; from macsec.cli import main; from macsec.cli.shared import progress; "
        "progress.PATIENCE = -1.0; "
        f"sys.argv = ['macsec', 'protect', '-c', 'link.yaml', 'in.pcap', 'o.pcap', '-j', '{jobs}'];"
        "main()"
    )
    desk.config()
    desk.capture([frame_of(1400)] * 9000)
    command = [sys.executable, "-c", script]
    screen, _ = _on_a_terminal(command, desk.folder)
    bar, summary, _ = CODES.sub("", screen.decode()).partition("9,000 of 9,000 frames sent")
    assert "protect" in bar
    assert "/12.9 MB" in bar
    assert summary
    assert b"\x1b[2K" in screen  # the line of the bar is erased


def _on_a_terminal(command, folder):
    """Run a command whose stderr is a terminal; return what was there, and its stdout."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=slave, env=environment) as run:
        os.close(slave)
        screen = b""
        while piece := _read(master):
            screen += piece
        output = run.stdout.read()
    os.close(master)
    assert run.returncode == 0, screen
    return screen, output


def _read(descriptor):
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # the other end of a terminal is closed
        return b""


class WatchedTerminal(Terminal):
    """A terminal that sets `event` when a text is on it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.event = text, Event()

    def write(self, text: str) -> int:
        """Take output."""
        done = super().write(text)
        if self.text in self.getvalue():
            self.event.set()
        return done


@pytest.mark.parametrize(
    "end_s, expected",
    [(60.0, "1,212.500 of 60.000 s of virtual time"), (None, "1,212.500 s of virtual time")],
)
def test_a_run_shows_its_virtual_time_as_it_passes(monkeypatch, end_s, expected):
    """The last time shown is that of the end of the block."""
    screen = WatchedTerminal("0.250")
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(progress, "REFRESH", 0.001)
    monkeypatch.setenv("COLUMNS", "120")
    now = [0.25]
    with progress.watched("lab run", lambda: now[0], end_s):
        assert screen.event.wait(20)
        screen.text = "1,212.500"
        screen.event.clear()
        now[0] = 1212.5
        assert screen.event.wait(20)
    assert "lab run" in screen.getvalue()
    assert expected in screen.getvalue()


FOREIGN = "[red]\x1b]0;title\x07\r\n\u202e"


def _of_a_capture(name):
    with progress.ProgressBar(name, "in.pcap") as bar:
        bar.step(10, 1000)


def _of_a_measurement(name):
    with progress.steps(name, 2) as step:
        step()


def _of_a_run(name):
    with progress.watched(name, lambda: 1.0):
        assert sys.stderr.event.wait(20)


@pytest.mark.parametrize("bar", [_of_a_capture, _of_a_measurement, _of_a_run])
def test_the_name_of_a_bar_controls_nothing(at_once, monkeypatch, bar):
    """Its controls are escapes, and its brackets no style."""
    screen = WatchedTerminal("title")
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "120")
    bar(FOREIGN)
    assert "[red]\\x1b]0;title\\x07\\x0d\\x0a\\u202e" in CODES.sub("", screen.getvalue())
    assert not {"\x07", "\u202e"} & set(screen.getvalue())


def test_a_short_run_or_a_pipe_shows_no_time(monkeypatch):
    """Nothing is written; and no thread is left after an error in the block."""
    for screen in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", screen)
        before = active_count()
        with pytest.raises(KeyError), progress.watched("lab run", lambda: 0.0):
            raise KeyError
        assert screen.getvalue() == ""
        assert active_count() == before


def test_progress_of_a_lab_does_not_change_its_digest(desk):
    """On a terminal the virtual time passes, and is erased; the result is that of a pipe."""
    words = ["lab", "run", "ring", "--until", "40ms", "--json"]
    script = (
        "from macsec.cli import main; from macsec.cli.shared import progress; "
        f"progress.PATIENCE = progress.REFRESH = 0.0; import sys; sys.argv[1:] = {words!r}; main()"
    )
    screen, output = _on_a_terminal([sys.executable, "-c", script], desk.folder)
    assert re.search(
        r"lab run .*0\.0\d\d of 0\.040 s of virtual time", CODES.sub("", screen.decode())
    )
    assert b"\x1b[2K" in screen
    piped = desk.run(*words)
    assert json.loads(output) == json.loads(piped.stdout)
    assert "virtual" not in piped.stderr
