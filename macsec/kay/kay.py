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
from macsec.kay.announcement import Announcer
from macsec.kay.distribution.key_history import KeyHistory
from macsec.kay.distribution.key_server import KeyServer, Reason, exhaustion
from macsec.kay.distribution.sak_intake import SakIntake
from macsec.kay.group.groups import Groups
from macsec.kay.keys.keychain import Activate, ChainKey, KeyChain
from macsec.kay.keys.sak import KI, Sak
from macsec.kay.membership.ability import NEVER_NS
from macsec.kay.membership.activation import Activation
from macsec.kay.membership.hellos import Hellos
from macsec.kay.membership.identity import Random
from macsec.kay.membership.participant import Participant
from macsec.kay.membership.participants import Participants
from macsec.kay.mkpdu.parameter_sets import Basic, NoSak
from macsec.kay.secy_side.actions import Action
from macsec.kay.secy_side.associations import Associations
from macsec.kay.secy_side.cp import CP, Connect, CpInputs
from macsec.kay.secy_side.lowest_pns import TransmitPNs, raise_lowest_pns
from macsec.keys import Uncopyable
from macsec.terms import sci_of_class, sci_text
from macsec.time_units import NS_PER_S

from .counters import KayCounters, Reception
from .hello_lender import HelloLender
from .policy import SUSPENSIONS_S, KayPolicy, Security, Unauthenticated, check_sci
from .reception import Accepted, Receiver
from .rest import Rest
from .transmission import Sender

LOG = logging.getLogger("macsec")

GATHER_NS = NS_PER_S // 2
"""The first SAK waits for actors of one port that come up one after another: a hello and this."""


