"""Key chain: CAKs with start times and overlap, and a fallback.

Times are nanoseconds on the clock that drives the KaY. Both ends of a link keep a participant for
every key within its window; traffic moves to the newest that reaches the same peers.
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
    """A CAK and its window: from `start_ns` on, before `end_ns` (None: no end).

    A `fallback` runs beside the others and carries traffic only while none of them does.
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
        """The CAK's name in hex, for messages."""
        return self.ckn.hex()

    @property
    def preference(self) -> tuple[bool, int]:
        """Sort key, the greatest preferred: no fallback, then the later start."""
        return not self.fallback, self.start_ns

    def active(self, now_ns: int) -> bool:
        """True if a time is in the key's window."""
        return self.start_ns <= now_ns and (self.end_ns is None or now_ns < self.end_ns)


class KeyChain(Uncopyable):
    """The keys of one port; a CKN may name several CAKs. Raises ConfigError."""

    def __init__(self, keys: Iterable[ChainKey] = ()) -> None:
        self._keys: list[ChainKey] = []
        self._disabled: set[bytes] = set()
        for key in keys:
            self.add(key)
        self._warn_of_gaps()

    def add(self, key: ChainKey) -> None:
        """Add a key. At most one is a fallback, with a CKN of its own."""
        same = [other for other in self._keys if other.ckn == key.ckn]
        if any(_is_one_cak(key.holder, other.holder) for other in same):
            raise ConfigError(f"key {key.name}: this CAK has this CKN already")
        if any(key.fallback or other.fallback for other in same):
            raise ConfigError(f"key {key.name}: a fallback needs a CKN of its own")
        if key.fallback and any(other.fallback for other in self._keys):
            raise ConfigError(f"key {key.name}: there is a fallback key already")
        self._keys.append(key)

    def remove(self, ckn: bytes) -> None:
        """Remove the keys of a CKN."""
        self._check_known(ckn)
        self._keys = [key for key in self._keys if key.ckn != ckn]
        self._disabled.discard(ckn)

    def enable(self, ckn: bytes, enabled: bool) -> None:
        """Use the keys of a CKN within their windows, or not at all while disabled."""
        self._check_known(ckn)
        (self._disabled.discard if enabled else self._disabled.add)(ckn)

    @property
    def disabled(self) -> frozenset[bytes]:
        """The CKNs of the disabled keys."""
        return frozenset(self._disabled)

    @property
    def ckns(self) -> list[bytes]:
        """The CKNs of all keys, in the order in which they were added."""
        return list(dict.fromkeys(key.ckn for key in self._keys))

    def _check_known(self, ckn: bytes) -> None:
        if ckn not in self.ckns:
            raise ConfigError(f"key {ckn.hex()}: there is none of this CKN")

    def active(self, now_ns: int) -> list[ChainKey]:
        """Return the enabled keys within their window, the preferred first."""
        enabled = (key for key in self._keys if key.ckn not in self._disabled)
        usable = (key for key in enabled if key.active(now_ns))
        return sorted(usable, key=lambda key: key.preference, reverse=True)

    def next_change_ns(self, now_ns: int) -> int | None:
        """Return the time at which the next window opens or closes, or None."""
        times = (time for key in self._keys for time in (key.start_ns, key.end_ns))
        return min((time for time in times if time is not None and time > now_ns), default=None)

    def wipe(self) -> None:
        """Overwrite the CAKs that are held in memory; the chain is unusable after this."""
        for key in self._keys:
            if isinstance(key.holder, MemoryHolder):
                key.holder.wipe()

    def _warn_of_gaps(self) -> None:
        """Warn of keys that do not overlap: the port has an outage at each rollover."""
        ordered = sorted(
            (key for key in self._keys if not key.fallback), key=lambda key: key.start_ns
        )
        for i, key in enumerate(ordered[1:], 1):
            ends = [other.end_ns for other in ordered[:i]]
            if all(end is not None and end <= key.start_ns for end in ends):
                LOG.warning("key chain: no key overlaps the start of key %s", key.name)


def padded(ckn: bytes, ckns: Iterable[bytes]) -> bytes | None:
    """Return the one of `ckns` that differs from a CKN in zeros at the end only, or None.

    Some programs fill a CKN to 32 octets. The ICK and KEK are the same then, the names are not.
    """
    return next((each for each in ckns if each.rstrip(b"\0") == ckn.rstrip(b"\0") != b""), None)


def _is_one_cak(one: CakHolder, other: CakHolder) -> bool:
    """Return whether two holders in memory hold the same CAK of one CKN."""
    if not (isinstance(one, MemoryHolder) and isinstance(other, MemoryHolder)):
        return False
    return one.icv_valid(b"", other.icv(b""))
