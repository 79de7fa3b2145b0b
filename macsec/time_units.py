"""Units of time as whole numbers: clocks count nanoseconds, the virtual wire picoseconds."""

from __future__ import annotations

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

PS_PER_NS = 1_000
PS_PER_S = 1_000_000_000_000
