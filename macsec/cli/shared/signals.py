"""Wait for a signal, a readable descriptor or a time, whichever comes first."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Sequence
from types import FrameType
from typing import Self

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
