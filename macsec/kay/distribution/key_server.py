"""The Key Server: when a SAK is due, making it, distributing it (IEEE 802.1X 9.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from macsec.errors import MACsecError
from macsec.kay.announcement import Announced, chosen_suite
from macsec.kay.counters import KayCounters
from macsec.kay.keys.sak import KI, Protection, Sak, ranked
from macsec.kay.membership.identity import Random
from macsec.kay.membership.participant import Participant
from macsec.kay.mkpdu.parameter_sets import DEFAULT_SUITE, DistributedSak
from macsec.kay.policy import CODES, KayPolicy, Security, capability_for
from macsec.suites import CipherSuite
from macsec.time_units import NS_PER_S

from .key_history import KeyHistory


class Reason(Enum):
    """Reasons for another SAK."""

    FIRST = auto()
    LIVE_LIST = auto()
    PROTECTION = auto()
    PN = auto()
    INTERVAL = auto()
    FORGOTTEN = auto()
    """A peer that had the key no longer reports it."""


@dataclass(slots=True, eq=False)
class CurrentSak:
    """The SAK that we distribute: its CAK, its wrapped form, the MIs that get it, its time."""

    sak: Sak
    ckn: bytes
    wrapped: bytes
    members: set[bytes]
    since_ns: int


def exhaustion(suite: CipherSuite) -> int:
    """Return the PN from which on a SAK is replaced: three quarters of all (9.8)."""
    return suite.pn_limit // 4 * 3


class KeyServer:
    """The work of an elected Key Server; derived anew each time, so that no request is lost."""

    def __init__(
        self,
        sci: int,
        policy: KayPolicy,
        random: Random,
        history: KeyHistory,
        counters: KayCounters,
    ) -> None:
        self._sci = sci
        self._policy = policy
        self._random = random
        self._history = history
        self._counters = counters
        self._not_before_ns = 0
        self.current: CurrentSak | None = None

    def decide(self, participant: Participant) -> Protection | None:
        """Return how to protect this CA; None for not at all.

        A member without the offset makes it 0. A member that cannot decrypt makes it integrity
        only; under must-secure it takes no part.
        """
        live = participant.peers.live
        able = [peer for peer in live if peer.ability.capability >= self._needed]
        if not (self._policy.desired and self._policy.capability and able):
            return None
        lowest = min(self._policy.capability, *(peer.ability.capability for peer in able))
        wanted = self._wanted([peer.announced for peer in able])
        if capability_for(wanted.code) <= lowest:
            return wanted
        return Protection(wanted.suite, 1 if lowest >= capability_for(1) else 0)

    def _wanted(self, members: list[Announced | None]) -> Protection:
        """Return the protection under the suite that these members have; 0 as offset if it must."""
        wanted = self._policy.wanted
        suite = chosen_suite(self._policy, members, self._needed)
        fits = wanted.offset in suite.offsets
        return Protection(suite, wanted.code if fits else CODES[0])

    def keeps(self, participant: Participant, now_ns: int) -> bool:
        """Return whether the SAK stays though no member shows now that it is able."""
        if not (self._policy.desired and self._policy.capability):
            return False
        lasting = [peer.ability for peer in participant.peers.live if peer.ability.lasts(now_ns)]
        return any(not each.capability or each.capability >= self._needed for each in lasting)

    @property
    def _needed(self) -> int:
        """The least capability of a member: under must-secure it has to decrypt what we encrypt.

        The same where the suite may only be used with encryption.
        """
        if self._policy.cipher in self._policy.confidential:
            return capability_for(CODES[0])
        must = self._policy.security is Security.MUST_SECURE
        return capability_for(1) if must and self._policy.encrypt else capability_for(0)

    def reason(
        self, participant: Participant, now_ns: int, own_pn: Callable[[KI], int]
    ) -> Reason | None:
        """Return the reason why another SAK is due now, or None."""
        current, live = self.current, {peer.mi: peer for peer in participant.peers.live}
        if current is None or current.ckn != participant.key.ckn:
            return Reason.FIRST
        ki = current.sak.ki
        if ki.mi != participant.identity.mi:
            return Reason.FIRST
        if self._membership_changed(current, participant):
            return Reason.LIVE_LIST
        if self.decide(participant) != current.sak.protection:
            return Reason.PROTECTION
        lowest_pns = [slot.lowest_pn for peer in live.values() for slot in peer.uses(ki)]
        if max(own_pn(ki), *lowest_pns, 0) >= exhaustion(current.sak.protection.suite):
            return Reason.PN
        if self.rekey_ns is not None and now_ns >= self.rekey_ns:
            return Reason.INTERVAL
        if any(peer.acknowledged == ki and not peer.receives(ki) for peer in live.values()):
            return Reason.FORGOTTEN
        return None

    def _membership_changed(self, current: CurrentSak, participant: Participant) -> bool:
        live = {peer.mi for peer in participant.peers.live}
        lost = current.members - live
        if lost and self._outlives_loss(current, participant):
            current.members -= lost  # a peer that returns has to get another SAK
            lost = set()
        return bool(lost or live - current.members)

    def _outlives_loss(self, current: CurrentSak, participant: Participant) -> bool:
        """Return whether the SAK stays when a member is lost.

        Under XPN each member has to have it by then: a shorter list would assign other SSCIs.
        """
        xpn, ki = current.sak.protection.suite.xpn, current.sak.ki
        taken = not xpn or all(peer.receives(ki) for peer in participant.peers.live)
        return taken and not self._policy.sak_rekey_on_live_peer_loss

    @property
    def rekey_ns(self) -> int | None:
        """Time at which the interval demands another SAK, or None."""
        if self.current is None or not self._policy.sak_rekey_interval:
            return None
        return self.current.since_ns + self._policy.sak_rekey_interval * NS_PER_S

    @property
    def not_before_ns(self) -> int:
        """Earliest time of the next SAK: a Life Time after the last, while one is in use."""
        return self._not_before_ns

    @property
    def ready_ns(self) -> int:
        """Earliest time of the next SAK in any case: a member can flap, and cause one each time."""
        return self._history.ready_ns

    def generate(self, participant: Participant, an: int, now_ns: int) -> Sak | None:
        """Make another SAK and distribute it from now on.

        None if the CAK's holder fails, or if there were too many: then from `ready_ns` on.
        """
        if now_ns < self._history.ready_ns:
            return None
        protection = self.decide(participant)
        self._not_before_ns = now_ns + self._policy.life_ns
        if protection is None:
            return None
        length, mi = protection.suite.key_length, participant.identity.mi
        live = [peer.mi for peer in participant.peers.live]
        ki = KI(mi, participant.identity.next_kn())
        stage = "sak-generation-errors"
        try:
            key = participant.key.holder.sak(self._random(length), [mi, *live], ki.kn, length)
            stage = "sak-encryption-errors"
            wrapped = participant.key.holder.wrap(key)
        except MACsecError:
            self._counters.add(stage)
            return None
        self._history.record(ki, key.check_value, now_ns)
        self._counters.add("keys-distributed")
        sak = Sak(ki, an, key, protection, ranked({self._sci, *participant.reach}))
        self.current = CurrentSak(sak, participant.key.ckn, wrapped, set(live), now_ns)
        return sak

    def distribution(self, participant: Participant) -> DistributedSak | None:
        """Return the SAK for the next MKPDU, until all peers have it.

        Never while a peer is live that was not when the SAK was made: it may have had the key in
        an earlier life, and would use its PNs twice.
        """
        current = self.current
        if current is None or not participant.is_server or current.ckn != participant.key.ckn:
            return None
        sak, live = current.sak, participant.peers.live
        if (
            sak.ki.mi != participant.identity.mi
            or not {peer.mi for peer in live} <= current.members
        ):
            return None
        if all(peer.receives(sak.ki) for peer in live):
            return None
        suite = sak.protection.suite
        identifier = None if suite is DEFAULT_SUITE else suite.identifier
        return DistributedSak(sak.an, sak.protection.code, sak.ki.kn, identifier, current.wrapped)

    def forget_unless(self, known: Callable[[KI], bool]) -> None:
        """Forget the SAK if it is no longer installed."""
        if self.current is not None and not known(self.current.sak.ki):
            self.current = None

    def stop(self) -> None:
        """Distribute the SAK no more: its SAs are deleted."""
        self.current = None

    def note(self, participant: Participant) -> None:
        """Remember which peers have reported the SAK."""
        if self.current is not None:
            for peer in participant.peers.live:
                if peer.receives(self.current.sak.ki):
                    peer.acknowledged = self.current.sak.ki
