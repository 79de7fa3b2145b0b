"""Key chain: CAKs with start times and overlap, and a fallback.

Times are nanoseconds on the clock that drives the KaY. Both ends of a link keep a participant for
every key within its window; traffic moves to the newest that reaches the same peers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from macsec.enumerations import WordEnum
from macsec.errors import ConfigError
from macsec.kay.keys.cak_holder import CakHolder, MemoryHolder
from macsec.keys import Uncopyable
from macsec.suites import CipherSuite

CONFIGURED = "configured"
"""The source of a CAK that came by no protocol."""

LOG = logging.getLogger("macsec")


class Activate(WordEnum):
    """When a CAK has a participant (IEEE 802.1X 9.16); it is disabled by `KeyChain.enable`."""

    ON_OPER_UP = "onOperUp"
    """From when the port comes up, until no partner answers for a Life Time."""
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, eq=False)
class ChainKey(Uncopyable):
    """A CAK and its window: from `start_ns` on, before `end_ns` (None: no end).

    A `fallback` runs beside the others and carries traffic only while none of them does. A `group`
    CAK came by a Distributed CAK set, or is distributed so; it is preferred to pairwise ones.
    `authenticator`: of a CAK from EAP, true at the end that was the Authenticator: this is its Key
    Server (9.5). `activate`: see there. `retain`: keep it in the chain after `end_ns`.

    >>> from macsec.kay import ChainKey, MemoryHolder
    >>> from macsec.keys import Key
    >>> key = ChainKey(MemoryHolder(Key(bytes(16)), b"name"), start_ns=0, end_ns=60 * 10**9)
    >>> key.active(59 * 10**9), key.active(60 * 10**9)
    (True, False)

    See also: `Kay`, `MemoryHolder`.
    """

    holder: CakHolder
    start_ns: int = 0
    end_ns: int | None = None
    fallback: bool = False
    group: bool = False
    authenticator: bool | None = None
    activate: Activate = Activate.ALWAYS
    retain: bool = True

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
    def source(self) -> str:
        """The origin of the CAK: `configured`, `group` or `eap`."""
        if self.authenticator is not None:
            return "eap"
        return "group" if self.group else CONFIGURED

    @property
    def preference(self) -> tuple[bool, bool, int]:
        """Sort key, the greatest preferred: no fallback, then a group, then the later start."""
        return not self.fallback, self.group, self.start_ns

    def warn_of_strength(self, suite: CipherSuite) -> None:
        """Warn of a CAK that is shorter than the SAKs that it is to protect."""
        if self.holder.cak_length < suite.key_length:
            LOG.warning(
                "key %s: a CAK of %d octets cannot make %s stronger than that",
                self.name,
                self.holder.cak_length,
                suite.name,
            )

    def active(self, now_ns: int) -> bool:
        """True if a time is in the key's window."""
        return self.start_ns <= now_ns and (self.end_ns is None or now_ns < self.end_ns)


class KeyChain(Uncopyable):
    """The keys of one port; a CKN may name several CAKs. Raises ConfigError."""

    def __init__(self, keys: Iterable[ChainKey] = ()) -> None:
        self._keys: list[ChainKey] = []
        self._disabled: set[bytes] = set()
        self._activate: dict[bytes, Activate] = {}
        self.changes = 0
        """The number of changes."""
        self.changed: Callable[[], None] | None = None
        """Called at each change."""
        for key in keys:
            self.add(key)
        self._warn_of_gaps()

    def _change(self) -> None:
        self.changes += 1
        if self.changed is not None:
            self.changed()

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
        self._change()

    def remove(self, ckn: bytes) -> None:
        """Remove the keys of a CKN."""
        self._check_known(ckn)
        self._keys = [key for key in self._keys if key.ckn != ckn]
        self._disabled.discard(ckn)
        self._activate.pop(ckn, None)
        self._change()

    def discard(self, key: ChainKey) -> None:
        """Remove one key, if it is there, and wipe its CAK if that is held in memory."""
        if key in self._keys:
            self._keys.remove(key)
            self._change()
            if isinstance(key.holder, MemoryHolder):
                key.holder.wipe()

    def expire(self, now_ns: int) -> None:
        """Discard the keys that are over, but for those to retain."""
        for key in [*self._keys]:
            if key.end_ns is not None and key.end_ns <= now_ns and not key.retain:
                self.discard(key)

    def enable(self, ckn: bytes, enabled: bool) -> None:
        """Use the keys of a CKN within their windows, or not at all while disabled."""
        self._check_known(ckn)
        (self._disabled.discard if enabled else self._disabled.add)(ckn)
        self._change()

    def set_activation(self, ckn: bytes, activate: Activate) -> None:
        """Change when the keys of a CKN have a participant."""
        self._check_known(ckn)
        self._activate[ckn] = activate
        self._change()

    def activation_of(self, key: ChainKey) -> Activate:
        """Return when a key has a participant, as management has it now."""
        return self._activate.get(key.ckn, key.activate)

    @property
    def disabled(self) -> frozenset[bytes]:
        """The CKNs of the disabled keys."""
        return frozenset(self._disabled)

    @property
    def ckns(self) -> list[bytes]:
        """The CKNs of all keys, in the order in which they were added."""
        return list(dict.fromkeys(key.ckn for key in self._keys))

    def named(self, ckn: bytes) -> list[ChainKey]:
        """Return the keys of a CKN. Raises ConfigError if there is none."""
        self._check_known(ckn)
        return [key for key in self._keys if key.ckn == ckn]

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
        self._change()
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
