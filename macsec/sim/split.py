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

Sides = NDArray[np.int64]


class Split:
    """Remembers the side of each station met."""

    def __init__(self) -> None:
        self._side: dict[int, int] = {}

    def sides(self, batch: FrameBatch) -> Sides:
        """Side A (0) or B (1) of each frame's sender. Batches are given in their order."""
        known = self._side
        found = np.zeros(len(batch), np.int64)
        whole = np.flatnonzero(batch.length >= ADDRESSES_LENGTH)  # a shorter one is of side A
        destinations, sources = addresses(batch.take(whole))
        for row, destination, source in zip(
            whole.tolist(), destinations.tolist(), sources.tolist(), strict=True
        ):
            side = known.get(source)
            if side is None or (destination not in known and not destination & _GROUP):
                side = self._meet(source, destination)
            found[row] = side
        return found

    def side(self, station: int) -> int | None:
        """The side of a station by its address as a number; None while it is not known."""
        return self._side.get(station)

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


def addresses(batch: FrameBatch) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Destination and source of each frame as numbers; all frames hold 12 octets."""
    octets = np.zeros((len(batch), 2, 8), np.uint8)
    where = batch.start[:, None] + np.arange(ADDRESSES_LENGTH)
    octets[:, :, 2:] = batch.arena[where].reshape(-1, 2, 6)
    numbers = octets.view(">u8")[:, :, 0]
    return numbers[:, 0], numbers[:, 1]
