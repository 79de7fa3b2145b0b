"""Activation of participants (IEEE 802.1X 9.16): which of the CAKs of a port have one now.

`always`: in continued absence of partners too. `onOperUp`: from when the port came up until it has
been without live peers for a Life Time; an MKPDU with the CKN activates it once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from macsec.kay.keys.keychain import Activate, ChainKey, KeyChain

from .participants import Participants

HUSHED_LIFE_TIMES = 2
"""Life Times after a change by management in which no MKPDU activates a participant."""


class Activation:
    """The keys that sleep: without a participant, though in their window."""

    def __init__(self, chain: KeyChain, members: Participants) -> None:
        self._chain, self._members = chain, members
        self._alone_ns: dict[ChainKey, int] = {}
        self._asleep: dict[ChainKey, int] = {}
        """Time from which on an MKPDU wakes a key."""

    def oper_up(self) -> None:
        """Wake all keys: the port is operational."""
        self._alone_ns.clear()
        self._asleep.clear()

    def awake(self, keys: Sequence[ChainKey], now_ns: int) -> list[ChainKey]:
        """Return the keys that have a participant at this time."""
        for key in keys:
            if self._chain.activation_of(key) is Activate.ALWAYS:
                self._asleep.pop(key, None)
                self._alone_ns.pop(key, None)
            elif key not in self._asleep:
                self._judge(key, now_ns)
        for kept in (self._asleep, self._alone_ns):
            for gone in kept.keys() - set(keys):
                del kept[gone]
        return [key for key in keys if key not in self._asleep]

    def _judge(self, key: ChainKey, now_ns: int) -> None:
        found = self._members.by_key(key)
        if found is not None and self._members.has_partner(found):
            self._alone_ns.pop(key, None)
            return
        since_ns = self._alone_ns.setdefault(key, now_ns)
        if now_ns - since_ns >= self._members.policy.life_ns:
            del self._alone_ns[key]
            self._asleep[key] = now_ns

    def change(self, ckn: bytes, activate: Activate, now_ns: int) -> None:
        """Change when the keys of a CKN have a participant; to onOperUp, they sleep at once."""
        self._chain.set_activation(ckn, activate)
        for key in self._chain.named(ckn) if activate is Activate.ON_OPER_UP else ():
            self._alone_ns.pop(key, None)
            self._asleep[key] = now_ns + HUSHED_LIFE_TIMES * self._members.policy.life_ns

    def wake(self, ckn: bytes, now_ns: int) -> bool:
        """Wake the keys of a CKN that was heard; return whether there were any."""
        woken = [key for key, ns in self._asleep.items() if key.ckn == ckn and ns <= now_ns]
        for key in woken:
            del self._asleep[key]
        return bool(woken)

    def sleeps(self, key: ChainKey) -> bool:
        """Return whether a key sleeps."""
        return key in self._asleep

    @property
    def changes_ns(self) -> Iterator[int]:
        """The times at which a key goes to sleep."""
        return (since + self._members.policy.life_ns for since in self._alone_ns.values())
