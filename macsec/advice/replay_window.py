"""The replay window that loses no frame, from the order in which PNs arrive (802.1AE 10.6.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from macsec.frames import FrameBatch
from macsec.terms import (
    ADDRESSES_LENGTH,
    VLAN_TAG_LENGTH,
    VLAN_TPIDS,
    WINDOW_LIMIT_XPN,
)
from macsec.time_units import NS_PER_S

REACH = 1 << 16
"""PNs behind the highest one of which is known if they have arrived."""
HALF = 1 << 31
LEAP = 1 << 30
"""A PN that is this far ahead, or `REACH` behind, is another SAK or no frame of this sender."""
_SC, _ES, _E_C = 0x20, 0x40, 0x0C


@dataclass(slots=True)
class _Order:
    """The order of the PNs of one SA, as numbers that do not wrap; `apart`: the last far off."""

    highest: int
    lowest: int
    apart: int | None = None
    missing: set[int] = field(default_factory=set)


@dataclass(slots=True)
class ChannelOrder:
    """The frames of one SC in their order. `behind`: frames by their distance from the highest PN.

    `repeated`: PNs that came before. `apart`: frames whose PN is far off: another SAK, or a forged
    frame, since no ICV is checked.
    """

    sci: int
    frames: int = 0
    repeated: int = 0
    apart: int = 0
    behind: Counter[int] = field(default_factory=Counter)
    first_ns: int = 0
    last_ns: int = 0
    _an: int = -1
    _orders: dict[int, _Order] = field(default_factory=dict)

    @property
    def late(self) -> int:
        """Frames with a PN below one that came before."""
        return self.behind.total()

    @property
    def window(self) -> int:
        """The least replayWindow under which no frame is late."""
        return max(self.behind, default=-1) + 1

    @property
    def seconds(self) -> float:
        """The time from the first frame to the last."""
        return (self.last_ns - self.first_ns) / NS_PER_S

    @property
    def rate(self) -> float:
        """Frames a second; 0 where all have one time."""
        return (self.frames - 1) / self.seconds if self.seconds > 0 else 0.0

    def lost_with(self, window: int) -> int:
        """Return the frames that a window makes late."""
        return sum(number for behind, number in self.behind.items() if behind >= window)

    def exposure_s(self, window: int) -> float | None:
        """Return for how long a recorded frame can be replayed at this rate, None without one."""
        return window / self.rate if self.rate else None

    def hear(self, an: int, pn: int, time_ns: int) -> None:
        """Add the next frame: its AN, and the 32 bits of its PN."""
        if not self.frames:
            self.first_ns = time_ns
        self.frames += 1
        self.last_ns = time_ns
        order = self._order(an, pn)
        step = (pn - order.highest + HALF) % (2 * HALF) - HALF
        number = order.highest + step
        if not -REACH <= step <= LEAP:
            self._is_apart(an, order, pn)
        elif step > 0:
            order.missing.update(range(max(order.highest + 1, number - REACH), number))
            order.highest = number
            if len(order.missing) > 2 * REACH:
                order.missing = {each for each in order.missing if each > number - REACH}
        elif number in order.missing:
            order.missing.remove(number)
            self._is_behind(order, number)
        elif number < order.lowest:
            order.missing.update(range(max(number + 1, order.lowest - REACH), order.lowest))
            order.lowest = number
            self._is_behind(order, number)
        else:
            self.repeated += 1

    def _is_apart(self, an: int, order: _Order, pn: int) -> None:
        """Count a frame whose PN is far off; with a second one near it, PNs go on from there."""
        self.apart += 1
        if order.apart is not None and 0 < (pn - order.apart) % (2 * HALF) <= REACH:
            self._orders[an] = _Order(pn, order.apart)
        order.apart = pn

    def _is_behind(self, order: _Order, number: int) -> None:
        self.behind[order.highest - number] += 1

    def _order(self, an: int, pn: int) -> _Order:
        """Return the order of an SA. An AN that comes back with lower PNs has another SAK."""
        order = self._orders.get(an)
        if order is not None and an != self._an:
            step = (pn - order.highest + HALF) % (2 * HALF) - HALF
            if step < -REACH or step > LEAP or (step < 0 and order.highest + step < order.lowest):
                order = None
        if order is None:
            order = self._orders[an] = _Order(pn - 1, pn)
            self._an = an
        return order


class Reordering:
    """The order of the frames of every SC of a capture, by SCI."""

    def __init__(self, ethertype: int) -> None:
        self.channels: dict[int, ChannelOrder] = {}
        self.frames = 0
        self._ethertype = ethertype

    def hear(self, batch: FrameBatch) -> None:
        """Add the frames of a batch; those without a SecTAG only count."""
        self.frames += len(batch)
        rows, at = _tags(batch, self._ethertype)
        if not len(rows):
            return
        tci, pns = batch.arena[at + 2], _number(batch.arena, at + 4, 4)
        explicit = (tci & _SC) != 0
        scis = np.where(
            explicit & (batch.start[rows] + batch.length[rows] >= at + 16),
            _number(batch.arena, np.minimum(at + 8, len(batch.arena) - 8), 8),
            _number(batch.arena, batch.start[rows] + 6, 6) << np.uint64(16) | np.uint64(1),
        )
        columns = (scis, tci & 3, pns, batch.time_ns[rows])
        for sci, an, pn, time_ns in zip(*(each.tolist() for each in columns), strict=True):
            self.hear_frame(sci, an, pn, time_ns)

    def hear_frame(self, sci: int, an: int, pn: int, time_ns: int) -> None:
        """Add one frame."""
        channel = self.channels.get(sci)
        if channel is None:
            channel = self.channels[sci] = ChannelOrder(sci)
        channel.hear(an, pn, time_ns)

    @property
    def window(self) -> int:
        """The least replayWindow under which no frame of any SC is late."""
        return max((each.window for each in self.channels.values()), default=0)


def _number(arena: NDArray[np.uint8], at: NDArray[np.int64], octets: int) -> NDArray[np.uint64]:
    number = np.zeros(len(at), np.uint64)
    for offset in range(octets):
        number = number << np.uint64(8) | arena[at + offset]
    return number


def _tags(batch: FrameBatch, ethertype: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of frames of data with a SecTAG, and where it begins in the arena."""
    rows = np.arange(len(batch), dtype=np.int64)
    at = batch.start + ADDRESSES_LENGTH
    end = batch.start + batch.length
    for _ in range(3):
        room = at + 8 <= end
        rows, at, end = rows[room], at[room], end[room]
        kind = _number(batch.arena, at, 2)
        tagged = np.isin(kind, [*VLAN_TPIDS])
        at = at + np.where(tagged, VLAN_TAG_LENGTH, 0)
        if not tagged.any():
            break
    room = at + 8 <= end
    rows, at = rows[room], at[room]
    tci = batch.arena[at + 2]
    # E without C is for the KaY alone (9.5), V is 0 (9.5)
    data = (_number(batch.arena, at, 2) == ethertype) & (tci & 0x80 == 0) & (tci & _E_C != 0x08)
    return rows[data], at[data]


def advised(window: int, limit: int = WINDOW_LIMIT_XPN) -> int:
    """Return the window to set: the next power of two, since a longer run reorders more."""
    return min(1 << (window - 1).bit_length(), limit) if window else 0


def steps(channel: ChannelOrder) -> Iterator[tuple[int, int]]:
    """Yield windows, 0 and powers of two up to the one that is advised, and the frames lost."""
    yield 0, channel.lost_with(0)
    window, last = 1, advised(channel.window)
    while window <= last:
        yield window, channel.lost_with(window)
        window *= 2
