"""Damage in a capture: what was passed over, and where the records of a pcap file go on."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from macsec.errors import FormatError
from macsec.frames import Octets
from macsec.time_units import NS_PER_S

from . import formats
from .index import Layout

_DAY_S = 86_400
_FIRST_LOOK = 1024  # octets
_FAULTS_KEPT = 16


class PassedOver:
    """Packets that are not delivered: `skipped` by link type, and `damaged` ones.

    `faults`: the first of these, and of records and blocks that were read in part.
    """

    def __init__(self) -> None:
        self.skipped: Counter[int] = Counter()
        self.faults: list[FormatError] = []
        self.damaged = self._noted = 0
        self._first_skipped: int | None = None

    @property
    def count(self) -> int:
        """Number of packets passed over."""
        return self.skipped.total() + self.damaged

    def note(self, where: str, reason: str, offset: int) -> None:
        """Note a fault: the record or block, and its offset in the stream."""
        self._noted += 1
        if len(self.faults) < _FAULTS_KEPT:
            self.faults.append(FormatError(f"{where}: {reason}", offset))

    def skip(self, link_type: int, offset: int) -> None:
        """Count a packet of another link type."""
        self.skipped[link_type] += 1
        if self._first_skipped is None:
            self._first_skipped = offset

    def error(self, last: FormatError | None = None) -> FormatError | None:
        """Return all as one error, at the offset of `last`, which ended the read, or of the first.

        None if there is nothing to report.
        """
        if not self.faults and not self.skipped:
            return last
        texts = [] if last is None else [last.reason]
        offset = self._first_skipped if last is None else last.offset
        if self.faults:
            more = f" (and {self._noted - 1:,} more)" if self._noted > 1 else ""
            texts.append(f"{self.faults[0].reason}{more}")
            offset = self.faults[0].offset if last is None else offset
        for link_type, count in sorted(self.skipped.items()):
            name, packets = formats.link_type_name(link_type), "packet" if count == 1 else "packets"
            texts.append(f"{count} {packets} of link type {name} skipped: only Ethernet is read")
        return FormatError("; ".join(texts), offset)


def next_record(octets: Octets, whole: bool, layout: Layout, tick_ns: int) -> int | None:
    """Return where the records of a pcap file go on, behind a damaged one at the front.

    That is a place with the headers of two records in a row, with times within a day of each other
    and lengths and fractions that can be; if the octets are `whole`, the last record is enough.
    """
    first, size = 0, _FIRST_LOOK
    while first < len(octets):
        looked = octets[first : first + size + 15]
        for place in np.flatnonzero(_likely(looked, layout, tick_ns)).tolist():
            if first + place and _goes_on(octets, first + place, whole, layout, tick_ns):
                return first + place
        first, size = first + size, size * 8
    return None


def _goes_on(octets: Octets, place: int, whole: bool, layout: Layout, tick_ns: int) -> bool:
    """Return whether a record follows that of a likely header, or the end."""
    seconds, _, one, other = (int(each[0]) for each in _fields(octets[place : place + 16], layout))
    after = place + layout.record_header + (one, other, min(one, other))[layout.swapped]
    if after >= len(octets):
        return whole and after == len(octets)
    following = octets[after : after + 16]
    if len(following) < 16 or not _likely(following, layout, tick_ns)[0]:
        return False
    return abs(int(_fields(following, layout)[0][0]) - seconds) <= _DAY_S


def _likely(octets: Octets, layout: Layout, tick_ns: int) -> NDArray[np.bool_]:
    """Return for each place whether the header of a record with octets can be there."""
    _, fraction, one, other = _fields(octets, layout)
    found: NDArray[np.bool_] = np.minimum(one, other) > 0
    found &= np.maximum(one, other) <= formats.MAX_CAPTURED
    found &= fraction * tick_ns < NS_PER_S
    return found


def _fields(octets: Octets, layout: Layout) -> tuple[NDArray[np.int64], ...]:
    """Return the four fields of the header of a record, at every place where one fits."""
    places = max(len(octets) - 15, 0)
    number = np.dtype(">u4" if layout.big else "<u4")
    return tuple(
        np.ndarray((places,), number, octets.data, at if places else 0, (1,)).astype(np.int64)
        for at in (0, 4, 8, 12)
    )
