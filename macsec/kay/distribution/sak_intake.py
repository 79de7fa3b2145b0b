"""Intake of SAKs: a member judges what a Key Server distributes (IEEE 802.1X 9.8, 9.10)."""

from __future__ import annotations

from macsec.errors import MACsecError
from macsec.kay.counters import KayCounters
from macsec.kay.membership.participant import Participant
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.parameter_sets import DistributedSak
from macsec.kay.policy import KayPolicy, capability_for
from macsec.kay.sak import KI, Protection, Sak, ranked
from macsec.keys import Key
from macsec.suites import CipherSuite

from .key_history import Claim, KeyHistory

REFUSED = {
    Claim.STALE: "sak-reuse-refused",
    Claim.OTHER_KEY: "sak-reuse-refused",
}


class SakIntake:
    """Judge of distributed SAKs. A refused SAK changes nothing but a counter."""

    def __init__(
        self, sci: int, policy: KayPolicy, history: KeyHistory, counters: KayCounters
    ) -> None:
        self._sci = sci
        self._policy = policy
        self._history = history
        self._counters = counters

    def take(self, participant: Participant, mkpdu: Mkpdu, given: DistributedSak) -> Sak | None:
        """Return the SAK of the elected Key Server if it is new and usable, else None."""
        if participant.identity.mi not in {entry.mi for entry in mkpdu.live}:
            # Not for us: it was made before we were live, and we may have used it in an earlier
            # life.
            return None
        if given.an >= self._policy.ans:
            self._counters.add("sak-an-refused")
            return None
        protection = self._protection(given)
        if protection is None:
            self._counters.add("sak-cipher-mismatch-errors")
            return None
        key = self._unwrap(participant, given)
        if key is None or len(key) != protection.suite.key_length:
            self._counters.add("sak-decryption-errors")
            return None
        ki = KI(mkpdu.basic.mi, given.kn)
        claim = self._history.judge(ki, key.check_value)
        if claim is not Claim.NEW:
            if claim in REFUSED:
                self._counters.add(REFUSED[claim])
            return None
        sscis = self._sscis(participant, mkpdu, protection.suite)
        if sscis is None:
            return None
        return Sak(ki, given.an, key, protection, sscis)

    def accept(self, sak: Sak) -> None:
        """Record a SAK that is going to be installed."""
        self._history.record(sak.ki, sak.key.check_value)
        self._counters.add("keys-received")

    def _protection(self, given: DistributedSak) -> Protection | None:
        suite = given.cipher_suite
        if suite is None or suite not in self._policy.suites:
            return None
        if capability_for(given.code) > self._policy.capability or (given.code > 1 and suite.xpn):
            return None
        return Protection(suite, given.code)

    @staticmethod
    def _unwrap(participant: Participant, given: DistributedSak) -> Key | None:
        try:
            return participant.key.holder.unwrap(given.wrapped)
        except MACsecError:
            return None

    def _sscis(
        self, participant: Participant, mkpdu: Mkpdu, suite: CipherSuite
    ) -> dict[int, int] | None:
        """Return the SSCI of each member of the Key Server's list by its SCI (802.1AE 10.7.13).

        The ranks need every SCI. None while one is unknown; the Key Server repeats the SAK.
        """
        scis = {self._sci_of(participant, entry.mi) for entry in mkpdu.live}
        known = {sci for sci in scis if sci is not None} | {mkpdu.basic.sci, self._sci}
        return None if suite.xpn and None in scis else ranked(known)

    def _sci_of(self, participant: Participant, mi: bytes) -> int | None:
        if mi == participant.identity.mi:
            return self._sci
        peer = participant.peers.find(mi)
        return None if peer is None else peer.sci
