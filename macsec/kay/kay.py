"""The KaY of a port (IEEE 802.1X clause 9), without I/O: octets and times in, octets out.

    receive_mkpdu(now_ns, frame)    a frame of EtherType 88-8E arrived
    poll_action()                   what the SecY is to do next, until None
    poll_transmit(now_ns)           the next MKPDU to send, until None
    next_timeout_ns()               when to poll again although nothing arrived

Actions come first: no MKPDU leaves while one is waiting, so none tells of what is not yet done.
Times are whole nanoseconds on any clock that does not go back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from macsec.errors import MACsecError
from macsec.kay.actions import Action
from macsec.kay.associations import Associations
from macsec.kay.counters import Counters, Reception
from macsec.kay.cp import CP, MKA_LIFE_TIME_NS, Connect
from macsec.kay.identity import Random
from macsec.kay.key_history import KeyHistory
from macsec.kay.key_server import KeyServer, exhaustion
from macsec.kay.keychain import ChainKey, KeyChain
from macsec.kay.mkpdu.frame import Mkpdu, Refusal, compose, decode, seal
from macsec.kay.mkpdu.parameter_sets import DistributedSak, SakUse
from macsec.kay.participant import (
    MKA_BOUNDED_HELLO_TIME_NS,
    MKA_HELLO_TIME_NS,
    Participant,
)
from macsec.kay.peers import Peer, entries
from macsec.kay.policy import KayPolicy, Security, check_sci
from macsec.kay.principal import choose
from macsec.kay.sak import KI, Sak
from macsec.kay.sak_intake import Intake
from macsec.kay.transmit_pns import TransmitPNs, whole_pn
from macsec.keys import Uncopyable
from macsec.terms import AN_VALUES

LOG = logging.getLogger("macsec")

REFUSALS = {
    Refusal.NOT_EAPOL: Reception.NOT_MKA,
    Refusal.NOT_MKA: Reception.NOT_MKA,
    Refusal.VERSION: Reception.NOT_MKA,
    Refusal.INDIVIDUAL: Reception.INDIVIDUAL,
    Refusal.AGILITY: Reception.UNKNOWN_AGILITY,
}
"""All others are malformed."""


class Kay(Uncopyable):
    """The key agreement entity of one port. Begins to speak at `set_enabled`.

    `keys`: the CAKs, each behind its holder. `random(n)` gives n octets of entropy. Raises
    ConfigError for a configuration that cannot be; what arrives never raises.
    """

    def __init__(
        self,
        sci: int,
        keys: Iterable[ChainKey],
        random: Random,
        policy: KayPolicy | None = None,
    ) -> None:
        self.sci = check_sci(sci)
        self.policy = policy or KayPolicy()
        self.counters = Counters()
        self.chain = KeyChain(keys := list(keys))
        for key in keys:
            self._warn_of_strength(key)
        self.participants: dict[bytes, Participant] = {}
        self.principal: Participant | None = None
        self._random = random
        self._now_ns = 0
        self._enabled_ns = 0
        self._agreed: Connect | None = None
        self._followed: tuple[Participant, bytes, int] | None = None
        self._last_an = AN_VALUES[-1]
        self._associations = Associations(self.sci)
        self._pns = TransmitPNs()
        history = KeyHistory()
        self._server = KeyServer(self.sci, self.policy, random, history, self.counters)
        self._intake = Intake(self.sci, self.policy, history, self.counters)
        self.cp = CP(self._associations, self._all_receiving, self._server_transmitting)

    # ---------------------------------------------------------------- the four verbs

    def receive_mkpdu(self, now_ns: int, frame: bytes) -> Reception:
        """A frame arrived. Says what it was; nothing that is received raises."""
        now_ns = self._advance(now_ns)
        reception = self._receive(now_ns, bytes(frame))
        self.counters.add(reception)
        self._settle(now_ns)
        return reception

    def poll_action(self) -> Action | None:
        """The next thing that the SecY is to do; done when the next call is made."""
        return self._associations.poll()

    def poll_transmit(self, now_ns: int) -> bytes | None:
        """The next MKPDU to send, if one is due and no action is waiting."""
        now_ns = self._advance(now_ns)
        if self._associations.waiting:
            return None
        for participant in self.participants.values():
            if participant.due_ns(now_ns) <= now_ns:
                frame = self._transmit(participant, now_ns)
                if frame is not None:
                    return frame
        return None

    def next_timeout_ns(self) -> int | None:
        """When to poll again; at once if there is something to be polled. None if never."""
        if self._associations.waiting:
            return self._now_ns
        times = [self.chain.next_change_ns(self._now_ns), self.cp.next_timeout_ns]
        for participant in self.participants.values():
            times += [participant.due_ns(self._now_ns), participant.peers.next_expiry_ns]
        times += [self._server.not_before_ns, self._server.rekey_ns, self._fallback_ns]
        awaited = [time for time in times if time is not None and time > self._now_ns]
        due = [p.due_ns(self._now_ns) <= self._now_ns for p in self.participants.values()]
        return self._now_ns if any(due) else min(awaited, default=None)

    # ---------------------------------------------------------------- management

    def set_enabled(self, now_ns: int, enabled: bool) -> None:
        """The Common Port is there, or gone for longer than MKA bridges; starts key agreement."""
        if enabled and not self.cp.enabled:
            self._enabled_ns = now_ns
        if not enabled:
            self.participants.clear()
        self.cp.enabled = enabled
        self._advance(now_ns)

    def update_pn(self, now_ns: int, an: int, next_pn: int) -> None:
        """nextPN of a transmit SA, as the SecY has it: to be told before MKPDUs are polled."""
        ki = self._associations.user_of(an)
        sak = None if ki is None else self._associations.find(ki)
        if sak is None:
            return
        limit = exhaustion(sak.protection.suite)
        if self._pns.current(sak.ki) < limit <= next_pn and self.principal is not None:
            self.principal.news = True
        self._pns.tell(sak.ki, min(next_pn, sak.protection.suite.pn_limit - 1), now_ns)

    def add_key(self, now_ns: int, key: ChainKey) -> None:
        """Another CAK. Raises ConfigError for a CKN that is there."""
        self.chain.add(key)
        self._warn_of_strength(key)
        self._advance(now_ns)

    def remove_key(self, now_ns: int, ckn: bytes) -> None:
        """Stop using a CAK at once."""
        self.chain.remove(ckn)
        self._advance(now_ns)

    @property
    def secured(self) -> bool:
        """Whether frames pass, and only under a SAK."""
        return self.cp.secured

    def saks(self) -> list[Sak]:
        """The SAKs in use, the newest first; they are the KaY's, which wipes them."""
        found = (self._associations.find(slot.ki) for slot in self.cp.slots())
        return [sak for sak in found if sak is not None]

    @property
    def _speaks(self) -> bool:
        return self.cp.enabled and self.policy.security is not Security.DISABLED

    # ---------------------------------------------------------------- receiving

    def _receive(self, now_ns: int, frame: bytes) -> Reception:
        mkpdu = decode(frame)
        if isinstance(mkpdu, Refusal):
            return REFUSALS.get(mkpdu, Reception.MALFORMED)
        participant = self.participants.get(mkpdu.basic.ckn)
        if participant is None:
            return Reception.UNKNOWN_CKN if self._speaks else Reception.DISABLED
        if not self._authentic(participant, mkpdu):
            return Reception.BAD_ICV
        reception = participant.receive(mkpdu, now_ns)
        if reception is Reception.ACCEPTED:
            # The lists first: they may make the sender Key Server, or another.
            self._settle(now_ns)
            self._hear_distribution(participant, mkpdu)
            self._settle(now_ns)
            self._check_use(participant, mkpdu)
        return reception

    @staticmethod
    def _authentic(participant: Participant, mkpdu: Mkpdu) -> bool:
        try:
            return participant.key.holder.icv_valid(mkpdu.signed, mkpdu.icv)
        except MACsecError:
            return False

    def _hear_distribution(self, participant: Participant, mkpdu: Mkpdu) -> None:
        if mkpdu.distributed is None and not mkpdu.plain:
            return
        self.counters.add("in-sak-mkpdu")
        peer = participant.peers.find(mkpdu.basic.mi)
        if peer is None or not peer.live or peer.mi != participant.server:
            self.counters.add("sak-refused")
        elif mkpdu.distributed is None:
            self._hear_plain(participant)
        else:
            self._hear_sak(participant, mkpdu, mkpdu.distributed)

    def _check_use(self, participant: Participant, mkpdu: Mkpdu) -> None:
        """Keys that a peer reports and we do not have are counted, no more."""
        if participant is not self.principal or mkpdu.use is None:
            return
        for slot in (mkpdu.use.latest, mkpdu.use.old):
            if slot is not None and slot.ki.kn and not self._is_known(slot.ki):
                self.counters.add("sak-use-errors")

    def _hear_plain(self, participant: Participant) -> None:
        """The Key Server wants no MACsec; must-secure does not follow."""
        if self.policy.security is Security.MUST_SECURE:
            self.counters.add("sak-refused")
            return
        self.principal, self._agreed = participant, Connect.AUTHENTICATED

    def _hear_sak(self, participant: Participant, mkpdu: Mkpdu, given: DistributedSak) -> None:
        sak = self._intake.take(participant, mkpdu, given)
        if sak is None:
            return
        user = self._associations.user_of(sak.an)
        if user is not None and not self._is_abandoned(participant, user):
            self.counters.add("sak-refused")
            return
        self._intake.accept(sak)
        # A member follows the participant over which the Key Server distributes (9.7).
        self.principal, self._agreed = participant, Connect.SECURE
        self._follow_server()
        if user is not None:
            self.cp.server_changed, self.cp.new_sak = True, None
            self.cp.step(self._now_ns)
        self._last_an, self.cp.new_sak = sak.an, sak

    @staticmethod
    def _is_abandoned(participant: Participant, ki: KI) -> bool:
        """Whether the Key Server reports keys, and not this one: we missed how it was replaced.

        What we still have of it is good for nothing, and its AN is free.
        """
        server = participant.server_peer
        if server is None or server.use is None:
            return False
        slots = (server.use.latest, server.use.old)
        return any(slot and slot.ki.kn for slot in slots) and not server.uses(ki)

    # ---------------------------------------------------------------- time and state

    def _advance(self, now_ns: int) -> int:
        """It is this late now, and never earlier than it was."""
        self._now_ns = now_ns = max(now_ns, self._now_ns)
        self._follow_chain(now_ns)
        for participant in self.participants.values():
            participant.expire(now_ns)
        self._settle(now_ns)
        return now_ns

    def _follow_chain(self, now_ns: int) -> None:
        """A participant for each key in its window."""
        active = self.chain.active(now_ns) if self._speaks else {}
        if active.keys() == self.participants.keys():
            return
        self.participants = {
            ckn: self.participants.get(ckn)
            or Participant(key, self.sci, self.policy, self._random, self.counters, now_ns)
            for ckn, key in active.items()
        }

    def _settle(self, now_ns: int) -> None:
        """From the lists to the Controlled Port, until nothing is left to be done."""
        for participant in self.participants.values():
            participant.elect()
            self._server.note(participant)
        self.principal = choose(
            list(self.participants.values()), self.principal, now_ns >= self._fallback_at_ns
        )
        self._follow_server()
        self.cp.step(now_ns)
        self._serve(now_ns)
        self._protect_from_delay()
        self._pns.keep(self._associations)
        if self.cp.news and self.principal is not None:
            self.principal.news, self.cp.news = True, False

    @property
    def _fallback_at_ns(self) -> int:
        """The other keys have a Life Time to come up before a fallback may carry traffic."""
        return self._enabled_ns + MKA_LIFE_TIME_NS

    @property
    def _fallback_ns(self) -> int | None:
        waits = any(p.key.fallback and p.peers.live for p in self.participants.values())
        return self._fallback_at_ns if waits else None

    def _follow_server(self) -> None:
        principal = self.principal
        if principal is None:
            self._agreed = self._followed = self.cp.new_sak = None
        elif principal.server is not None and principal.server_sci is not None:
            followed = principal, principal.server, principal.server_sci
            if self._followed is not None and self._has_changed(self._followed, followed):
                self.cp.server_changed, self.cp.new_sak = True, None
            self._followed = followed
        self.cp.elected_self = principal is not None and principal.is_server
        idle = Connect.PENDING
        if self.policy.security is not Security.MUST_SECURE:
            idle = Connect.UNAUTHENTICATED
        self.cp.connect = self._agreed or idle

    @staticmethod
    def _has_changed(
        before: tuple[Participant, bytes, int], after: tuple[Participant, bytes, int]
    ) -> bool:
        """Another SCI, or the same one started anew; the server of another CAK is the same."""
        return before[2] != after[2] or (before[0] is after[0] and before[1] != after[1])

    def _serve(self, now_ns: int) -> None:
        principal = self.principal
        if principal is None or not principal.is_server:
            return
        if self._server.decide(principal) is None:
            if self.policy.security is Security.SHOULD_SECURE:
                self._agreed = self.cp.connect = Connect.AUTHENTICATED
                self.cp.step(now_ns)
            return
        if self.cp.secured and now_ns < self._server.not_before_ns:
            return
        self._server.forget_unless(self._is_known)
        reason = self._server.reason(principal, now_ns, self._pns.current)
        if reason is None:
            return
        sak = self._server.generate(principal, self._next_an(), now_ns)
        if sak is None:
            return
        LOG.info("KaY %016x: SAK %s, AN %d: %s", self.sci, sak.ki, sak.an, reason.name)
        self._last_an, self.cp.new_sak = sak.an, sak
        self._agreed = self.cp.connect = Connect.SECURE
        principal.news = True
        self.cp.step(now_ns)

    def _is_known(self, ki: KI) -> bool:
        pending = self.cp.new_sak
        return ki in self._associations or (pending is not None and pending.ki == ki)

    def _next_an(self) -> int:
        following = ((self._last_an + step) % len(AN_VALUES) for step in (1, 2, 3, 4))
        return next(an for an in following if self._associations.user_of(an) is None)

    # ---------------------------------------------------------------- what CP asks

    def _reports(self, sci: int | None) -> Iterator[Peer]:
        """What a station says of its keys, over whichever CAK: it moves when the server does."""
        for participant in self.participants.values():
            yield from (peer for peer in participant.peers.live if peer.sci == sci)

    def _all_receiving(self, ki: KI) -> bool:
        return self.principal is not None and all(
            any(peer.receives(ki) for peer in self._reports(sci)) for sci in self.principal.reach
        )

    def _server_transmitting(self, ki: KI) -> bool:
        server = None if self.principal is None else self.principal.server_sci
        return any(peer.transmits(ki) for peer in self._reports(server))

    def _protect_from_delay(self) -> None:
        """What peers tell of their PNs, and peers that were not heard when a key came."""
        if self.principal is None or not self.cp.slots():
            return
        for sci in self.principal.reach:
            self._associations.admit(sci)
            for peer in self._reports(sci):
                self._raise_lowest_pns(peer, sci)

    def _raise_lowest_pns(self, peer: Peer, sci: int) -> None:
        if peer.use is None or not peer.use.delay_protect:
            return
        for slot in (peer.use.latest, peer.use.old):
            sak = None if slot is None else self._associations.find(slot.ki)
            if slot is None or sak is None:
                continue
            pn = slot.lowest_pn
            if sak.protection.suite.xpn and not peer.tells_upper_pn:
                pn = whole_pn(pn, self._associations.lowest_pn(slot.ki, sci))
            self._associations.raise_lowest_pn(slot.ki, sci, pn)

    # ---------------------------------------------------------------- sending

    def _transmit(self, participant: Participant, now_ns: int) -> bytes | None:
        bounded = self.policy.delay_protection and participant is self.principal
        hello_ns = MKA_BOUNDED_HELLO_TIME_NS if bounded else MKA_HELLO_TIME_NS
        xpn = self.policy.cipher.xpn
        in_force = self.cp.protection
        if in_force is not None:
            xpn = in_force.suite.xpn
        basic = participant.speak(now_ns, hello_ns, 3 if xpn else 1)
        distributed = self._server.distribution(participant)
        serves = participant is self.principal and participant.is_server
        use = self._sak_use(participant, now_ns)
        mkpdu = compose(
            basic,
            live=entries(participant.peers.live),
            server_ssci=self._own_ssci(distributed is not None and xpn),
            potential=entries(participant.peers.potential),
            use=use,
            distributed=distributed,
            plain=serves and self._agreed is Connect.AUTHENTICATED,
            xpn=xpn and use is not None,
            indicator=self.policy.include_icv_indicator,
            destination=self.policy.destination,
        )
        try:
            frame = seal(mkpdu, participant.key.holder.icv)
        except MACsecError:
            self.counters.add("out-mkpdu-errors")
            return None
        self.counters.add("out-mkpdu")
        if distributed is not None or mkpdu.plain:
            self.counters.add("out-sak-mkpdu")
        return frame

    def _own_ssci(self, told: bool) -> int:
        given = self._server.given
        return given.sak.sscis[self.sci] & 0xFF if told and given is not None else 0

    def _sak_use(self, participant: Participant, now_ns: int) -> SakUse | None:
        """Our keys, on the principal's MKPDUs; on the others' that there are some elsewhere."""
        if self._agreed is Connect.AUTHENTICATED:
            return SakUse(plain_transmits=True, plain_receives=True)
        if not self.cp.slots():
            return None
        if participant is not self.principal:
            return SakUse() if participant.peers.live else None
        protects = self.policy.delay_protection
        return SakUse(
            latest=self._pns.use_of(self.cp.latest, protects, now_ns),
            old=self._pns.use_of(self.cp.old, protects, now_ns),
            delay_protect=protects,
        )

    def _warn_of_strength(self, key: ChainKey) -> None:
        if key.holder.cak_length < self.policy.cipher.key_length:
            LOG.warning(
                "key %s: a CAK of %d octets cannot make %s stronger than that",
                key.name,
                key.holder.cak_length,
                self.policy.cipher.name,
            )
