"""A verb that runs as a process of its own while a block runs: its events, changes and end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import tempfile
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Self

from macsec import trust
from macsec.errors import MACsecError

POLL_S = 0.05
ANSWER_S = 10.0
"""Time for an answer."""
READ_OCTETS = 1 << 16

Option = str | int | bool | Iterable[str | tuple[str, str]]


class Running:
    """A verb that runs; `events`, `change` and `stop` are those of taps and labs alike.

    `end_s`: the time for its end, before it is killed.
    """

    end_s = 10.0

    def __init__(self, name: str, folder: str) -> None:
        self.name = name
        self._log, self._errors = (os.path.join(folder, each) for each in ("events", "errors"))
        self._process: asyncio.subprocess.Process | None = None
        self._events = -1

    async def _start(self, *words: str) -> None:
        """Start the verb, with its events and its errors in files: a pipe may fill up."""
        with open(self._log, "w"), open(self._errors, "w") as errors:
            # It stays open, so that its events can be read once their folder is gone.
            self._events = os.open(self._log, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._events)
            self._process = await asyncio.create_subprocess_exec(
                *trust.ourselves(*words, "-q", "--events", self._log),
                stdin=asyncio.subprocess.DEVNULL,
                stderr=errors,
                env=trust.own_environment(),
            )

    async def _up(self, answers: Callable[[], Awaitable[object]]) -> None:
        """Wait until it answers. Raises MACsecError with its last line if it ended before."""
        while self._runs:
            with contextlib.suppress(MACsecError):
                await answers()
                return
            await asyncio.sleep(POLL_S)
        raise MACsecError(self._reason() or f"{self.name}: ended at once")

    @property
    def _runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def _reason(self) -> str:
        """Return the last line that it printed to stderr; nothing once its folder is gone."""
        with (
            contextlib.suppress(FileNotFoundError),
            open(self._errors, encoding="utf-8", errors="replace") as file,
        ):
            return _last_line(file.read())
        return ""

    async def _asked(self, path: str, none: str) -> dict[str, Any]:
        """Return what it sends to a client of a socket. Raises MACsecError once it has ended."""
        try:
            reader, writer = await asyncio.open_unix_connection(path)
        except OSError:
            raise MACsecError(self._gone(none)) from None
        try:
            text = await asyncio.wait_for(reader.read(), ANSWER_S)
        except TimeoutError:
            raise MACsecError(f"{self.name}: no answer after {ANSWER_S:.0f} s") from None
        except OSError:
            text = b""
        finally:
            writer.close()
        if not text:
            raise MACsecError(self._gone(none))
        found: dict[str, Any] = json.loads(text)
        return found

    def _gone(self, none: str) -> str:
        reason = "" if self._runs else self._reason()
        return f"{none}: {reason}" if reason else none

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Yield events as `--events` of the verb writes them, from the first on, until the end.

        Once it has ended, within its block or after it, these are all events that there were.
        """
        part, at = b"", 0
        while True:
            ended = not self._runs
            while read := os.pread(self._events, READ_OCTETS, at):
                at += len(read)
                *lines, part = (part + read).split(b"\n")
                for line in lines:
                    yield json.loads(line)
            if ended:
                return
            await asyncio.sleep(POLL_S)

    async def _changed(self, port: str, more: Iterable[str], options: dict[str, Option]) -> str:
        """Run `macsec mka set` on a port. Raises MACsecError with the line that it prints."""
        words = ["mka", "set", port, *more, "--json", *_words(options)]
        found: str = json.loads(await _verb(words))["reason"]
        return found

    async def stop(self) -> None:
        """End it: nothing of it is left. Where this is cancelled, it is killed at once."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.end_s)
        except TimeoutError:
            pass
        finally:
            await killed(process)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


async def killed(process: asyncio.subprocess.Process) -> None:
    """Kill a process unless it has ended, and wait until it is gone: at once."""
    if process.returncode is None:
        process.kill()
    await process.wait()


async def _verb(words: Iterable[str]) -> str:
    """Run a verb to its end; return its stdout. Raises MACsecError with its last line."""
    process = await asyncio.create_subprocess_exec(
        *trust.ourselves(*words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=trust.own_environment(),
    )
    try:
        output, errors = await process.communicate()
    finally:
        await killed(process)
    if process.returncode:
        raise MACsecError(_last_line(errors.decode(errors="replace")))
    return output.decode()


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1].removeprefix("macsec: ")


def _words(options: dict[str, Option]) -> Iterator[str]:
    """Yield options of a command line: a flag, one with a value, or one for each of several."""
    for name, value in options.items():
        word = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            if value:
                yield word
        elif isinstance(value, str | int):
            yield from (word, str(value))
        else:
            for each in value:
                yield from (word, *([each] if isinstance(each, str) else each))


@contextlib.contextmanager
def scratch() -> Iterator[str]:
    """Make a folder for the files of a process, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="macsec-", ignore_cleanup_errors=True) as folder:
        yield folder