class Kay(HelloLender, Uncopyable):
    """The key agreement entity of one port. It sends nothing before `set_enabled`.

    `keys`: the CAKs, each behind its holder, or the chain of another actor. `random(n)` gives n
    octets of entropy. Raises ConfigError for an impossible configuration; a received frame never
    raises.

    >>> from random import Random
    >>> from macsec.kay import ChainKey, Kay, MemoryHolder
    >>> from macsec.keys import Key
    >>> keys = [ChainKey(MemoryHolder(Key(bytes(range(16))), b"name"))]
    >>> kay = Kay(0x5254001301560001, keys, Random(1).randbytes)  # os.urandom on a real link
    >>> kay.policy.key_server_priority
    16

    See also: `KayPolicy`, `macsec.lab.Station`, `macsec.port.Agreement` (802.1X clause 9).
    """

    def __init__(
        self,
        sci: int,
        keys: Iterable[ChainKey] | KeyChain,
        random: Random,
        policy: KayPolicy | None = None,
    ) -> None:
        self.sci = check_sci(sci)
        self.counters = KayCounters()
        given = [] if isinstance(keys, KeyChain) else list(keys)
        self.chain = keys if isinstance(keys, KeyChain) else KeyChain(given)
        self._random = random
        self._now_ns = 0
        self._enabled = False
        self._enabled_ns = 0
        self._alone_ns: int | None = 0
        self._unread = False
        self._agreed: Connect | None = None
        self._rested_ns = 0
        self._gathered_ns = 0
        self._followed: tuple[Participant, bytes, int] | None = None
        self._last_an = -1
        self._rest = Rest(self.chain)
        self._associations = Associations(self.sci)
        self._pns = TransmitPNs()
        self._history = KeyHistory()
        self._members = members = Participants(
            self.sci, policy or KayPolicy(), random, self.counters
        )
        self.activation = Activation(self.chain, members)
        self.awaits = ""
        """The event that a port without a CAK waits for, in words: an authentication."""
        self.cp = CP(self._associations, members.all_receiving, members.server_transmitting)
        self._equip(members.policy)
        for key in given:
            key.warn_of_strength(self.policy.cipher)

    def for_class(self, traffic_class: int) -> Kay:
        """Return the KaY of the SCI of a traffic class of this port: an actor of its own.

        It is never Key Server, and has these CAKs: what is added or removed here is so there too.
        """
        sci = sci_of_class(self.sci, traffic_class)
        return Kay(sci, self.chain, self._random, self.policy.of_class())

    def _equip(self, policy: KayPolicy) -> None:
        """Make the parts that follow a policy; what the port has used stays known."""
        self.policy = self._members.policy = policy
        self._check_participants()
        self.cp.life_ns = policy.life_ns
        self._announcer = Announcer(self.sci, policy, self.counters)
        self._server = KeyServer(self.sci, policy, self._random, self._history, self.counters)
        self._groups = Groups(
            self.sci, policy, self._random, self.chain, self._members, self.counters
        )
        self._intake = SakIntake(self.sci, policy, self._history, self.counters, self._is_known)
        self._receiver = Receiver(policy, self._intake, self.counters, self._associations.find)
        self._sender = Sender(
            self.sci, policy, self.counters, self._server, self._groups.server, self._pns, self.cp
        )
        self._hellos = Hellos(self.counters, policy.use_updated_eth_header)

    # ---------------------------------------------------------------- the four verbs

    def receive_mkpdu(self, now_ns: int, frame: bytes) -> Reception:
        """Receive a frame and return its result; no received octets raise, and no peer expires."""
        frame = bytes(frame)
        self.take_hellos_back()
        if (reception := self._announcer.hear(now_ns, frame)) is not None:
            self.counters.add(reception)
            return reception
        self._unread = self.active
        now_ns, counted = self._pass_time(now_ns), self.counters.added
        if self._hellos.hear(frame, now_ns):
            if self._rest.until_ns is None:
                self._settle(now_ns)
            return Reception.ACCEPTED
        heard = self._receiver.receive(now_ns, frame, self._participants_of, self.active)
        # The lists first: they may make the sender Key Server, or another member.
        self._settle(now_ns)
        if isinstance(heard, Reception):
            return heard
        if self._groups.member.take(heard.participant, heard.mkpdu, now_ns):
            self._settle(self._follow_time(now_ns))
        self._follow_distribution(heard)
        if heard.participant is self.principal:
            self._receiver.check_use(heard, self._is_known)
        self._hellos.drop(heard.mkpdu.basic.mi)
        if self.counters.added == counted + 1:
            self._hellos.learn(heard.participant, heard.mkpdu, frame, now_ns)
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
        now_ns = self._advance_if_due(now_ns)
        if self._associations.waiting:
            return None
        for participant in self._members:
            if participant.due_ns(now_ns) <= now_ns:
                mi = participant.identity.mi
                frame = self._sender.mkpdu(participant, participant is self.principal, now_ns)
                if participant.identity.mi != mi:
                    self._rest.end()
                if frame is not None:
                    return frame
        return self._announcer.poll(now_ns)

    def next_timeout_ns(self) -> int | None:
        """Return when to poll again: now if there is something to poll, None if never."""
        if self._associations.waiting or self._unread:
            return self._now_ns
        due = [participant.due_ns(self._now_ns) for participant in self._members]
        expiries = (participant.peers.next_expiry_ns for participant in self._members)
        due += [time for time in (*expiries, self._announcer.due_ns) if time is not None]
        if any(time <= self._now_ns for time in due):
            return self._now_ns
        until_ns = self._rest.until_ns
        if until_ns is None:
            due += self._changes_ns()
        elif until_ns < NEVER_NS:
            due.append(until_ns)
        return min(due, default=None)

    def _participants_of(self, basic: Basic) -> list[Participant]:
        """Return the participants of a CKN that was heard; another station wakes a key."""
        foreign = self.active and not self._members.is_sibling(basic.sci)
        if foreign and self.activation.wake(basic.ckn, self._now_ns):
            self._follow_time(self._now_ns)
        return self._members.of(basic.ckn)

    # ---------------------------------------------------------------- management

    def set_enabled(self, now_ns: int, enabled: bool) -> None:
        """Start key agreement, or stop it: the Common Port came up, or is gone for long."""
        if enabled and not self._enabled:
            self._enabled_ns = self._alone_ns = now_ns
            if self.policy.security is not Security.DISABLED:
                self._announcer.start(now_ns)
            self.activation.oper_up()
        if not enabled:
            self._members.follow((), now_ns)
            self._groups.stop()
            self._announcer.stop()
        self._enabled = enabled
        self._advance(now_ns)

    def update_pn(self, now_ns: int, an: int, next_pn: int) -> None:
        """Take nextPN of a transmit SA from the SecY; call it before MKPDUs are polled."""
        ki = self._associations.user_of(an)
        sak = None if ki is None else self._associations.find(ki)
        if sak is None:
            return
        limit = exhaustion(sak.protection.suite)
        if self._pns.current(sak.ki) < limit <= next_pn:
            self._rest.end()
            if self.principal is not None:
                self.principal.news = True
        self._pns.record(sak.ki, min(next_pn, sak.protection.suite.pn_limit - 1), now_ns)

    def add_key(self, now_ns: int, key: ChainKey) -> None:
        """Add a CAK. Raises ConfigError if it is there already, or one too many."""
        self._check_participants(key.ckn)
        self.chain.add(key)
        key.warn_of_strength(self.policy.cipher)
        self._advance(now_ns)

    def remove_key(self, now_ns: int, ckn: bytes) -> None:
        """Stop using the CAKs of a CKN at once."""
        self.chain.remove(ckn)
        self._advance(now_ns)

    def activate_key(self, now_ns: int, ckn: bytes, activate: Activate) -> None:
        """Change when the keys of a CKN have a participant (9.16). Raises ConfigError.

        Changed to onOperUp they sleep at once, and no MKPDU wakes them for two Life Times.
        """
        self.activation.change(ckn, activate, now_ns)
        self._advance(now_ns)

    def discard_key(self, now_ns: int, key: ChainKey) -> None:
        """Stop using one key at once, if it is there, and wipe it."""
        self.chain.discard(key)
        self._advance(now_ns)

    def enable_key(self, now_ns: int, ckn: bytes, enabled: bool) -> None:
        """Enable or disable the participant of a CAK. Raises ConfigError for an unknown CKN."""
        self.chain.enable(ckn, enabled)
        self._advance(now_ns)

    def new_group(self, now_ns: int) -> None:
        """Make another group CAK and distribute it over the pairwise CAs (9.16).

        Raises ConfigError unless we are Key Server of all pairwise CAs with live peers.
        """
        self._groups.server.order()
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

    # ---------------------------------------------------------------- time

    def _advance(self, now_ns: int) -> int:
        """Let time pass, remove peers that fell silent, and settle."""
        self._unread = False
        self.take_hellos_back()
        now_ns = self._follow_time(now_ns)
        for participant in self._members:
            participant.expire(now_ns)
        self._settle(now_ns)
        return now_ns

    def _advance_if_due(self, now_ns: int) -> int:
        """Let time pass; settle if it changes something, or if the KaY is not settled."""
        if not self._rest.lasts(max(now_ns, self._now_ns)):
            return self._advance(now_ns)
        self.take_hellos_back()
        self._unread = False
        self._now_ns = self.counters.now_ns = now_ns = max(now_ns, self._now_ns)
        gone = [participant.expire(now_ns) for participant in self._members]
        if any(gone):
            self._settle(now_ns)
        return now_ns

    def _follow_time(self, now_ns: int) -> int:
        """Set the clock, and keep the participants whose keys are in their windows."""
        self._now_ns = self.counters.now_ns = now_ns = max(now_ns, self._now_ns)
        self.chain.expire(now_ns)
        keys = self.chain.active(now_ns) if self.active else []
        self._members.follow(self.activation.awake(keys, now_ns), now_ns)
        self._rest.follow()
        return now_ns

    def _pass_time(self, now_ns: int) -> int:
        """Let time pass up to a received frame; settle first if a change is due.

        No peer expires: the frame may be the one that keeps it.
        """
        until_ns = self._rest.until_ns
        if until_ns is None:
            until_ns = min(self._changes_ns(), default=NEVER_NS)
        if until_ns <= now_ns:
            now_ns = self._follow_time(now_ns)
            self._settle(now_ns)
        self._now_ns = self.counters.now_ns = max(now_ns, self._now_ns)
        return self._now_ns

    def _changes_ns(self) -> Iterator[int]:
        """Yield the times after now at which time alone changes something, save the peer lists."""
        server = self._server
        times = [self.chain.next_change_ns(self._now_ns), self.cp.next_timeout_ns]
        times += self._groups.changes_ns
        times += self.activation.changes_ns
        times += [participant.suspension.until_ns for participant in self._members]
        times += [server.not_before_ns, server.ready_ns, server.rekey_ns, self._rested_ns]
        if self._members.gathers():
            times.append(self._gathered_ns)
        times += [peer.ability.ends_ns for one in self._members for peer in one.peers.live]
        if self._members.fallback_is_live:
            times.append(self._fallback_at_ns)
        if self.policy.access is Unauthenticated.AUTH_FAIL and self._alone_ns is not None:
            times.append(self._alone_ns + self.policy.life_ns)
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
        self._rest.owes = False
        for participant in self._members:
            participant.elect()
            self._server.note(participant)
        if self._groups.settle(now_ns):
            self._follow_time(now_ns)
        alone = self.principal is None
        principal = self._members.choose(now_ns >= self._fallback_at_ns)
        if alone and principal is not None:
            self._gathered_ns = now_ns + self.policy.hello_ns + GATHER_NS
        self._note_alone(now_ns)
        self._judge_server(now_ns)
        self.cp.step(now_ns, self._follow_server(inputs or self.cp.inputs))
        self._serve(now_ns)
        self._protect_from_delay()
        self._pns.keep(self._associations)
        if self.cp.news and principal is not None:
            principal.news, self.cp.news = True, False
        self._rest.owes |= not self._groups.idle
        if self._rest.note(self._traits(), self._changes_ns()):
            self._hellos.forget()

    def _traits(self) -> object:
        """Return all that settling changes, and all by which a hello is judged."""
        server = self._server.current
        shared = None if server is None else len(server.members)
        cp = self.cp.state, self.cp.inputs, self._associations.asked, self.chain.changes
        members = [
            (each, each.identity.mi, each.server, each.peers.changes) for each in self._members
        ]
        return cp, self._agreed, self.principal, self._followed, server, shared, members

    def _note_alone(self, now_ns: int) -> None:
        """Keep the time since which no other station is live."""
        if any(map(self._members.has_partner, self._members)):
            self._alone_ns = None
        elif self._alone_ns is None:
            self._alone_ns = now_ns

    @property
    def _admits(self) -> bool:
        """True if plain frames pass while nothing is agreed."""
        access = self.policy.access
        waits = access is Unauthenticated.AUTH_FAIL and not self.failed
        return access is not Unauthenticated.NEVER and not waits

    def _check_participants(self, *more: bytes) -> None:
        """Raise ConfigError for a second CKN where there is to be a single participant."""
        if self.policy.single_participant and len({*self.chain.ckns, *more}) > 1:
            raise ConfigError("a second CKN, but single_participant is on: one participant only")

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
        idle = Connect.UNAUTHENTICATED if self._admits else Connect.PENDING
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
        if reason is None:
            return
        self._rest.owes = True
        if self._unread or principal.prompt_ns(now_ns) > now_ns:
            return
        if reason is Reason.FIRST and now_ns < self._gathered_ns and self._members.gathers():
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
