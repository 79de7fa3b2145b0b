"""Wait for a signal, a readable descriptor or a time; end a stream at a signal."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from types import FrameType
from typing import Any, Self

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 0.2
"""Seconds in which the writer of a pipe, that got the signal too, may flush what it holds."""


class Signals:
    """A context in which signals have no other effect than to be returned by `wait`."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers

    def wait(self, descriptor: int, seconds: float | None) -> set[signal.Signals] | None:
        """Return the signals that arrived, none after the time; None: `descriptor` is readable."""
        ready = self._ready([descriptor], seconds)
        return None if descriptor in ready else self._arrived(ready)

    def among(
        self, descriptors: Sequence[int], seconds: float | None
    ) -> tuple[set[signal.Signals], set[int]]:
        """Return the signals that arrived and the readable descriptors; none after the time."""
        ready = self._ready(descriptors, seconds)
        return self._arrived(ready), ready & set(descriptors)

    def _ready(self, descriptors: Sequence[int], seconds: float | None) -> set[int]:
        # Not select(): it takes no descriptor above 1023.
        poll = select.poll()
        for each in (self._read, *descriptors):
            poll.register(each, select.POLLIN)
        return {each for each, _ in poll.poll(None if seconds is None else seconds * 1000)}

    def _arrived(self, ready: set[int]) -> set[signal.Signals]:
        octets = os.read(self._read, 512) if self._read in ready else b""
        return {signal.Signals(number) for number in octets} & set(self._numbers)

    def __enter__(self) -> Self:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before = signal.set_wakeup_fd(self._write)
        self._handlers = {
            number: signal.signal(number, _noted)
            for number in self._numbers
            if not _is_nohup(number)
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before)
        os.close(self._read)
        os.close(self._write)


def _is_nohup(number: signal.Signals) -> bool:
    """Return whether the caller ignores SIGHUP, as nohup does."""
    return number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN


def _noted(number: int, frame: FrameType | None) -> None:
    """Do nothing: the number is in the pipe already."""


class Interruption:
    """A context in which the first signal that would end the program ends the input instead.

    `wait` then returns False, so that what was read can be finished and kept; `number` is the
    signal. A second signal acts as before.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._handlers: dict[int, Any] = {}
        self._deadline = 0.0

    def wait(self, descriptor: int) -> bool:
        """Wait until a pipe can be read, if one is given; return False once the input ends here."""
        if not self._handlers:
            return True
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        if descriptor >= 0:
            poll.register(descriptor, select.POLLIN)
        while self.number is None:
            ready = {each for each, _ in poll.poll(None if descriptor >= 0 else 0)}
            if self._read in ready:
                self._take(os.read(self._read, 512))
            elif ready or descriptor < 0:
                return True
        return self._flushed(descriptor)

    def _flushed(self, descriptor: int) -> bool:
        """Return whether a pipe still has octets, or gets some before the grace ends."""
        if descriptor < 0:
            return False
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        left = self._deadline - monotonic()
        return left > 0 and bool(poll.poll(left * 1000))

    def _take(self, numbers: bytes) -> None:
        for number in numbers:
            if number in self._handlers and self.number is None:
                self.number, self._deadline = number, monotonic() + GRACE_S

    def _handle(self, number: int, frame: FrameType | None) -> None:
        # The wake-up descriptor has noted the first one.
        self._seen += 1
        before = self._handlers[number]
        if self._seen > 1 and callable(before):
            before(number, frame)

    def __enter__(self) -> Self:
        self._seen = 0
        if threading.current_thread() is not threading.main_thread():
            return self  # only the main thread has handlers
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before = signal.set_wakeup_fd(self._write)
        for number in ENDING:
            before = signal.getsignal(number)
            if callable(before):
                self._handlers[number] = before
                signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        with suppress(BlockingIOError):  # one that came after the last read
            self._take(os.read(self._read, 512))
        self._handlers = {}
        signal.set_wakeup_fd(self._before)
        os.close(self._read)
        os.close(self._write)
