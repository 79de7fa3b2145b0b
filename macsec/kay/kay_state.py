"""The state of a KaY as its users read it: participants, keys, reasons."""

from __future__ import annotations

from macsec.kay.announcement import Announced, Announcer
from macsec.kay.distribution.sak_intake import SakIntake
from macsec.kay.keys.keychain import KeyChain, padded
from macsec.kay.keys.sak import Sak
from macsec.kay.membership.participant import Participant
from macsec.kay.membership.participants import Participants
from macsec.kay.membership.peers import Peer
from macsec.kay.secy_side.associations import Associations
from macsec.kay.secy_side.cp import CP

from .counters import KayCounters, Reception
from .policy import KayPolicy, Security
from .reception import Receiver


class KayState:
    """Base of Kay: values of the last call with a time. Nothing here changes anything."""

    policy: KayPolicy
    counters: KayCounters
    chain: KeyChain
    cp: CP
    _members: Participants
    _announcer: Announcer
    _receiver: Receiver
    _intake: SakIntake
    _associations: Associations
    _enabled: bool
    _alone_ns: int | None
    _now_ns: int

    @property
    def participants(self) -> dict[bytes, Participant]:
        """The participants by CKN, the preferred first; of a CKN with several CAKs, one."""
        return self._members.by_ckn

    @property
    def all_participants(self) -> list[Participant]:
        """The participants, the preferred first, one for each CAK."""
        return list(self._members)

    @property
    def principal(self) -> Participant | None:
        """The participant whose SAKs protect the traffic."""
        return self._members.principal

    @property
    def active(self) -> bool:
        """True while key agreement runs: the port is enabled, and the policy wants it."""
        return self._enabled and self.policy.security is not Security.DISABLED

    @property
    def secured(self) -> bool:
        """True if frames pass, and only under a SAK."""
        return self.cp.secured

    @property
    def failed(self) -> bool:
        """True once no peer was live for a Life Time, as of the last call with a time (12.5)."""
        alone_ns = self._alone_ns
        if not self.active or alone_ns is None:
            return False
        return self._now_ns >= alone_ns + self.policy.life_ns

    @property
    def announced(self) -> dict[bytes, Announced]:
        """The announcements of other stations, in frames of their own lately, by MAC address."""
        return self._announcer.learned(self._now_ns)

    def lately(self, counter: str | Reception) -> bool:
        """True if a counter rose within the last Life Time: its cause is present."""
        return self.counters.rose_within(counter, self.policy.life_ns)

    @property
    def padded_ckn(self) -> bytes | None:
        """The last CKN that was heard without a CAK, if it is one of ours but for zeros at its end.

        The ICK and KEK of both names are the same.
        """
        unknown = self._receiver.unknown_ckn
        return unknown if padded(unknown, self.chain.ckns) else None

    @property
    def unreported(self) -> list[Peer]:
        """The live peers that have not reported to receive under the newest SAK."""
        principal, slots = self.principal, self.cp.slots()
        if principal is None or not slots:
            return []
        return [peer for peer in principal.peers.live if not peer.receives(slots[0].ki)]

    @property
    def sak_age_ns(self) -> int:
        """The time since the newest SAK came; 0 without one."""
        return next((self._now_ns - slot.since_ns for slot in self.cp.slots()), 0)

    @property
    def refusal(self) -> str | None:
        """The reason why the last SAK of the Key Server was not taken, None if it was."""
        principal = self.principal
        return None if principal is None else self._intake.refusals.reason(principal.server)

    @property
    def unable(self) -> str | None:
        """The reason why a member or we are not able to use MACsec now, None without one."""
        return None if self.principal is None else self.principal.inability

    def saks(self) -> list[Sak]:
        """Return the SAKs in use, the newest first; the KaY owns and wipes them."""
        found = (self._associations.find(slot.ki) for slot in self.cp.slots())
        return [sak for sak in found if sak is not None]
