"""Which CAKs are in use when: a key chain with start times and overlap, and a fallback.

Times are nanoseconds on the clock that drives the KaY. Both ends of a link keep a participant for
every key that is in its window; traffic follows the newest that reaches the same peers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from macsec.errors import ConfigError
from macsec.keys import Uncopyable

from .cak_holder import CakHolder, MemoryHolder

LOG = logging.getLogger("macsec")


@dataclass(frozen=True, slots=True, eq=False)
class ChainKey(Uncopyable):
    """A CAK and its window: from `start_ns` on, before `end_ns` (None: for ever).

    A `fallback` is kept up beside the others and carries traffic only while none of them does.
    """

    holder: CakHolder
    start_ns: int = 0
    end_ns: int | None = None
    fallback: bool = False

    def __post_init__(self) -> None:
        if self.end_ns is not None and self.end_ns <= self.start_ns:
            raise ConfigError(f"key {self.name}: it ends before it starts")

    @property
    def ckn(self) -> bytes:
        """The CAK's name."""
        return self.holder.ckn

    @property
    def name(self) -> str:
        """The CAK's name in hex, for people."""
        return self.ckn.hex()

    @property
    def preference(self) -> tuple[bool, int]:
        """The greater is preferred: no fallback, then the later start."""
        return not self.fallback, self.start_ns

    def active(self, now_ns: int) -> bool:
        """Whether a time is in the key's window."""
        return self.start_ns <= now_ns and (self.end_ns is None or now_ns < self.end_ns)


class KeyChain(Uncopyable):
    """The keys of one port by CKN, each CKN once. Raises ConfigError."""

    def __init__(self, keys: Iterable[ChainKey] = ()) -> None:
        self._keys: dict[bytes, ChainKey] = {}
        for key in keys:
            self.add(key)
        self._warn_of_gaps()

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: ChainKey) -> None:
        """Add a key; its CKN must be new, and there is one fallback at most."""
        if key.ckn in self._keys:
            raise ConfigError(f"key {key.name}: two keys of one port have this CKN")
        if key.fallback and any(other.fallback for other in self._keys.values()):
            raise ConfigError(f"key {key.name}: there is a fallback key already")
        self._keys[key.ckn] = key

    def remove(self, ckn: bytes) -> None:
        """Take a key out."""
        if self._keys.pop(ckn, None) is None:
            raise ConfigError(f"key {ckn.hex()}: there is none of this CKN")

    def active(self, now_ns: int) -> dict[bytes, ChainKey]:
        """The keys whose window it is, by CKN, the preferred first."""
        usable = (key for key in self._keys.values() if key.active(now_ns))
        ordered = sorted(usable, key=lambda key: key.preference, reverse=True)
        return {key.ckn: key for key in ordered}

    def next_change_ns(self, now_ns: int) -> int | None:
        """When the next window opens or closes."""
        times = (time for key in self._keys.values() for time in (key.start_ns, key.end_ns))
        return min((time for time in times if time is not None and time > now_ns), default=None)

    def wipe(self) -> None:
        """Overwrite the CAKs that are held in memory; the chain is of no use after this."""
        for key in self._keys.values():
            if isinstance(key.holder, MemoryHolder):
                key.holder.wipe()

    def _warn_of_gaps(self) -> None:
        """Keys that do not overlap leave the port without one: an outage at each rollover."""
        ordered = sorted(
            (key for key in self._keys.values() if not key.fallback), key=lambda key: key.start_ns
        )
        for i, key in enumerate(ordered[1:], 1):
            ends = [other.end_ns for other in ordered[:i]]
            if all(end is not None and end <= key.start_ns for end in ends):
                LOG.warning("key chain: no key overlaps the start of key %s", key.name)
