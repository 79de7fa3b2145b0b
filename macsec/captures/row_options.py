"""Options of packets on their way into a pcapng file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from . import formats
from .emit import Job, option

_COMMENT_MOST = 65_535


class RowOptions:
    """The options of packets beside flags: by row, encoded; and comments to add."""

    def __init__(
        self, comments: Sequence[str | None] | None, encoded: dict[int, bytes], first: int = 0
    ) -> None:
        self._comments = comments if comments is not None and any(comments) else None
        self._encoded, self._first = encoded, first

    def of_rows(self, first: int, last: int) -> RowOptions:
        """Return the options of a range of rows."""
        comments = None if self._comments is None else self._comments[first:last]
        return RowOptions(comments, self._encoded, self._first + first)

    def add_to(self, job: Job) -> None:
        """Put the options into a job."""
        if self._comments is None and not self._encoded:
            return
        places: dict[bytes, tuple[int, int]] = {b"": (0, 0)}
        pieces, size, rows = [], 0, []
        for row in range(len(job.batch)):
            octets = self._of_row(row)
            if octets not in places:
                places[octets] = (size, len(octets))
                pieces.append(octets)
                size += len(octets)
            rows.append(places[octets])
        table = np.array(rows, np.int64)
        job.options = np.frombuffer(b"".join(pieces), np.uint8)
        job.options_start = np.ascontiguousarray(table[:, 0])
        job.options_length = np.ascontiguousarray(table[:, 1])

    def _of_row(self, row: int) -> bytes:
        octets = self._encoded.get(self._first + row, b"")
        text = None if self._comments is None else self._comments[row]
        return octets + _comment(text) if text else octets


@lru_cache(256)
def _comment(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    if len(octets) > _COMMENT_MOST:
        octets = octets[:_COMMENT_MOST].decode("utf-8", "ignore").encode()
    return option(formats.OPT_COMMENT, octets)
