"""Registry of the SSCIs in use: an SSCI belongs to one SCI under one SAK (10.7.13)."""

from __future__ import annotations

from typing import NamedTuple


class SAPlace(NamedTuple):
    """Position of an SA: its SC, its AN, and the direction."""

    sci: int
    an: int
    transmit: bool


class SSCIUse(NamedTuple):
    """A SAK, by its check value, with an SSCI (0 if the suite has none)."""

    check_value: str
    ssci: int


class SSCIRegistry:
    """SSCI uses of all SAs of a SecY, looked up by SA and by use in constant time."""

    def __init__(self) -> None:
        self._by_place: dict[SAPlace, SSCIUse] = {}
        self._places: dict[SSCIUse, set[SAPlace]] = {}

    def __len__(self) -> int:
        return len(self._by_place)

    def other_sci(self, use: SSCIUse, sci: int) -> int | None:
        """Return the SCI of an SA with the same use on another SC, or None.

        Takes constant time if the caller asks before each `put`: then no two SCIs share a use.
        """
        return next((place.sci for place in self._places.get(use, ()) if place.sci != sci), None)

    def put(self, place: SAPlace, use: SSCIUse) -> None:
        """Record the use of the SA at a place, instead of its earlier one."""
        if place in self._by_place:
            self.drop(place)
        self._by_place[place] = use
        self._places.setdefault(use, set()).add(place)

    def drop(self, place: SAPlace) -> None:
        """Forget the SA at a place."""
        use = self._by_place.pop(place)
        places = self._places[use]
        places.remove(place)
        if not places:
            del self._places[use]
