"""Frames of a capture that no station can send again: cut ones, runts, and too long ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from macsec.terms import ADDRESSES_LENGTH

from .batch import FrameBatch
from .columns import Flags


@dataclass(slots=True)
class Unsent:
    """Counts of frames that were not sent, by reason.

    `cut`: by the snap length of the capture. `runts`: no octet after the
    two addresses. `too_long`: longer than the
    MTU of the sending host allows.
    """

    cut: int = 0
    runts: int = 0
    too_long: int = 0

    @property
    def frames(self) -> int:
        """All of them."""
        return self.cut + self.runts + self.too_long

    def add(self, batch: FrameBatch) -> Flags:
        """Count the cut frames and the runts of a batch; flag the frames that can be sent."""
        whole = is_whole(batch)
        sendable: Flags = whole & (batch.length > ADDRESSES_LENGTH)
        self.cut += len(batch) - int(np.count_nonzero(whole))
        self.runts += int(np.count_nonzero(whole)) - int(np.count_nonzero(sendable))
        return sendable


def is_whole(batch: FrameBatch) -> Flags:
    """Return for each frame whether the capture has all its octets."""
    whole: Flags = batch.length == batch.wire_length
    return whole
