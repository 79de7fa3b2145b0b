"""Which SAs use which key with which SSCI: an SSCI belongs to one SCI under one SAK (10.7.13)."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where an SA is."""

    sci: int
    an: int
    transmit: bool


class Use(NamedTuple):
    """What it uses: a SAK, by its check value, and an SSCI (0 where the suite has none)."""

    check_value: str
    ssci: int


class Uses:
    """The uses of all SAs of a SecY, found from both sides in a step however many there are."""

    def __init__(self) -> None:
        self._by_place: dict[Place, Use] = {}
        self._places: dict[Use, set[Place]] = {}

    def __len__(self) -> int:
        return len(self._by_place)

    def other_sci(self, use: Use, sci: int) -> int | None:
        """The SCI of an SA with the same use on another SC, or None.

        Whoever asks before each `put` never lets two SCIs share a use; then this takes a step.
        """
        return next((place.sci for place in self._places.get(use, ()) if place.sci != sci), None)

    def put(self, place: Place, use: Use) -> None:
        """The SA at a place now uses this, in place of what it used before."""
        if place in self._by_place:
            self.drop(place)
        self._by_place[place] = use
        self._places.setdefault(use, set()).add(place)

    def drop(self, place: Place) -> None:
        """The SA at a place is gone."""
        use = self._by_place.pop(place)
        places = self._places[use]
        places.remove(place)
        if not places:
            del self._places[use]
