"""A program on a terminal of our own: a pty whose octets pyte, an emulator of others, reads."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.real.hosts import PATIENCE, TICK

ROOT = Path(__file__).parents[3]


class Terminal:
    """A running program, what it has drawn, and the number of octets that this took."""

    def __init__(self, process: subprocess.Popen[bytes], end: int, columns: int, rows: int) -> None:
        pyte = pytest.importorskip("pyte")
        self.process, self._end, self.octets = process, end, b""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)

    @property
    def text(self) -> str:
        """The text that is in sight now."""
        self._read(0)
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def colours(self) -> set[str]:
        """The colours of all cells, their background included."""
        cells = (cell for line in self.screen.buffer.values() for cell in line.values())
        return {colour for cell in cells for colour in (cell.fg, cell.bg)}

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._end, keys.encode())

    def until(self, text: str) -> str:
        """Wait until a text is in sight; return all that is."""
        for _ in range(round(PATIENCE / TICK)):
            if text in self.text:
                return self.text
            self._read(TICK)
        pytest.fail(f"no {text!r} on the screen:\n{self.text}")

    def until_row(self, row: str) -> str:
        """Wait until a row that begins with this pattern is in sight; return all that is."""
        found = re.compile("^" + row, re.M)
        for _ in range(round(PATIENCE / TICK)):
            if found.search(self.text):
                return self.text
            self._read(TICK)
        pytest.fail(f"no row {row!r} on the screen:\n{self.text}")

    def closed(self) -> int:
        """Read to the end of the program; return its exit code."""
        for _ in range(round(PATIENCE / TICK)):
            if not self._read(TICK) and self.process.poll() is not None:
                return self.process.wait()
        pytest.fail(f"the program did not end:\n{self.text}")

    def _read(self, seconds: float) -> bool:
        """Take what the program has written; return False if nothing came."""
        got = False
        while select.select([self._end], [], [], 0 if got else seconds)[0]:
            try:
                octets = os.read(self._end, 1 << 16)
            except OSError:  # EIO: the program has ended
                break
            self.octets += octets
            self._stream.feed(octets)
            got = True
        return got


@contextlib.contextmanager
def on_terminal(
    *command: str, columns: int = 80, rows: int = 24, **environment: str
) -> Iterator[Terminal]:
    """Run a program on a terminal of this size until the block is left."""
    end, program = os.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    settings = kept | {"TERM": "xterm-256color", "LANG": "C.UTF-8"} | environment
    process = subprocess.Popen(
        command,
        stdin=program,
        stdout=program,
        stderr=program,
        cwd=ROOT,
        env=settings,
        start_new_session=True,
    )
    os.close(program)
    try:
        yield Terminal(process, end, columns, rows)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(end)
