"""Joining of group CAs: a member takes the CAK of its Key Server (IEEE 802.1X 9.12.2).

The CAK goes when the pairwise CAK over which it came is disabled or removed, when it has had no
live peer for a Life Time, and when another that came the same way carries the traffic.
"""

from __future__ import annotations

from dataclasses import dataclass

from macsec.kay.counters import KayCounters
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey, KeyChain
from macsec.kay.membership.participant import Participant
from macsec.kay.membership.participants import Participants
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.parameter_sets import DistributedCak
from macsec.kay.policy import KayPolicy
from macsec.keys import Uncopyable

from .distributed_cak import unwrapped

PATIENCE = 2
"""Life Times for which a superseded group CAK waits for the next to carry the traffic."""


@dataclass(slots=True, eq=False)
class TakenCak(Uncopyable):
    """A group CAK that was taken over a CAK, and again over others; `over` has their CKNs.

    It ends at `ends_ns` if nothing moves that.
    """

    key: ChainKey
    over: set[bytes]
    ends_ns: int


class GroupMember(Uncopyable):
    """Taker of group CAKs. One that is refused changes nothing but a counter.

    `of_class`: the actor of a traffic class other than 0. That of class 0 takes and counts for it.
    """

    def __init__(
        self,
        of_class: bool,
        policy: KayPolicy,
        chain: KeyChain,
        members: Participants,
        counters: KayCounters,
    ) -> None:
        self._of_class = of_class
        self._policy = policy
        self._chain = chain
        self._members = members
        self._counters = counters
        self._taken: dict[bytes, TakenCak] = {}
        self._superseded: TakenCak | None = None

    def take(self, participant: Participant, mkpdu: Mkpdu, now_ns: int) -> bool:
        """Take the group CAK of an MKPDU, if it has one; return whether the chain changed."""
        given = mkpdu.first(DistributedCak)
        if given is None or self._of_class:
            return False
        peer = participant.peers.find(mkpdu.basic.mi)
        obeyed = peer is not None and peer.live and peer.mi == participant.server
        pairwise = not (participant.key.group or participant.key.fallback)
        joins = self._policy.join_group and not self._policy.single_participant
        if not (joins and obeyed and pairwise):
            self._counters.add("cak-refused")
            return False
        found = unwrapped(participant.key.holder, given)
        if found is None:
            self._counters.add("cak-decryption-errors")
            return False
        cak, ckn = found
        participant.distributed_ckn = ckn
        if ckn in self._chain.ckns:
            cak.wipe()
            same = [taken for taken in self._taken.values() if taken.key.ckn == ckn]
            for taken in same:
                taken.over.add(participant.key.ckn)
            if not same:
                self._counters.add("cak-refused")
            return False
        self._replace(participant.key.ckn, ChainKey(MemoryHolder(cak, ckn), now_ns, group=True))
        return True

    def _replace(self, over: bytes, key: ChainKey) -> None:
        """Take a CAK; the former one that came over the same CAK is superseded."""
        self._chain.add(key)
        former = next((each for each in self._taken.values() if over in each.over), None)
        if former is not None:
            if self._superseded is not None:
                self._chain.discard(self._superseded.key)
            del self._taken[former.key.ckn]
            former.ends_ns = key.start_ns + PATIENCE * self._policy.life_ns
            self._superseded = former
        self._taken[key.ckn] = TakenCak(key, {over}, key.start_ns + self._policy.life_ns)

    def settle(self, now_ns: int) -> bool:
        """Drop the CAKs whose time is over; return whether the chain changed."""
        gone = [taken for taken in self._every if self._is_over(taken, now_ns)]
        for taken in gone:
            self._chain.discard(taken.key)
            self._taken.pop(taken.key.ckn, None)
            if taken is self._superseded:
                self._superseded = None
        return bool(gone)

    @property
    def idle(self) -> bool:
        """True without a group CAK."""
        return not self._every

    @property
    def _every(self) -> list[TakenCak]:
        return [*self._taken.values(), *([self._superseded] if self._superseded else [])]

    def _is_over(self, taken: TakenCak, now_ns: int) -> bool:
        if taken.over.isdisjoint(self._chain.ckns) or taken.over <= self._chain.disabled:
            return True
        if taken is self._superseded:
            principal = self._members.principal
            carries = principal is not None and principal.key.ckn in self._taken
            return carries or now_ns >= taken.ends_ns
        found = self._members.by_ckn.get(taken.key.ckn)
        if found is not None and found.peers.live:
            taken.ends_ns = now_ns + self._policy.life_ns
        return now_ns >= taken.ends_ns

    @property
    def next_change_ns(self) -> int | None:
        """Time at which one of these rules acts without a frame."""
        return min((taken.ends_ns for taken in self._every), default=None)

    def stop(self) -> None:
        """Drop all group CAKs: the port is disabled."""
        for taken in self._every:
            self._chain.discard(taken.key)
        self._taken.clear()
        self._superseded = None
