"""Reception of MKPDUs: judge a frame, the SAK that it distributes, the keys that it reports.

Nothing that is received raises. `Receiver` updates the peer lists and the counters; the KaY acts
on the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from macsec.errors import MACsecError
from macsec.frames.dissect import priority_tag_end
from macsec.kay.announcement.contents import name_of, read
from macsec.kay.distribution.sak_intake import SakIntake
from macsec.kay.keys.sak import KI, Sak
from macsec.kay.membership.ability import capability_of, receives_ours
from macsec.kay.membership.participant import Participant
from macsec.kay.membership.peers import Peer
from macsec.kay.mkpdu.frame import Mkpdu, Refusal, decode
from macsec.kay.mkpdu.parameter_sets import (
    Announcement,
    Basic,
    DistributedCak,
    KeyManagementDomain,
    NoSak,
)
from macsec.terms import ADDRESSES_LENGTH

from .counters import KayCounters, Reception
from .policy import KayPolicy, Security
from .rules import judged_use, refusal, unreadable, unwelcome

ParticipantsOf = Callable[[Basic], Sequence[Participant]]
"""The participants of the CKN of a Basic set: one for each CAK of that name."""

REFUSALS = {
    Refusal.NOT_EAPOL: Reception.NOT_MKA,
    Refusal.NOT_MKA: Reception.NOT_MKA,
    Refusal.VERSION: Reception.NOT_MKA,
    Refusal.AGILITY: Reception.UNKNOWN_AGILITY,
}
"""All others are malformed."""


class Accepted(NamedTuple):
    """An authentic MKPDU that is now in the peer lists of a participant, and its time."""

    participant: Participant
    mkpdu: Mkpdu
    now_ns: int


class Receiver:
    """Judge of the MKPDUs that a KaY receives. `find` returns the installed SAK of a KI."""

    def __init__(
        self,
        policy: KayPolicy,
        intake: SakIntake,
        counters: KayCounters,
        find: Callable[[KI], Sak | None],
    ) -> None:
        self._policy = policy
        self._intake = intake
        self._counters = counters
        self._find = find
        self.unknown_ckn = b""
        """The CKN of the last MKPDU that named none of ours."""

    def receive(
        self, now_ns: int, frame: bytes, participants_of: ParticipantsOf, active: bool
    ) -> Accepted | Reception:
        """Update the lists of the participant of this CKN; if refused, return why."""
        reception, accepted = self._judge(now_ns, frame, participants_of, active)
        self._counters.add(reception)
        if accepted is None:
            return reception
        self._judge_sets(accepted)
        return accepted

    def _judge(
        self, now_ns: int, frame: bytes, participants_of: ParticipantsOf, active: bool
    ) -> tuple[Reception, Accepted | None]:
        # The ICV is that of the frame without a priority tag, as its sender gave it to a MAC.
        bare = frame[:ADDRESSES_LENGTH] + frame[priority_tag_end(frame) :]
        mkpdu = decode(bare, (self._policy.eapol_ethertype,))
        if isinstance(mkpdu, Refusal):
            return REFUSALS.get(mkpdu, Reception.MALFORMED), None
        named = participants_of(mkpdu.basic)
        if not named:
            self.unknown_ckn = mkpdu.basic.ckn
            return Reception.UNKNOWN_CKN if active else Reception.DISABLED, None
        if not named[0].is_addressed(mkpdu):
            return Reception.INDIVIDUAL, None
        updated = self._policy.use_updated_eth_header
        participant = next((each for each in named if _is_authentic(each, mkpdu, updated)), None)
        if participant is None:
            return Reception.BAD_ICV, None
        reception = (
            refusal(mkpdu.basic)
            or unwelcome(mkpdu, self._policy)
            or participant.receive(mkpdu, now_ns)
        )
        accepted = reception is Reception.ACCEPTED
        return reception, Accepted(participant, mkpdu, now_ns) if accepted else None

    def _judge_sets(self, heard: Accepted) -> None:
        """Take SAK Use of a live peer as far as it keeps the rules, and count the rest."""
        participant, mkpdu, _ = heard
        if mkpdu.first(DistributedCak) is not None:
            self._counters.add("in-cak-mkpdu")
        for counter in unreadable(mkpdu):
            self._counters.add(counter)
        peer = participant.peers.find(mkpdu.basic.mi)
        if peer is None:
            return
        if (announced := mkpdu.first(Announcement)) is not None:
            peer.announced = read(announced.tlvs)
        if (kmd := mkpdu.first(KeyManagementDomain)) is not None:
            peer.kmd = name_of(kmd.name)
        use, faults = judged_use(mkpdu, self._find, peer) if peer.live else (None, 0)
        peer.use, peer.plain = use, mkpdu.plain
        self._judge_ability(peer, heard)
        if peer.live:
            participant.hear_suspension(peer, mkpdu.suspension_s, heard.now_ns)
        for _ in range(faults):
            self._counters.add("sak-use-errors")

    def _judge_ability(self, peer: Peer, heard: Accepted) -> None:
        """Enter what a peer can do now; under must-secure it has a Life Time to show it again.

        A peer that begins to use a SAK, or distributes one, has that time in any case.
        """
        mkpdu, now_ns = heard.mkpdu, heard.now_ns
        if capability := capability_of(mkpdu.basic, peer.use, self._find):
            peer.ability.show(now_ns, capability)
            return
        begins = receives_ours(peer.use, self._find) or mkpdu.distributed is not None
        patient = begins or self._policy.security is Security.MUST_SECURE
        peer.ability.hide(now_ns, self._policy.life_ns if patient else 0)

    def offered(self, heard: Accepted) -> Sak | NoSak | None:
        """Return the new SAK that the Key Server distributes, or its order to go unprotected.

        Under must-secure such an order is counted as refused: it closes the port.
        None if the MKPDU distributes nothing, or nothing that this member may follow.
        """
        participant, mkpdu, now_ns = heard
        if mkpdu.distributed is None and not mkpdu.plain:
            return None
        self._counters.add("in-sak-mkpdu")
        peer = participant.peers.find(mkpdu.basic.mi)
        if peer is None or not peer.live or peer.mi != participant.server:
            self.refuse()
            return None
        if mkpdu.distributed is not None:
            return self._intake.take(participant, mkpdu, mkpdu.distributed, now_ns)
        if self._policy.security is Security.MUST_SECURE:
            self.refuse()
        return NoSak()

    def accept(self, sak: Sak, now_ns: int) -> None:
        """Record a SAK that is going to be installed."""
        self._intake.accept(sak, now_ns)

    def refuse(self) -> None:
        """Count a distribution that is not followed."""
        self._counters.add("sak-refused")

    def check_use(self, heard: Accepted, is_known: Callable[[KI], bool]) -> None:
        """Count the keys that a peer reports and that we do not have."""
        use = heard.mkpdu.use
        if use is None:
            return
        for reported in (use.latest, use.old):
            if reported is not None and reported.ki.kn and not is_known(reported.ki):
                self._counters.add("sak-use-errors")


def _is_authentic(participant: Participant, mkpdu: Mkpdu, updated_header: bool) -> bool:
    try:
        return participant.key.holder.icv_valid(mkpdu.signed_as(updated_header), mkpdu.icv)
    except MACsecError:
        return False
