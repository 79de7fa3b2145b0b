"""A stream that gives few octets at a time."""

from __future__ import annotations

import io


class Dribble(io.RawIOBase):
    """Gives a few octets at a time."""

    def __init__(self, octets, step):
        self._octets, self._step = octets, step

    def readable(self):
        """It is."""
        return True

    def readinto(self, view):
        """As few as the step."""
        step = min(self._step, len(view))
        part, self._octets = self._octets[:step], self._octets[step:]
        view[: len(part)] = part
        return len(part)
