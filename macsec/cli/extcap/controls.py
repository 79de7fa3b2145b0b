"""The toolbar of a capture in Wireshark: two pipes with messages of a control, a command, octets.

A message is `T`, its length in three octets, the number of the control, the command, and text.
"""

from __future__ import annotations

import os
from typing import NamedTuple, Self

SYNC = b"T"
HEAD = 4
INITIALISED, SET, ADD = 0, 1, 2


class ToolbarMessage(NamedTuple):
    """A message of the toolbar."""

    control: int
    command: int
    text: str


class Toolbar:
    """The pipes of the toolbar; without them nothing is received, and messages go nowhere."""

    def __init__(self, incoming: str | None, outgoing: str | None) -> None:
        self._waiting = b""
        self._in = os.open(incoming, os.O_RDONLY | os.O_NONBLOCK) if incoming else -1
        # Wireshark may open its end of this pipe later: opened for both, it never blocks here.
        self._out = os.open(outgoing, os.O_RDWR | os.O_NONBLOCK) if outgoing else -1

    @property
    def descriptors(self) -> list[int]:
        """The descriptor that becomes readable with a message, if there is one."""
        return [self._in] if self._in >= 0 else []

    def messages(self) -> list[ToolbarMessage]:
        """Return the whole messages that arrived."""
        if self._in < 0:
            return []
        try:
            octets = os.read(self._in, 1 << 16)
        except BlockingIOError:
            return []
        if not octets:  # Wireshark has closed its end
            os.close(self._in)
            self._in = -1
        self._waiting += octets
        found = []
        while len(self._waiting) >= HEAD:
            end = HEAD + int.from_bytes(self._waiting[1:HEAD])
            if self._waiting[:1] != SYNC or end < HEAD + 2:
                self._waiting = b""
            elif len(self._waiting) < end:
                break
            else:
                body, self._waiting = self._waiting[HEAD:end], self._waiting[end:]
                found.append(ToolbarMessage(body[0], body[1], body[2:].decode("utf-8", "replace")))
        return found

    def say(self, control: int, text: str) -> None:
        """Add a line to the log of a control."""
        if self._out < 0:
            return
        body = bytes((control, ADD)) + text.encode() + b"\n"
        try:
            os.write(self._out, SYNC + len(body).to_bytes(3) + body)
        except BlockingIOError:  # a log that is not read is full
            return

    def close(self) -> None:
        """Close both pipes."""
        for descriptor in (self._in, self._out):
            if descriptor >= 0:
                os.close(descriptor)
        self._in = self._out = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
