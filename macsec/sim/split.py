"""Which side of a link a frame comes from, told by its addresses alone.

A greedy two-colouring, one frame after the other, so that a capture can be a stream: the first
source is side A; who talks to a station in unicast is on the other side of it. A station met only
through group addresses is taken for side B until a unicast frame tells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from macsec.frames import FrameBatch
from macsec.terms import ADDRESSES_LENGTH

A, B = 0, 1
_GROUP = 1 << 40
INDEX_LIMIT = 1 << 16
"""Past so many stations the index is not made anew for each batch that brings another."""

Sides = NDArray[np.int64]
Addresses = NDArray[np.uint64]


class Split:
    """Remembers the side of each station met."""

    def __init__(self) -> None:
        self._side: dict[int, int] = {}
        self._index = _Index(self._side)

    def sides(self, batch: FrameBatch) -> Sides:
        """Side A (0) or B (1) of each frame's sender. Batches are given in their order."""
        whole = np.flatnonzero(batch.length >= ADDRESSES_LENGTH)
        destinations, sources = addresses(batch.take(whole))
        found = self._index.look_up(destinations, sources)
        if found is None:
            found = np.array(
                [
                    self._meet(source, destination)
                    for source, destination in zip(
                        sources.tolist(), destinations.tolist(), strict=True
                    )
                ],
                np.int64,
            )
            if len(self._side) <= INDEX_LIMIT:
                self._index = _Index(self._side)
        sides = np.zeros(len(batch), np.int64)  # a frame too short for addresses is of side A
        sides[whole] = found
        return sides

    def _meet(self, source: int, destination: int) -> int:
        unicast = not destination & _GROUP
        if source not in self._side:
            opposite = self._side.get(destination) if unicast else None
            if opposite is not None:
                self._side[source] = 1 - opposite
            elif unicast or not self._side:
                self._side[source] = A
            else:
                return B
        side = self._side[source]
        if unicast:
            self._side.setdefault(destination, 1 - side)
        return side


class _Index:
    """The stations met so far, sorted: most batches bring no new one and need no loop."""

    def __init__(self, side: dict[int, int]) -> None:
        self._stations = np.array(sorted(side), np.uint64)
        self._sides = np.array([side[station] for station in sorted(side)], np.int64)

    def look_up(self, destinations: Addresses, sources: Addresses) -> Sides | None:
        """The side of each source; None if anyone is new."""
        if not len(self._stations):
            return None
        places, known = self._find(sources)
        if not known.all():
            return None
        _, met = self._find(destinations)
        if not (met | (destinations & np.uint64(_GROUP) != 0)).all():
            return None
        return self._sides[places]

    def _find(self, stations: Addresses) -> tuple[Sides, NDArray[np.bool_]]:
        places = np.searchsorted(self._stations, stations)
        places[places == len(self._stations)] = 0
        return places, self._stations[places] == stations


def addresses(batch: FrameBatch) -> tuple[Addresses, Addresses]:
    """Destination and source of each frame as numbers; all frames hold 12 octets."""
    octets = np.zeros((len(batch), 2, 8), np.uint8)
    where = batch.start[:, None] + np.arange(ADDRESSES_LENGTH)
    octets[:, :, 2:] = batch.arena[where].reshape(-1, 2, 6)
    numbers = octets.view(">u8")[:, :, 0].astype(np.uint64)
    return numbers[:, 0], numbers[:, 1]
