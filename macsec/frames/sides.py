"""Side of a link that each frame comes from, by its addresses alone.

A greedy two-colouring, one frame after the other, so that a capture can be a stream. The first
source is on side A. The sender of a unicast frame is on the side opposite its destination. A
station seen only with group addresses counts as side B until a unicast frame decides.

At most STATIONS_MOST stations are remembered. After that the same rules apply to a frame of a new
station, but the station is not remembered.
"""

from __future__ import annotations

import numpy as np

from macsec.terms import ADDRESSES_LENGTH

from .batch import FrameBatch
from .columns import GROUP, Addresses, KnownStations, Sides, addresses, known_sides

A, B = 0, 1
UNKNOWN = -1
STATIONS_MOST = 1 << 18
"""Limit on remembered stations: 4 MiB, however many addresses a flood invents."""


class Split:
    """Memory of the side of each station, up to a limit."""

    def __init__(self, most: int = STATIONS_MOST) -> None:
        self._most = most
        self._stations: Addresses = np.zeros(0, np.uint64)  # sorted
        self._sides: Sides = np.zeros(0, np.int64)

    def sides(self, batch: FrameBatch) -> Sides:
        """Return side A (0) or B (1) of each frame's sender. Batches must come in order."""
        sides = known_sides(batch, KnownStations(self._stations, self._sides))
        return self._learned(batch) if sides is None else sides

    def _learned(self, batch: FrameBatch) -> Sides:
        whole = batch.length >= ADDRESSES_LENGTH
        if whole.all():
            return self._of(*addresses(batch))
        sides = np.full(len(batch), A, np.int64)  # a frame too short for addresses
        sides[whole] = self._of(*addresses(batch.take(whole)))
        return sides

    def _of(self, destinations: Addresses, sources: Addresses) -> Sides:
        """A known side never changes, so only frames with a new station are handled singly."""
        sides, opposite = self._find(sources), self._find(destinations)
        unicast = (destinations & GROUP) == 0
        new = (sides == UNKNOWN) | (unicast & (opposite == UNKNOWN))
        if not new.any():
            return sides
        if len(self._stations) and not (new & unicast).any():
            return np.where(sides == UNKNOWN, B, sides)
        rows = np.flatnonzero(new)
        columns = (sources, destinations, sides, opposite, unicast)
        frames = zip(*(column[rows].tolist() for column in columns), strict=True)
        met = _Met(len(self._stations), self._most)
        sides[rows] = [met.side(*frame) for frame in frames]
        self._remember(met.sides)
        return sides

    def _find(self, stations: Addresses) -> Sides:
        if not len(self._stations):
            return np.full(len(stations), UNKNOWN, np.int64)
        places = np.searchsorted(self._stations, stations)
        places[places == len(self._stations)] = 0
        return np.where(self._stations[places] == stations, self._sides[places], UNKNOWN)

    def _remember(self, met: dict[int, int]) -> None:
        stations = np.array(sorted(met), np.uint64)
        places = np.searchsorted(self._stations, stations)
        sides = np.array([met[station] for station in stations.tolist()], np.int64)
        self._stations = np.insert(self._stations, places, stations)
        self._sides = np.insert(self._sides, places, sides)


class _Met:
    """New stations of a batch."""

    def __init__(self, known: int, most: int) -> None:
        self.sides: dict[int, int] = {}
        self._known, self._most = known, most

    def side(self, source: int, to: int, known: int, known_to: int, unicast: bool) -> int:
        """Return the side of one frame's sender; `known`, `known_to`: sides before the batch."""
        side = self.sides.get(source, UNKNOWN) if known == UNKNOWN else known
        side_to = self.sides.get(to, UNKNOWN) if known_to == UNKNOWN else known_to
        if side == UNKNOWN:
            if not unicast and self._known + len(self.sides):
                return B
            side = 1 - side_to if unicast and side_to != UNKNOWN else A
            self._meet(source, side)
        if unicast and side_to == UNKNOWN:
            self._meet(to, 1 - side)
        return side

    def _meet(self, station: int, side: int) -> None:
        if self._known + len(self.sides) < self._most:
            self.sides.setdefault(station, side)
