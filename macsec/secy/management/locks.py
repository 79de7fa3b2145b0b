"""Locks on what a manager can write: each by itself, and none binds the KaY (10.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from macsec.errors import ConfigError

OBJECTS = ("tx_sc", "tx_sa", "rx_sc", "rx_sa", "pn", "counters")
"""Writes beside those of the controls: SCs, SAs, their PNs, and counters set to zero."""


class LockedWrite(ConfigError):
    """A write to something that is locked; `name` says to what."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is locked: locks.open({name!r}) unlocks it")
        self.name = name


class Locks:
    """The locks of a SecY, all open at first: one for each control, and for each of OBJECTS.

    A KaY works through the same calls, and is not bound: it acts within `lifted`.
    """

    def __init__(self, controls: Iterable[str]) -> None:
        self.names = (*controls, *OBJECTS)
        self._closed: set[str] = set()
        self._lifted = 0

    def close(self, *names: str) -> None:
        """Lock some names. Raises ConfigError for a name that is unknown."""
        self._closed.update(self._known(names))

    def open(self, *names: str) -> None:
        """Unlock some names. Raises ConfigError for a name that is unknown."""
        self._closed.difference_update(self._known(names))

    @property
    def closed(self) -> frozenset[str]:
        """The names that are locked."""
        return frozenset(self._closed)

    def check(self, names: Iterable[str]) -> None:
        """Raise LockedWrite if one of these names is locked."""
        if self._closed and not self._lifted:
            for name in names:
                if name in self._closed:
                    raise LockedWrite(name)

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Context in which no lock acts."""
        self._lifted += 1
        try:
            yield
        finally:
            self._lifted -= 1

    def _known(self, given: tuple[str, ...]) -> tuple[str, ...]:
        for name in given:
            if name not in self.names:
                raise ConfigError(f"lock {name!r}: one of {', '.join(self.names)}")
        return given
