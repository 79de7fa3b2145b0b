"""Forming of a group CA by the Key Server of all pairwise CAs of a port (IEEE 802.1X 9.12.2, 9.16).

The group CAK goes to every live peer of the pairwise CAs, to one that comes later too. When one of
them has left, another CAK goes to the others: the one that left knows the former.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from macsec.errors import ConfigError, MACsecError
from macsec.kay.counters import KayCounters
from macsec.kay.keys.cak_holder import MemoryHolder
from macsec.kay.keys.keychain import ChainKey, KeyChain
from macsec.kay.membership.identity import Random
from macsec.kay.membership.participant import Participant
from macsec.kay.membership.participants import Participants
from macsec.kay.mkpdu.parameter_sets import DistributedCak
from macsec.kay.policy import KayPolicy
from macsec.keys import Key, Uncopyable

from .distributed_cak import wrapped

CKN_LENGTH = 16
FEWEST = 2
"""Stations from which on `form_group` makes a group."""

BURST = 4
"""Group CAKs in a Life Time at most."""


@dataclass(slots=True, eq=False)
class GroupCak(Uncopyable):
    """A group CAK of ours, the SCIs to which it goes, and its forms for the pairwise CAs by CKN."""

    key: ChainKey
    cak: Key
    stations: set[int]
    wrapped: dict[bytes, DistributedCak] = field(default_factory=dict)


class GroupServer(Uncopyable):
    """Maker and distributor of group CAKs; evaluated anew each time."""

    def __init__(
        self,
        policy: KayPolicy,
        random: Random,
        chain: KeyChain,
        members: Participants,
        counters: KayCounters,
    ) -> None:
        self._policy = policy
        self._random = random
        self._chain = chain
        self._members = members
        self._counters = counters
        self._ordered = False
        self._made_ns: deque[int] = deque(maxlen=BURST)
        self._former: GroupCak | None = None
        self._former_ends_ns = 0
        self.current: GroupCak | None = None

    @property
    def _pairwise(self) -> list[Participant]:
        """The participants of pairwise CAs with live peers."""
        return [
            participant
            for participant in self._members
            if participant.peers.live and not (participant.key.group or participant.key.fallback)
        ]

    def order(self) -> None:
        """Make another group CAK at the next `settle` (ieee8021XKayCreateNewGroup).

        Raises ConfigError unless we are the Key Server of all pairwise CAs with live peers.
        """
        pairwise = self._pairwise
        if self._policy.single_participant:
            raise ConfigError("group CAK: a second CKN, but single_participant is on")
        if not pairwise:
            raise ConfigError("group CAK: no pairwise CA has a live peer")
        if not all(participant.is_server for participant in pairwise):
            raise ConfigError("group CAK: another station is Key Server of a pairwise CA")
        self._ordered = True

    def settle(self, now_ns: int) -> bool:
        """Make a group CAK if one is due, drop a former one; return whether the chain changed."""
        pairwise = self._pairwise
        stations = {sci for participant in pairwise for sci in participant.reach}
        changed = self._drop_former(stations, now_ns)
        if self.current is not None and not stations:
            self.stop()
            return True
        if not all(participant.is_server for participant in pairwise) or not stations:
            return changed
        if self._is_due(stations) and now_ns >= self.ready_ns:
            self._make(pairwise, stations, now_ns)
            return True
        if self.current is not None:
            self.current.stations |= stations
        return changed

    def _is_due(self, stations: set[int]) -> bool:
        if self.current is not None and self.current.stations - stations:
            return True
        may = self._policy.form_group and not self._policy.single_participant
        forms = may and self.current is None and len(stations) >= FEWEST
        return self._ordered or forms

    @property
    def idle(self) -> bool:
        """True without a group CAK, and without an order to make one."""
        return self.current is None and self._former is None and not self._ordered

    @property
    def ready_ns(self) -> int:
        """Earliest time of another group CAK."""
        full = len(self._made_ns) == BURST
        return self._made_ns[0] + self._policy.life_ns if full else 0

    def _make(self, pairwise: list[Participant], stations: set[int], now_ns: int) -> None:
        """Make a group CAK, as long as the shortest pairwise one: its wraps are worth no more."""
        length = min(participant.key.holder.cak_length for participant in pairwise)
        cak = Key.taking(self._random(length))
        key = ChainKey(MemoryHolder(cak, self._random(CKN_LENGTH)), start_ns=now_ns, group=True)
        self._chain.add(key)
        self._made_ns.append(now_ns)
        self._ordered = False
        if self._former is not None:
            self._discard(self._former)
        self._former, self._former_ends_ns = self.current, now_ns + self._policy.life_ns
        self.current = GroupCak(key, cak, stations)
        for participant in pairwise:
            participant.news = True

    def _drop_former(self, stations: set[int], now_ns: int) -> bool:
        """Drop the former CAK once all stations are live under the present one, or time is over.

        A station that left is still live under it, so its live peers are not looked at.
        """
        former, current = self._former, self.current
        if former is None or current is None:
            return False
        if not stations <= self._joined(current) and now_ns < self._former_ends_ns:
            return False
        self._discard(former)
        self._former = None
        return True

    def _joined(self, group: GroupCak) -> set[int]:
        """Return the SCIs that are live under a group CAK."""
        found = self._members.by_ckn.get(group.key.ckn)
        return set() if found is None else found.reach

    def _discard(self, group: GroupCak) -> None:
        self._chain.discard(group.key)

    @property
    def next_change_ns(self) -> int:
        """Time at which one of these rules acts without a frame."""
        return self._former_ends_ns if self._former is not None else self.ready_ns

    def distribution(self, participant: Participant) -> DistributedCak | None:
        """Return the group CAK for the next MKPDU of a pairwise CA, until all its peers use it.

        Once in any case: a pairwise CAK may take the place of another.
        """
        group = self.current
        if group is None or participant.key.group or participant.key.fallback:
            return None
        given = participant.distributed_ckn == group.key.ckn
        if not participant.is_server or (given and participant.reach <= self._joined(group)):
            return None
        ckn = participant.key.ckn
        if ckn not in group.wrapped:
            try:
                group.wrapped[ckn] = wrapped(participant.key.holder, group.cak, group.key.ckn)
            except MACsecError:
                self._counters.add("cak-encryption-errors")
                return None
        participant.distributed_ckn = group.key.ckn
        return group.wrapped[ckn]

    def stop(self) -> None:
        """Drop all group CAKs: the port is disabled."""
        for group in filter(None, (self._former, self.current)):
            self._discard(group)
        self._former = self.current = None
        self._ordered = False
