"""The KaY of a port (IEEE 802.1X clause 9), without I/O: octets and times in, octets out.

    receive_mkpdu(now_ns, frame)    a frame with the EtherType of EAPOL arrived
    poll_action()                   the next action for the SecY, until None
    poll_transmit(now_ns)           the next MKPDU to send, until None
    next_timeout_ns()               when to poll again although nothing arrived

Give it all frames that have arrived before you poll: a peer expires when MKPDUs are polled, so that
one that was heard in time is never lost to a late caller. Actions come first: no MKPDU leaves while
an action waits, so no MKPDU reports what is not done yet.
Times are whole nanoseconds on any clock that does not go back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace

from macsec.errors import ConfigError
from macsec.kay.distribution.key_history import KeyHistory
from macsec.kay.distribution.key_server import KeyServer, exhaustion
from macsec.kay.distribution.sak_intake import SakIntake
from macsec.kay.membership.ability import NEVER_NS, complaint
from macsec.kay.membership.identity import Random
from macsec.kay.membership.participant import Participant
from macsec.kay.membership.participants import Participants
from macsec.kay.membership.peers import Peer
from macsec.kay.mkpdu.parameter_sets import NoSak
from macsec.keys import Uncopyable
from macsec.terms import sci_text

from .actions import Action
from .associations import Associations
from .counters import KayCounters, Reception
from .cp import CP, Connect, CpInputs
from .keychain import ChainKey, KeyChain, padded
from .lowest_pns import TransmitPNs, raise_lowest_pns
from .policy import SUSPENSIONS_S, KayPolicy, Security, check_sci
from .reception import Accepted, Receiver
from .sak import KI, Sak
from .transmission import Sender

LOG = logging.getLogger("macsec")


class Kay(Uncopyable):
    """The key agreement entity of one port. It sends nothing before `set_enabled`.

    `keys`: the CAKs, each behind its holder. `random(n)` gives n octets of entropy. Raises
    ConfigError for an impossible configuration; a received frame never raises.
    """

    def __init__(
        self,
        sci: int,
        keys: Iterable[ChainKey],
        random: Random,
        policy: KayPolicy | None = None,
    ) -> None:
        self.sci = check_sci(sci)
        self.counters = KayCounters()
        self.chain = KeyChain(keys := list(keys))
        self._random = random
        self._now_ns = 0
        self._enabled = False
        self._enabled_ns = 0
        self._unread = False
        self._agreed: Connect | None = None
        self._rested_ns = 0
        self._followed: tuple[Participant, bytes, int] | None = None
        self._last_an = -1
        self._associations = Associations(self.sci)
        self._pns = TransmitPNs()
        self._history = KeyHistory()
        self._members = members = Participants(
            self.sci, policy or KayPolicy(), random, self.counters
        )
        self.cp = CP(self._associations, members.all_receiving, members.server_transmitting)
        self._equip(members.policy)
        for key in keys:
            _warn_of_strength(key, self.policy)

    def _equip(self, policy: KayPolicy) -> None:
        """Make the parts that follow a policy; what the port has used stays known."""
        self.policy = self._members.policy = policy
        self.cp.life_ns = policy.life_ns
        self._server = KeyServer(self.sci, policy, self._random, self._history, self.counters)
        self._intake = SakIntake(self.sci, policy, self._history, self.counters, self._is_known)
        self._receiver = Receiver(policy, self._intake, self.counters, self._associations.find)
        self._sender = Sender(self.sci, policy, self.counters, self._server, self._pns, self.cp)

    # ---------------------------------------------------------------- the four verbs

    def receive_mkpdu(self, now_ns: int, frame: bytes) -> Reception:
        """Receive a frame and return its result; no received octets raise, and no peer expires."""
        self._unread = self.active
        now_ns = self._pass_time(now_ns)
        heard = self._receiver.receive(now_ns, bytes(frame), self._members.of, self.active)
        # The lists first: they may make the sender Key Server, or another member.
        self._settle(now_ns)
        if isinstance(heard, Reception):
            return heard
        self._follow_distribution(heard)
        if heard.participant is self.principal:
            self._receiver.check_use(heard, self._is_known)
        return Reception.ACCEPTED

    def poll_action(self) -> Action | None:
        """Return the next action for the SecY; by the next call it has to be done."""
        return self._associations.poll()

    def poll_transmit(self, now_ns: int) -> bytes | None:
        """Return the next MKPDU to send, if one is due and no action is waiting.

        At one time, without a frame between, actions and MKPDUs come to an end. The lists and the
        reports of peers are fixed then. A lowest PN rises to the reported one and no further; a
        member is admitted once to a key; CP runs to a fixed point, which only another SAK moves,
        and of these there is a BURST at most (`distribution/key_history.py`). A participant sends
        at most PROMPT_LIMIT MKPDUs with news, then the hello is later.
        """
        now_ns = self._advance(now_ns)
        if self._associations.waiting:
            return None
        for participant in self._members:
            if participant.due_ns(now_ns) <= now_ns:
                frame = self._sender.mkpdu(participant, participant is self.principal, now_ns)
                if frame is not None:
                    return frame
        return None

    def next_timeout_ns(self) -> int | None:
        """Return when to poll again: now if there is something to poll, None if never."""
        if self._associations.waiting or self._unread:
            return self._now_ns
        due = [participant.due_ns(self._now_ns) for participant in self._members]
        expiries = (participant.peers.next_expiry_ns for participant in self._members)
        due += [time for time in expiries if time is not None]
        if any(time <= self._now_ns for time in due):
            return self._now_ns
        return min([*due, *self._changes_ns()], default=None)

    # ---------------------------------------------------------------- management

    def set_enabled(self, now_ns: int, enabled: bool) -> None:
        """Start key agreement, or stop it: the Common Port came up, or is gone for long."""
        if enabled and not self._enabled:
            self._enabled_ns = now_ns
        if not enabled:
            self._members.follow((), now_ns)
        self._enabled = enabled
        self._advance(now_ns)

    def update_pn(self, now_ns: int, an: int, next_pn: int) -> None:
        """Take nextPN of a transmit SA from the SecY; call it before MKPDUs are polled."""
        ki = self._associations.user_of(an)
        sak = None if ki is None else self._associations.find(ki)
        if sak is None:
            return
        limit = exhaustion(sak.protection.suite)
        if self._pns.current(sak.ki) < limit <= next_pn and self.principal is not None:
            self.principal.news = True
        self._pns.record(sak.ki, min(next_pn, sak.protection.suite.pn_limit - 1), now_ns)

    def add_key(self, now_ns: int, key: ChainKey) -> None:
        """Add a CAK. Raises ConfigError if it is there already."""
        self.chain.add(key)
        _warn_of_strength(key, self.policy)
        self._advance(now_ns)

    def remove_key(self, now_ns: int, ckn: bytes) -> None:
        """Stop using the CAKs of a CKN at once."""
        self.chain.remove(ckn)
        self._advance(now_ns)

    def enable_key(self, now_ns: int, ckn: bytes, enabled: bool) -> None:
        """Enable or disable the participant of a CAK. Raises ConfigError for an unknown CKN."""
        self.chain.enable(ckn, enabled)
        self._advance(now_ns)

    def suspend(self, now_ns: int, seconds: int) -> None:
        """Ask all members to keep us unheard for some seconds (9.18); 0 ends it.

        Once all peers have answered we send nothing until then. Raises ConfigError.
        """
        if seconds not in SUSPENSIONS_S:
            raise ConfigError(f"suspension of {seconds} s: expected 0 to {SUSPENSIONS_S[-1]}")
        if self.principal is None:
            raise ConfigError("suspension: there is no live peer to ask")
        self.principal.suspend(now_ns, seconds)
        self._advance(now_ns)

    @property
    def suspended(self) -> bool:
        """True while key agreement is suspended, as of the last call with a time."""
        principal = self.principal
        return principal is not None and principal.suspension.lasts(self._now_ns)

    def set_policy(self, now_ns: int, policy: KayPolicy) -> None:
        """Continue under another policy, as a new member: the port is not secured until then."""
        enabled = self._enabled
        self.set_enabled(now_ns, False)
        self._equip(policy)
        self.set_enabled(now_ns, enabled)

    # ---------------------------------------------------------------- state

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
        principal = self.principal
        if principal is None:
            return None
        server = principal.server_peer
        if server is not None and server.plain:
            return f"Key Server {sci_text(server.sci or 0)} orders plain frames"
        if server is None and not (self.policy.desired and self.policy.capability):
            return "MACsec Desired is off or MACsec Capability is 0 here"
        peers = principal.peers.live if server is None else [server]
        return next(
            filter(
                None,
                (
                    complaint(peer.basic)
                    for peer in peers
                    if peer.basic and not peer.ability.capability
                ),
            ),
            None,
        )

    def saks(self) -> list[Sak]:
        """Return the SAKs in use, the newest first; the KaY owns and wipes them."""
        found = (self._associations.find(slot.ki) for slot in self.cp.slots())
        return [sak for sak in found if sak is not None]

    # ---------------------------------------------------------------- time

    def _advance(self, now_ns: int) -> int:
        """Let time pass, remove peers that fell silent, and settle."""
        self._unread = False
        now_ns = self._follow_time(now_ns)
        for participant in self._members:
            participant.expire(now_ns)
        self._settle(now_ns)
        return now_ns

    def _follow_time(self, now_ns: int) -> int:
        """Set the clock, and keep the participants whose keys are in their windows."""
        self._now_ns = self.counters.now_ns = now_ns = max(now_ns, self._now_ns)
        self._members.follow(self.chain.active(now_ns) if self.active else (), now_ns)
        return now_ns

    def _pass_time(self, now_ns: int) -> int:
        """Let time pass up to a received frame; settle first if a change is due.

        No peer expires: the frame may be the one that keeps it.
        """
        if any(time <= now_ns for time in self._changes_ns()):
            now_ns = self._follow_time(now_ns)
            self._settle(now_ns)
        self._now_ns = self.counters.now_ns = max(now_ns, self._now_ns)
        return self._now_ns

    def _changes_ns(self) -> Iterator[int]:
        """Yield the times after now at which time alone changes something, save the peer lists."""
        server = self._server
        times = [self.chain.next_change_ns(self._now_ns), self.cp.next_timeout_ns]
        times += [participant.suspension.until_ns for participant in self._members]
        times += [server.not_before_ns, server.ready_ns, server.rekey_ns, self._rested_ns]
        times += [peer.ability.ends_ns for one in self._members for peer in one.peers.live]
        if self._members.fallback_is_live:
            times.append(self._fallback_at_ns)
        return (time for time in times if time is not None and self._now_ns < time < NEVER_NS)

    @property
    def _fallback_at_ns(self) -> int:
        """The other keys have a Life Time to come up before a fallback may carry traffic."""
        return self._enabled_ns + self.policy.life_ns

    # ---------------------------------------------------------------- from the lists to the port

    def _settle(self, now_ns: int, inputs: CpInputs | None = None) -> None:
        """Bring the Controlled Port in line with the lists; the result is final for this time.

        `inputs` holds a SAK that was just distributed; the default is the inputs that CP left.
        """
        for participant in self._members:
            participant.elect()
            self._server.note(participant)
        principal = self._members.choose(now_ns >= self._fallback_at_ns)
        self._judge_server(now_ns)
        self.cp.step(now_ns, self._follow_server(inputs or self.cp.inputs))
        self._serve(now_ns)
        self._protect_from_delay()
        self._pns.keep(self._associations)
        if self.cp.news and principal is not None:
            principal.news, self.cp.news = True, False

    def _follow_server(self, inputs: CpInputs) -> CpInputs:
        """Return the inputs of CP for the present principal and Key Server."""
        principal = self.principal
        changed, new_sak = inputs.server_changed, inputs.new_sak
        if principal is None:
            self._agreed = self._followed = new_sak = None
        elif principal.server is not None and principal.server_sci is not None:
            followed = principal, principal.server, principal.server_sci
            if self._followed is not None and _has_changed(self._followed, followed):
                changed, new_sak = True, None
            self._followed = followed
        if self._agreed is not Connect.SECURE:
            new_sak = None
        idle = Connect.PENDING
        if self.policy.security is not Security.MUST_SECURE:
            idle = Connect.UNAUTHENTICATED
        return CpInputs(
            enabled=self._enabled,
            connect=self._agreed or idle,
            server_changed=changed,
            elected_self=principal is not None and principal.is_server,
            new_sak=new_sak,
        )

    def _serve(self, now_ns: int) -> None:
        """As Key Server: decide on protection, and make a SAK if one is due.

        It is made once all frames that have arrived were heard, and if its MKPDU may leave now: a
        member that joined between the two would keep the SAK from all others.
        """
        principal = self.principal
        if principal is None or not principal.is_server:
            return
        if self.cp.secured and principal.suspension.lasts(now_ns):
            return
        if self._server.decide(principal) is None:
            if not self._server.keeps(principal, now_ns):
                self._stop_protection(now_ns)
            return
        if now_ns < max(self._rested_ns, self._server.not_before_ns if self.cp.secured else 0):
            return
        self._server.forget_unless(self._is_known)
        reason = self._server.reason(principal, now_ns, self._pns.current)
        if reason is None or self._unread or principal.prompt_ns(now_ns) > now_ns:
            return
        an = self._next_an()
        sak = None if an is None else self._server.generate(principal, an, now_ns)
        if sak is None:
            return
        LOG.info("KaY %016x: SAK %s, AN %d: %s", self.sci, sak.ki, sak.an, reason.name)
        self._last_an = sak.an
        principal.news = True
        self._agree(now_ns, Connect.SECURE, sak)

    def _agree(self, now_ns: int, connect: Connect, new_sak: Sak | None = None) -> None:
        inputs = self.cp.inputs
        self._agreed = connect
        self.cp.step(now_ns, replace(inputs, connect=connect, new_sak=new_sak or inputs.new_sak))

    def _stop_protection(self, now_ns: int) -> None:
        """Delete the SAs; pass plain frames, under must-secure none. No SAK for a Life Time."""
        connect = Connect.AUTHENTICATED
        if self.policy.security is Security.MUST_SECURE:
            connect = Connect.PENDING
        if self._agreed is connect:
            return
        if self._agreed is Connect.SECURE:
            LOG.warning("KaY %s: no MACsec: %s", sci_text(self.sci), self.unable)
            self._rested_ns = now_ns + self.policy.life_ns
        self._server.stop()
        self._agreed = connect
        inputs = replace(self.cp.inputs, connect=connect, new_sak=None)
        self.cp.step(now_ns, inputs)
        if self.principal is not None:
            self.principal.news = True

    def _protect_from_delay(self) -> None:
        """Admit peers that were not heard when a key came, and raise their lowest PNs."""
        if self.principal is None or not self.cp.slots():
            return
        for sci in self.principal.reach:
            self._associations.admit(sci)
            for peer in self._members.reports(sci):
                raise_lowest_pns(self._associations, peer, sci)

    def _is_known(self, ki: KI) -> bool:
        """True for a key that is installed, or waits to be."""
        pending = self.cp.inputs.new_sak
        return ki in self._associations or (pending is not None and pending.ki == ki)

    def _next_an(self) -> int | None:
        """Return a free AN; None until the Old Key retires, if there are two ANs."""
        ans = self.policy.ans
        following = ((self._last_an + step) % ans for step in range(1, ans + 1))
        return next((an for an in following if self._associations.user_of(an) is None), None)

    # ---------------------------------------------------------------- as a member

    def _judge_server(self, now_ns: int) -> None:
        """Stop if the Key Server, a peer, is not able to use its SAK, and does not use it."""
        principal = self.principal
        peer = None if principal is None else principal.server_peer
        if principal is None or peer is None or self._agreed is not Connect.SECURE:
            return
        if not (peer.ability.lasts(now_ns) or principal.suspension.lasts(now_ns)):
            self._stop_protection(now_ns)

    def _follow_distribution(self, heard: Accepted) -> None:
        """Follow the Key Server to the participant over which it distributes (9.7), and settle."""
        offered = self._receiver.offered(heard)
        if isinstance(offered, NoSak):
            self._follow_order(heard.participant)
        elif offered is not None:
            self._follow_sak(heard.participant, offered)

    def _follow_order(self, participant: Participant) -> None:
        """Follow an order of plain frames; must-secure closes the port of this participant."""
        if self.policy.security is not Security.MUST_SECURE:
            self._members.principal = participant
        if participant is self.principal:
            self._stop_protection(self._now_ns)
            self._settle(self._now_ns)

    def _follow_sak(self, participant: Participant, sak: Sak) -> None:
        user = self._associations.user_of(sak.an)
        taken = user is not None and not participant.server_abandoned(user)
        if taken or self._now_ns < self._rested_ns:
            self._receiver.refuse()
            return
        if (server := participant.server_peer) is not None:
            server.ability.show(self._now_ns)
        self._receiver.accept(sak, self._now_ns)
        self._members.principal, self._agreed = participant, Connect.SECURE
        inputs = self._follow_server(self.cp.inputs)
        if user is not None:
            # The AN is in use by a key that the Key Server abandoned: delete that one first.
            self.cp.step(self._now_ns, replace(inputs, server_changed=True, new_sak=None))
            inputs = self.cp.inputs
        self._last_an = sak.an
        self._settle(self._now_ns, replace(inputs, new_sak=sak))


def _has_changed(
    before: tuple[Participant, bytes, int], after: tuple[Participant, bytes, int]
) -> bool:
    """Return whether the Key Server is another SCI, or restarted.

    Another MI of the same SCI is a restart only within one participant: each CAK has its own MIs.
    """
    return before[2] != after[2] or (before[0] is after[0] and before[1] != after[1])


def _warn_of_strength(key: ChainKey, policy: KayPolicy) -> None:
    if key.holder.cak_length < policy.cipher.key_length:
        LOG.warning(
            "key %s: a CAK of %d octets cannot make %s stronger than that",
            key.name,
            key.holder.cak_length,
            policy.cipher.name,
        )
