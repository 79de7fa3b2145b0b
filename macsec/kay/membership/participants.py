"""The participants of a port, one for each CAK in its window, and the principal (9.7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from macsec.kay.counters import KayCounters
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.keys.sak import KI
from macsec.kay.policy import KayPolicy
from macsec.keys import Uncopyable
from macsec.terms import class_of_sci, sci_of_class

from .identity import Random
from .participant import Participant
from .peers import Peer


class Participants(Uncopyable):
    """The participants, the preferred first; the SAKs of `principal` protect the traffic.

    `policy` is that of participants to come.
    """

    def __init__(self, sci: int, policy: KayPolicy, random: Random, counters: KayCounters) -> None:
        self._by_key: dict[ChainKey, Participant] = {}
        self.principal: Participant | None = None
        self._sci = sci
        self.policy = policy
        self._random = random
        self._counters = counters

    def __iter__(self) -> Iterator[Participant]:
        return iter(self._by_key.values())

    @property
    def by_ckn(self) -> dict[bytes, Participant]:
        """The preferred participant of each CKN."""
        found: dict[bytes, Participant] = {}
        for participant in self:
            found.setdefault(participant.key.ckn, participant)
        return found

    def of(self, ckn: bytes) -> list[Participant]:
        """Return the participants of a CKN, one for each CAK of that name."""
        return [participant for participant in self if participant.key.ckn == ckn]

    def by_key(self, key: ChainKey) -> Participant | None:
        """Return the participant of a key, or None."""
        return self._by_key.get(key)

    def follow(self, keys: Sequence[ChainKey], now_ns: int) -> None:
        """Keep a participant for each of these keys, and for no other."""
        if list(keys) == list(self._by_key):
            return
        self._by_key = {
            key: self._by_key.get(key)
            or Participant(key, self._sci, self.policy, self._random, self._counters, now_ns)
            for key in keys
        }

    def choose(self, fallback_may: bool) -> Participant | None:
        """Choose the principal, and return it. Without live peers there is none.

        Only a Key Server moves on its own, to a key that reaches every peer that the present key
        reaches; a member follows the participant over which the Key Server distributes.
        """
        live = [participant for participant in self if self._meets_others(participant)]
        if not fallback_may:
            live = [participant for participant in live if not participant.key.fallback]
        if not live:
            self.principal = None
        elif self.principal not in live or _may_move(live[0], self.principal):
            self.principal = live[0]
        return self.principal

    def _meets_others(self, participant: Participant) -> bool:
        """Return whether a live peer is no actor of our own port."""
        siblings = self.policy.siblings(self._sci)
        return any(peer.sci not in siblings for peer in participant.peers.live)

    def is_sibling(self, sci: int | None) -> bool:
        """Return whether an SCI is that of an actor of our own port."""
        if class_of_sci(self._sci):
            return sci is not None and sci_of_class(sci, 0) == sci_of_class(self._sci, 0)
        return sci in self.policy.siblings(self._sci)

    def has_partner(self, participant: Participant) -> bool:
        """Return whether another station is live; actors of our own port are none."""
        return any(not self.is_sibling(peer.sci) for peer in participant.peers.live)

    def gathers(self) -> bool:
        """Return whether an actor of a port that is live, or of ours, was heard and is not live."""
        if self.principal is None:
            return False
        live = {self._sci, *self.principal.reach}
        ports = {sci_of_class(sci, 0) for sci in live}
        heard = {peer.sci for peer in self.principal.peers.potential if peer.sci is not None}
        return any(sci_of_class(sci, 0) in ports for sci in heard - live)

    @property
    def fallback_is_live(self) -> bool:
        """True if a fallback key has live peers."""
        return any(each.key.fallback and each.peers.live for each in self)

    def reports(self, sci: int | None) -> Iterator[Peer]:
        """Yield a station as a live peer of each participant.

        It reports its keys over one CAK, and moves to another when the Key Server does.
        """
        for participant in self:
            yield from (peer for peer in participant.peers.live if peer.sci == sci)

    def all_receiving(self, ki: KI) -> bool:
        """True if each live peer of the principal reports that it receives with a key."""
        return self.principal is not None and all(
            any(peer.receives(ki) for peer in self.reports(sci)) for sci in self.principal.reach
        )

    def server_transmitting(self, ki: KI) -> bool:
        """True if the Key Server reports that it transmits with a key."""
        server = None if self.principal is None else self.principal.server_sci
        return any(peer.transmits(ki) for peer in self.reports(server))


def _may_move(best: Participant, current: Participant) -> bool:
    return best.is_server and best.reach >= current.reach
