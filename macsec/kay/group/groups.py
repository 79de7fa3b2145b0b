"""The group CAs of one KaY: as their Key Server, and as a member."""

from __future__ import annotations

from collections.abc import Iterator

from macsec.kay.counters import KayCounters
from macsec.kay.keys.keychain import KeyChain
from macsec.kay.membership.identity import Random
from macsec.kay.membership.participants import Participants
from macsec.kay.policy import KayPolicy
from macsec.keys import Uncopyable
from macsec.terms import class_of_sci

from .forming import GroupServer
from .joining import GroupMember


class Groups(Uncopyable):
    """Group CAKs made and taken. They go when key agreement stops: no group CAK is cached."""

    def __init__(
        self,
        sci: int,
        policy: KayPolicy,
        random: Random,
        chain: KeyChain,
        members: Participants,
        counters: KayCounters,
    ) -> None:
        self.server = GroupServer(policy, random, chain, members, counters)
        self.member = GroupMember(class_of_sci(sci) != 0, policy, chain, members, counters)

    def settle(self, now_ns: int) -> bool:
        """Do all that is due; return whether the chain changed."""
        return any([self.server.settle(now_ns), self.member.settle(now_ns)])

    @property
    def idle(self) -> bool:
        """True without any group CAK: nothing is made, kept or taken."""
        return self.server.idle and self.member.idle

    @property
    def changes_ns(self) -> Iterator[int]:
        """The times at which something is due without a frame."""
        yield self.server.next_change_ns
        if (time := self.member.next_change_ns) is not None:
            yield time

    def stop(self) -> None:
        """Drop all group CAKs."""
        self.server.stop()
        self.member.stop()
