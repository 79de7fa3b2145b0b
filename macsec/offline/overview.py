"""A capture in a few lines: its SCIs, their ANs, and which PNs are missing or there again."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from macsec.frames import FrameBatch
from macsec.frames.dissect import observe
from macsec.frames.sectag import TCI, TagRules
from macsec.terms import ADDRESSES_LENGTH, VLAN_TAG_LENGTH, VLAN_TPIDS

GAPS_MOST = 1 << 16
"""Ranges of missing PNs of a channel that late frames may still fill."""
KINDS_MOST = 1 << 10
"""EtherTypes that are counted one by one."""
_SECTAG = 16
_TAGS_MOST = 2
_NAMING = ~int(TCI.E | TCI.C) & 0xFF
"""Bits of the TCI that say which SC a frame is of, and its AN."""
_HALF, _FIELD = 1 << 31, (1 << 32) - 1
_Numbers = NDArray[np.int64]


class ChannelKey(NamedTuple):
    """SCI and AN; `source`: the sender of frames that have no SCI and imply none."""

    sci: int | None
    source: bytes | None
    an: int


@dataclass(slots=True)
class SeenChannel:
    """Frames of one SCI with one AN. `repeated`: PNs that were seen before; `late`: out of order.

    PNs are those of the SecTAG; `xpn`: they wrap, so later ones go on behind 2^32.
    """

    xpn: bool = False

    frames: int = 0
    octets: int = 0
    encrypted: int = 0
    first_pn: int = 0
    lowest_pn: int = 0
    highest_pn: int = 0
    repeated: int = 0
    late: int = 0
    _forgotten: int = 0
    _gaps: list[tuple[int, int]] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """PNs between the lowest and the highest that no frame has."""
        return self._forgotten + sum(stop - start for start, stop in self._gaps)

    def add(self, pns: _Numbers) -> None:
        """Take the PNs of frames, in order."""
        if not self.frames:
            self.first_pn = self.lowest_pn = int(pns[0])
            self.highest_pn = self.lowest_pn - 1
        self.frames += len(pns)
        if self.xpn:  # the nearest to the highest before
            pns = self.highest_pn + ((pns - self.highest_pn + _HALF) & _FIELD) - _HALF
        expected = np.arange(self.highest_pn + 1, self.highest_pn + 1 + len(pns))
        if np.array_equal(pns, expected):
            self.highest_pn += len(pns)
            return
        for pn in pns.tolist():
            self._add(pn)

    def _add(self, pn: int) -> None:
        if pn > self.highest_pn:
            self._miss(self.highest_pn + 1, pn)
            self.highest_pn = pn
        elif pn < self.lowest_pn:
            self._miss(pn + 1, self.lowest_pn)
            self.lowest_pn = pn
            self.late += 1
        else:
            self._fill(pn)

    def _miss(self, start: int, stop: int) -> None:
        """Remember a range of PNs that is missing; the lowest of too many counts and stays."""
        if start < stop:
            self._gaps.insert(bisect_right(self._gaps, (start, stop)), (start, stop))
        if len(self._gaps) > GAPS_MOST:
            start, stop = self._gaps.pop(0)
            self._forgotten += stop - start

    def _fill(self, pn: int) -> None:
        at = bisect_right(self._gaps, (pn, 1 << 64)) - 1
        if at < 0 or not self._gaps[at][0] <= pn < self._gaps[at][1]:
            self.repeated += 1
            return
        start, stop = self._gaps.pop(at)
        self.late += 1
        self._miss(pn + 1, stop)
        self._miss(start, pn)


class Overview:
    """Collects what a capture holds, batch by batch, in bounded memory. `faults`: by reason."""

    def __init__(self, rules: TagRules) -> None:
        self._rules = rules
        self.frames = self.octets = self.macsec = 0
        self._times: tuple[int, int] | None = None
        self.channels: dict[ChannelKey, SeenChannel] = {}
        self.others: Counter[int | None] = Counter()
        self.faults: Counter[str] = Counter()

    @property
    def span_ns(self) -> int:
        """The time from the earliest frame to the latest one."""
        return 0 if self._times is None else self._times[1] - self._times[0]

    @property
    def in_order(self) -> list[ChannelKey]:
        """The channels by SCI and AN."""
        return sorted(self.channels, key=lambda key: (key.sci or 0, key.source or b"", key.an))

    def add(self, batch: FrameBatch) -> None:
        """Take a batch of frames."""
        if not len(batch):
            return
        # A record without octets, as in a tail of zeros, has no time; others may not be in order.
        if len(times := batch.time_ns[batch.wire_length > 0]):
            seen = (int(times.min()), int(times.max()))
            first, last = self._times or seen
            self._times = min(first, seen[0]), max(last, seen[1])
        self.frames += len(batch)
        self.octets += int(batch.length.sum())
        at, ethertype = _ethertypes(batch)
        tagged = ethertype == self._rules.ethertype
        for kind, count in zip(*np.unique(ethertype[~tagged], return_counts=True), strict=True):
            known = None if kind < 0 else int(kind)
            if known in self.others or len(self.others) < KINDS_MOST:
                self.others[known] += int(count)
        rows = np.flatnonzero(tagged)
        self.macsec += len(rows)
        self._add_tags(batch, rows, at[rows])

    def _add_tags(self, batch: FrameBatch, rows: _Numbers, at: _Numbers) -> None:
        length = batch.length[rows].astype(np.int64)
        octets = _octets(batch, rows, at, _SECTAG)
        kind, sl = octets[:, 2], octets[:, 3]
        pn = octets[:, 4:8] @ (1 << np.arange(24, -1, -8))
        room = length - at
        self._count_faults(batch, rows, np.stack([kind, sl, pn == 0, np.minimum(room, 96)], 1))
        whole = room >= np.where(kind & TCI.SC, _SECTAG, _SECTAG - 8)
        for group in _groups(octets, np.flatnonzero(whole)):
            first = int(rows[group[0]])
            sight = observe(batch[first], self._rules)
            if sight.tag is None:
                continue
            source = None if sight.sci is not None else sight.source
            key = ChannelKey(sight.sci, source, sight.tag.an)
            channel = self.channels.setdefault(key, SeenChannel(self._rules.xpn))
            channel.octets += int(length[group].sum())
            channel.encrypted += int(np.count_nonzero(kind[group] & TCI.E))
            channel.add(pn[group])

    def _count_faults(self, batch: FrameBatch, rows: _Numbers, likeness: _Numbers) -> None:
        """Dissect one frame of each kind: the others of the kind have the same fault."""
        if not len(rows):
            return
        _, first, counts = np.unique(likeness, axis=0, return_index=True, return_counts=True)
        for row, count in zip(rows[first].tolist(), counts.tolist(), strict=True):
            fault = observe(batch[row], self._rules).fault
            if fault is not None:
                self.faults[fault] += count


def _groups(octets: _Numbers, rows: _Numbers) -> Iterable[_Numbers]:
    """Yield the rows of each TCI, AN and SCI; those without an SCI differ in their source."""
    if not len(rows):
        return
    keys = np.concatenate([octets[rows, 2:3] & _NAMING, octets[rows, 8:]], axis=1)
    explicit = (keys[:, 0] & TCI.SC) != 0
    keys[explicit, 9:] = 0
    keys[~explicit, 1:9] = 0
    _, inverse = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    yield from np.split(rows[order], np.cumsum(np.bincount(inverse.ravel()))[:-1])


def _ethertypes(batch: FrameBatch) -> tuple[_Numbers, _Numbers]:
    """Return the place of each EtherType behind at most two VLAN tags, and its value or -1."""
    every = np.arange(len(batch))
    at = np.full(len(batch), ADDRESSES_LENGTH, np.int64)
    for _ in range(_TAGS_MOST):
        found = _pair(batch, every, at)
        tags = np.isin(found, [*VLAN_TPIDS]) & (batch.length >= at + VLAN_TAG_LENGTH)
        at += VLAN_TAG_LENGTH * tags
    return at, _pair(batch, every, at)


def _pair(batch: FrameBatch, rows: _Numbers, at: _Numbers) -> _Numbers:
    two = _octets(batch, rows, at, 2)
    value = two[:, 0] << 8 | two[:, 1]
    return np.where(batch.length[rows] >= at + 2, value, -1)


def _octets(batch: FrameBatch, rows: _Numbers, at: _Numbers, count: int) -> _Numbers:
    """Return octets of frames from a place on, zeros behind their ends; then the source address."""
    start, end = batch.start[rows].astype(np.int64), batch.length[rows].astype(np.int64)
    arena = np.frombuffer(batch.arena, np.uint8)
    places = at[:, None] + np.arange(count)
    places = np.concatenate([places, np.broadcast_to(np.arange(6, 12), (len(rows), 6))], axis=1)
    inside = places < end[:, None]
    if not len(arena):
        return np.zeros(places.shape, np.int64)
    found = arena[np.minimum(start[:, None] + places, len(arena) - 1)].astype(np.int64)
    return np.where(inside, found, 0)
