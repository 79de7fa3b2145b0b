"""Rest of a KaY: once settling has no effect, it is left out until something changes."""

from __future__ import annotations

from collections.abc import Iterable

from macsec.kay.keys.keychain import KeyChain
from macsec.kay.membership.ability import NEVER_NS


class Rest:
    """State of rest: whether settling has an effect, and from when on time alone gives it one.

    The first of two settlings with the same result shows that the second had none. An actor of the
    same port may share the key chain, and change it without a call of this KaY: there is no rest
    until this one has followed.
    """

    def __init__(self, chain: KeyChain) -> None:
        self._chain = chain
        self._chain_changes = -1
        self._traits: object = None
        self._until_ns: int | None = None
        self.owes = False
        """True if the last settling left something to do later."""

    @property
    def until_ns(self) -> int | None:
        """Time up to which settling has no effect; None if it may have one now."""
        return self._until_ns if self._chain.changes == self._chain_changes else None

    def follow(self) -> None:
        """Record that the participants are those of the present key chain."""
        self._chain_changes = self._chain.changes

    def end(self) -> None:
        """Settle next time in any case."""
        self._until_ns = None

    def lasts(self, now_ns: int) -> bool:
        """Return whether settling has no effect at a time."""
        until_ns = self.until_ns
        return until_ns is not None and now_ns < until_ns

    def note(self, traits: object, changes_ns: Iterable[int]) -> bool:
        """Take all that a settling may have changed; return whether it differs from the last one.

        `changes_ns`: the times at which time alone changes something.
        """
        self._until_ns = None
        if traits != self._traits:
            self._traits = traits
            return True
        if not self.owes:
            self._until_ns = min(changes_ns, default=NEVER_NS)
        return False
