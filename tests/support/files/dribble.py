"""Stream that returns few octets at a time."""

from __future__ import annotations

import io


class Dribble(io.RawIOBase):
    """File object whose reads return at most `step` octets."""

    def __init__(self, octets, step):
        self._octets, self._step = octets, step

    def readable(self):
        """Return True."""
        return True

    def readinto(self, view):
        """Read at most `step` octets."""
        step = min(self._step, len(view))
        part, self._octets = self._octets[:step], self._octets[step:]
        view[: len(part)] = part
        return len(part)
