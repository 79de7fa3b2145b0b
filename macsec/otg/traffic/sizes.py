"""The sizes of a flow's frames, with FCS."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from macsec.otg.model.flows import Size, WeightedSize
from macsec.wire.random_streams import RandomStream, start_of

_SHARES = 1 << 32

Sizes = Callable[[int], int]
"""The size of frame n, asked for in order."""


def sizes_of(size: Size, seed: int, flow: str) -> Sizes:
    """Return the sizes of a flow; random ones follow from the seed and the name of the flow."""
    stream = RandomStream(start_of(seed, f"otg {flow}", 0, "sizes"))
    steps, span = size.increment, size.random
    if size.choice == "increment":
        count = max(0, steps.end - steps.start) // steps.step + 1
        return lambda number: steps.start + number % count * steps.step
    if size.choice == "random":
        return lambda _: span.min + stream.below(max(0, span.max - span.min) + 1)
    if size.choice == "weight_pairs":
        return _weighted(size.weight_pairs.pairs, stream)
    return lambda _: size.fixed


def bounds_of(size: Size) -> tuple[int, int]:
    """Return the least and the greatest size."""
    if size.choice == "increment":
        return size.increment.start, size.increment.end
    if size.choice == "random":
        return size.random.min, size.random.max
    if size.choice == "weight_pairs":
        sizes = [pair.size for pair in size.weight_pairs.pairs]
        return min(sizes), max(sizes)
    return size.fixed, size.fixed


def _weighted(pairs: list[WeightedSize], stream: RandomStream) -> Sizes:
    total = sum(pair.weight for pair in pairs)
    limits = [round(part / total * _SHARES) for part in accumulate(pair.weight for pair in pairs)]
    return lambda _: pairs[min(bisect_right(limits, stream.below(_SHARES)), len(pairs) - 1)].size
