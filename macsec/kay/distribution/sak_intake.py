"""Intake of SAKs: a member judges what a Key Server distributes (IEEE 802.1X 9.8, 9.10)."""

from __future__ import annotations

from collections.abc import Callable

from macsec.errors import MACsecError
from macsec.kay.counters import KayCounters
from macsec.kay.keys.sak import KI, Protection, Sak, ranked
from macsec.kay.membership.participant import Participant
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.parameter_sets import DistributedSak
from macsec.kay.policy import KayPolicy, capability_for
from macsec.keys import Key
from macsec.suites import CipherSuite

from .key_history import Claim, KeyHistory
from .refusals import Refusals
from .sscis import assigned, server_ssci

REUSED = {
    Claim.REPEAT: "the Key Server repeats KN {kn}, whose SAs were deleted here",
    Claim.STALE: "the Key Server reuses KN {kn}; it has used KNs up to {last}",
    Claim.USED: "the Key Server reuses a SAK of before under KN {kn}",
}


class SakIntake:
    """Judge of distributed SAKs. A refused SAK changes nothing but a counter.

    `is_known` is true for a KI that is installed, or is going to be.
    """

    def __init__(
        self,
        sci: int,
        policy: KayPolicy,
        history: KeyHistory,
        counters: KayCounters,
        is_known: Callable[[KI], bool],
    ) -> None:
        self._sci = sci
        self._policy = policy
        self._history = history
        self._counters = counters
        self._is_known = is_known
        self.refusals = Refusals(sci, counters)

    def take(
        self, participant: Participant, mkpdu: Mkpdu, given: DistributedSak, now_ns: int
    ) -> Sak | None:
        """Return the SAK of the elected Key Server if it is new and usable, else None."""
        if participant.identity.mi not in {entry.mi for entry in mkpdu.live}:
            # Not for us: it was made before we were live, and we may have used it in an earlier
            # life.
            return None
        ki = KI(mkpdu.basic.mi, given.kn)
        protection = self._protection(given)
        key = None if protection is None else self._unwrap(participant, given)
        fault = self._fault(ki, given.an, protection, key, now_ns)
        if fault is not None:
            self.refusals.add(now_ns, fault[0], ki, fault[1])
        if fault is not None or protection is None or key is None:
            return None
        if self._history.judge(ki, key.check_value) is not Claim.NEW:
            return None
        scis = [self._sci_of(participant, entry.mi) for entry in mkpdu.live]
        others = [sci for sci in scis if sci is not None]
        if protection.suite.xpn and len(others) < len(scis):
            return None  # each SSCI needs every SCI; the Key Server repeats the SAK
        sscis = self._sscis(mkpdu, protection.suite, others)
        if sscis is None:
            words = f"its SSCI {server_ssci(mkpdu)} does not fit the Key Server's list"
            self.refusals.add(now_ns, "sak-refused", ki, words)
            return None
        return Sak(ki, given.an, key, protection, sscis)

    def accept(self, sak: Sak, now_ns: int) -> None:
        """Record a SAK that is going to be installed."""
        self._history.record(sak.ki, sak.key.check_value, now_ns)
        self._counters.add("keys-received")
        self.refusals.clear()

    def _fault(
        self, ki: KI, an: int, protection: Protection | None, key: Key | None, now_ns: int
    ) -> tuple[str, str] | None:
        """Return the counter and the reason for which a SAK is not taken, the first that holds."""
        if not ki.kn:
            return "sak-refused", "a KN is 1 or more"
        if an >= self._policy.ans:
            return "sak-an-refused", f"its AN {an} is beyond the {self._policy.ans} here"
        if protection is None:
            return (
                "sak-cipher-mismatch-errors",
                "its Cipher Suite, offset or integrity alone is not accepted here",
            )
        if key is None or len(key) != protection.suite.key_length:
            return "sak-decryption-errors", "it is not wrapped in our KEK, or of the wrong length"
        claim = self._history.judge(ki, key.check_value)
        if claim is Claim.REPEAT and self._is_known(ki):
            return None
        if claim in REUSED:
            words = REUSED[claim].format(kn=ki.kn, last=self._history.last_kn(ki.mi))
            return "sak-reuse-refused", words
        if claim is Claim.NEW and now_ns < self._history.ready_ns:
            return "sak-refused", "SAKs come faster than one in 6 s"
        return None

    def _protection(self, given: DistributedSak) -> Protection | None:
        suite = given.cipher_suite
        if suite is None or suite not in self._policy.suites:
            return None
        if not self._policy.permits(Protection(suite, given.code)):
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

    def _sscis(self, mkpdu: Mkpdu, suite: CipherSuite, others: list[int]) -> dict[int, int] | None:
        """Return the SSCI of each member by its SCI: as the Key Server assigns them, or by rank.

        None if its assignment cannot be.
        """
        own = server_ssci(mkpdu)
        if suite.xpn and own:
            return assigned(own, mkpdu.basic.sci, others)
        return ranked({*others, mkpdu.basic.sci, self._sci})

    def _sci_of(self, participant: Participant, mi: bytes) -> int | None:
        if mi == participant.identity.mi:
            return self._sci
        peer = participant.peers.find(mi)
        return None if peer is None else peer.sci
