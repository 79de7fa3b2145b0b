"""A wire between two Common Ports. This one loses, changes and delays nothing."""

from __future__ import annotations

from dataclasses import dataclass

from macsec.frames import FrameBatch


@dataclass(slots=True)
class Meter:
    """What went into one end of a wire."""

    frames: int = 0
    octets: int = 0


class Wire:
    """Two ends, 0 and 1: what is sent into one arrives at the other, in order."""

    def __init__(self) -> None:
        self.sent = (Meter(), Meter())

    def carry(self, end: int, batch: FrameBatch) -> FrameBatch:
        """Frames sent into an end; gives those that arrive at the other."""
        meter = self.sent[end]
        meter.frames += len(batch)
        meter.octets += batch.octets
        return batch
