"""A field of a header over the frames of a flow: one value, a list, steps, or random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field

from macsec.wire.random_streams import RandomStream

from .base import Choice, Part
from .field_types import Positive

V = TypeVar("V", bound=int)
LENGTH_MOST = 1 << 16
"""Values of a pattern, at most."""
_Length = Annotated[int, Field(ge=1, le=LENGTH_MOST)]


class Counter(Part, Generic[V]):
    """Values from a start on."""

    start: V = 0  # type: ignore[assignment]
    step: V = 1  # type: ignore[assignment]
    count: _Length = 1


class Randomly(Part, Generic[V]):
    """Random values, the same for one seed."""

    min: V = 0  # type: ignore[assignment]
    max: V | None = None
    seed: Positive = 1
    count: _Length = 1


class Pattern(Choice, Generic[V]):
    """The values of a field, which repeat; `auto`: the emulator has the value."""

    choice: Literal["value", "values", "increment", "decrement", "random", "auto"] = "value"
    value: V | None = None
    values: Annotated[list[V], Field(min_length=1, max_length=LENGTH_MOST)] | None = None
    increment: Counter[V] | None = None
    decrement: Counter[V] | None = None
    random: Randomly[V] | None = None
    auto: Any = None

    def over(self, width: int, default: int) -> Sequence[int] | None:
        """Return the values of a field of some bits; None for auto."""
        mask = (1 << width) - 1
        if self.choice == "auto":
            return None
        if self.choice == "values":
            return list(self.values) if self.values else [default]
        if self.choice == "random":
            return _drawn(self.random or Randomly(), mask)
        if self.choice == "value":
            return [default if self.value is None else self.value]
        counter = self.increment or self.decrement or Counter()
        step = -counter.step if self.choice == "decrement" else counter.step
        return [(counter.start + step * n) & mask for n in range(counter.count)]


def _drawn(random: Randomly[Any], most: int) -> list[int]:
    stream = RandomStream(random.seed)
    span = max(0, (most if random.max is None else random.max) - random.min) + 1
    return [random.min + stream.below(span) for _ in range(random.count)]


class Checksum(Choice):
    """A checksum: right, wrong, or a number."""

    choice: Literal["generated", "custom"] = "generated"
    generated: Literal["good", "bad"] = "good"
    custom: Annotated[int, Field(ge=0, le=65535)] | None = None
