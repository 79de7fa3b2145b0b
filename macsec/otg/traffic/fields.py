"""A header as fields: each has a width and values that repeat over the frames of a flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm


@dataclass(frozen=True, slots=True)
class HeaderField:
    """A field. `values` repeat; None where a length or a type of the frame goes."""

    name: str
    width: int
    values: Sequence[int] | None

    def at(self, number: int, automatic: int = 0) -> int:
        """Return its value in a frame."""
        if self.values is None:
            return automatic & ((1 << self.width) - 1)
        return self.values[number % len(self.values)]


@dataclass(frozen=True, slots=True)
class Fields:
    """A header of whole octets. `period`: frames after which its values repeat."""

    fields: tuple[HeaderField, ...]

    @property
    def octets(self) -> int:
        """Its length."""
        return sum(field.width for field in self.fields) // 8

    @property
    def period(self) -> int:
        """The frames after which all values repeat."""
        return lcm(*(len(field.values or (0,)) for field in self.fields))

    def encode(self, number: int, automatic: dict[str, int]) -> bytes:
        """Return the header of a frame; `automatic`: values of fields that have none."""
        value = 0
        for field in self.fields:
            value = value << field.width | field.at(number, automatic.get(field.name, 0))
        return value.to_bytes(self.octets)
