"""Columns that C made: arrays at the first look at them.

A result has eleven arrays, and most callers read two or three. An array takes as long to make as
ten short frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np


class Held:
    """Base of what C makes: `_held` has the columns that are not arrays yet (None: there are none).

    A slot that is still empty gets its array at the first look at it.
    """

    __slots__ = ("_held",)

    _held: Any

    if not TYPE_CHECKING:  # it would let any name pass

        def __getattr__(self, name: str) -> Any:
            """Return an array whose slot is still empty, and fill the slot."""
            if name.startswith("_") or name not in type(self).__slots__:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            array = array_of(self._held.part(name))
            object.__setattr__(self, name, array)
            return array


def array_of(part: Any) -> Any:
    """Return the array of a part of a result, read-only."""
    if not isinstance(part, tuple):
        return part
    buffer, kind, offset, rows = part
    array = np.frombuffer(buffer, kind, rows, offset)
    array.setflags(write=False)
    return array
