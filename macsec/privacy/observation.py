"""Sizes and gaps of frames: all that a wiretap on a privacy channel can see."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from macsec.frames import FrameBatch


@dataclass(slots=True)
class Observation:
    """Distributions over the frames so far: by length in octets, and by gap in ns."""

    frames: int = 0
    sizes: Counter[int] = field(default_factory=Counter)
    gaps: Counter[int] = field(default_factory=Counter)
    addresses: Counter[bytes] = field(default_factory=Counter)
    _last: int | None = None

    def add(self, batch: FrameBatch) -> None:
        """Take the frames of a batch."""
        self.frames += len(batch)
        self.sizes.update(batch.wire_length.tolist())
        self.addresses.update(frame[:12] for frame in batch)
        times = batch.time_ns if self._last is None else np.append(self._last, batch.time_ns)
        self.gaps.update(np.diff(times).tolist())
        self._last = int(times[-1]) if len(times) else None

    @property
    def gap_spread_ns(self) -> int:
        """The difference of the longest and the shortest gap; 0 for under two gaps."""
        return max(self.gaps) - min(self.gaps) if self.gaps else 0

    @property
    def constant(self) -> bool:
        """True if all frames have one size and one pair of addresses, and gaps vary by 1 ns."""
        return len(self.sizes) <= 1 and len(self.addresses) <= 1 and self.gap_spread_ns <= 1
