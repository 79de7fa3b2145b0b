"""One MKA participant: a member of one CA, by one CAK (IEEE 802.1X 9.4 to 9.7).

It holds the peer lists, elects the Key Server, and times its MKPDUs. The KaY has a participant for
every CKN; the SAKs and the Controlled Port are the KaY's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from macsec.kay.counters import KayCounters, Reception
from macsec.kay.keys.keychain import ChainKey
from macsec.kay.keys.sak import KI
from macsec.kay.mkpdu.frame import Mkpdu
from macsec.kay.mkpdu.parameter_sets import Basic
from macsec.kay.policy import KayPolicy
from macsec.kay.timers import REPEAT_NS, next_on_grid
from macsec.keys import Uncopyable
from macsec.terms import sci_of_class, sci_text

from .ability import complaint
from .identity import NUMBER_LIMIT, Identity, Random
from .peers import Peer, Peers
from .suspension import Suspension

PROMPT_LIMIT = 8
"""MKPDUs per Hello Time, at most; news beyond that waits."""


class Participant(Uncopyable):
    """A member of the CA of one key. `server` is the MI of the elected Key Server, or None."""

    def __init__(
        self,
        key: ChainKey,
        sci: int,
        policy: KayPolicy,
        random: Random,
        counters: KayCounters,
        now_ns: int,
    ) -> None:
        self.key = key
        self.identity = Identity(random, policy.life_ns)
        self.peers = Peers(policy.life_ns)
        self.suspension = Suspension()
        self.server: bytes | None = None
        self.distributed_ckn: bytes | None = None
        """The CKN of the last CAK that was distributed over this CA, by us or to us."""
        self.news = False
        self.hello_ns = now_ns
        self._ramp = deque(policy.ramp_ns)
        self._sci = sci
        self._policy = policy
        self._counters = counters
        self._sent: deque[int] = deque(maxlen=PROMPT_LIMIT)
        self._repeat_at_ns = now_ns

    # ---------------------------------------------------------------- the Key Server

    @property
    def is_server(self) -> bool:
        """True if we are the Key Server."""
        return self.server == self.identity.mi

    @property
    def server_peer(self) -> Peer | None:
        """The Key Server as a peer; None if we are it, or there is none."""
        return None if self.server is None else self.peers.find(self.server)

    @property
    def server_sci(self) -> int | None:
        """The SCI of the Key Server."""
        peer = self.server_peer
        return self._sci if self.is_server else None if peer is None else peer.sci

    @property
    def server_priority(self) -> int | None:
        """The priority of the Key Server."""
        if self.is_server:
            return self._policy.key_server_priority
        peer = self.server_peer
        return None if peer is None or peer.basic is None else peer.basic.priority

    @property
    def inability(self) -> str | None:
        """The reason why a member or we are not able to use MACsec now, None without one."""
        server, policy = self.server_peer, self._policy
        if server is not None and server.plain:
            return f"Key Server {sci_text(server.sci or 0)} orders plain frames"
        if server is None and not (policy.desired and policy.capability):
            return "MACsec Desired is off or MACsec Capability is 0 here"
        peers = self.peers.live if server is None else [server]
        unable = (peer.basic for peer in peers if peer.basic and not peer.ability.capability)
        return next(filter(None, map(complaint, unable)), None)

    def server_abandoned(self, ki: KI) -> bool:
        """True if the Key Server reports keys, and not this one: we missed how it was replaced.

        Our SAs of that key are of no more use, and its AN is free.
        """
        server = self.server_peer
        if server is None or server.use is None:
            return False
        reported = (server.use.latest, server.use.old)
        return any(each and each.ki.kn for each in reported) and not server.uses(ki)

    @property
    def reach(self) -> set[int]:
        """The SCIs of all live peers."""
        return {peer.sci for peer in self.peers.live if peer.sci is not None}

    @property
    def _offers(self) -> bool:
        """True if we offer to be Key Server; of a CAK from EAP the Authenticator is it (9.5)."""
        return self._policy.key_server and self.key.authenticator is not False

    def elect(self) -> None:
        """Elect the lowest offered priority, then the lowest SCI (9.5); none without peers."""
        live = self.peers.live
        offers = ((peer.basic, peer.mi) for peer in live if peer.basic and peer.basic.key_server)
        candidates = [((basic.priority, basic.sci), mi) for basic, mi in offers]
        if self.key.authenticator:  # its port is Key Server: this actor, or that of class 0
            port = sci_of_class(self._sci, 0)
            ours = self._policy.key_server
            candidates = [] if ours else [each for each in candidates if each[0][1] == port]
        if live and self._offers:
            own = self._policy.key_server_priority, self._sci
            candidates.append((own, self.identity.mi))
        server = min(candidates)[1] if candidates else None
        self.news |= server != self.server
        self.server = server

    # ---------------------------------------------------------------- receiving

    def is_addressed(self, mkpdu: Mkpdu) -> bool:
        """True for a group address; for our own too, if MKPDUs go to individual addresses here."""
        if not mkpdu.individual:
            return True
        return self._policy.individual and mkpdu.destination == self._sci.to_bytes(8)[:6]

    def receive(self, mkpdu: Mkpdu, now_ns: int) -> Reception:
        """Enter an authentic MKPDU of this CA into the lists (9.4.2, 9.4.3)."""
        basic = mkpdu.basic
        known = self.peers.find(basic.mi)
        if basic.sci == self._sci:
            return Reception.REFLECTED
        if self.identity.is_ours(basic.mi):
            if basic.mi == self.identity.mi:
                self.renew()
            return Reception.OTHER_SCI
        if known is not None and known.basic is not None and known.sci != basic.sci:
            return Reception.OTHER_SCI
        listed = self._listed(mkpdu)
        proves = listed is not None and self.identity.is_recent(listed, now_ns)
        if self.peers.is_past(basic, now_ns, proves):
            return Reception.OLD_MN
        peer = self.peers.hear(basic, now_ns)
        if peer is None:
            return Reception.TOO_MANY
        self.news |= known is None
        if listed is not None and listed > self.identity.mn:
            self.renew()
            return Reception.ACCEPTED
        if listed is not None and proves:
            self.news |= self.peers.prove(peer, now_ns) or self._has_missed(peer, listed, now_ns)
        elif listed is not None:
            self._counters.add("in-mkpdu-peer-list-errors")
        if peer.live:
            others = [entry for entry in mkpdu.live if not self.identity.is_ours(entry.mi)]
            self.peers.learn(others, now_ns)
        return Reception.ACCEPTED

    def _listed(self, mkpdu: Mkpdu) -> int | None:
        """Return the MN with which an MKPDU lists us, or None: a recent one proves its sender."""
        entries = mkpdu.live + mkpdu.potential
        return next((entry.mn for entry in entries if entry.mi == self.identity.mi), None)

    def _has_missed(self, peer: Peer, listed: int, now_ns: int) -> bool:
        """Return whether to repeat an MKPDU: a live peer lists an MN before one that it missed.

        One repeat for each REPEAT_NS; it lists the peer's newest MN, so it asks for no answer.
        """
        missed = peer.live and self.identity.is_missed(listed, now_ns)
        if not missed or now_ns < self._repeat_at_ns:
            return False
        self._repeat_at_ns = now_ns + REPEAT_NS
        return True

    def hear_again(self, peer: Peer, mn: int, listed: int | None, now_ns: int) -> bool:
        """Enter an authentic MKPDU of a live peer that differs from its last one in MNs only.

        Return False, and enter nothing, if it is an old one, or if what it lists has an effect:
        `receive` has the whole judgment.
        """
        if listed is None or mn <= peer.mn or self.suspension.lasts(now_ns):
            return False
        if not self.identity.is_recent(listed, now_ns) or self.identity.is_missed(listed, now_ns):
            return False
        self.peers.hear_again(peer, mn, now_ns)
        return True

    def expire(self, now_ns: int) -> bool:
        """Remove peers whose Life Time has run out; return whether there were any.

        If the Key Server was one of them we become a new member: our keys are deleted, and under
        the old MI the Key Server would assume that we still have them.
        """
        gone = self.peers.expire(now_ns)
        if any(peer.mi == self.server for peer in gone):
            self.renew()
        return bool(gone)

    def renew(self) -> None:
        """Take another MI (9.4.2): no peer is live until it lists that one."""
        self._counters.add("mi-renewed")
        self.identity.renew()
        self.peers.doubt()
        self.server = None
        self.news = True

    # ---------------------------------------------------------------- suspension

    def suspend(self, now_ns: int, seconds: int) -> None:
        """Be suspended from now on, or, if another is Key Server, ask it."""
        if self.is_server or not seconds:
            self._order(now_ns, seconds)
            self.suspension.acts = bool(seconds)
        else:
            self.suspension.ask(now_ns, seconds, self._policy.life_ns)
        self.news = True

    def hear_suspension(self, peer: Peer, seconds: int, now_ns: int) -> None:
        """Follow the Key Server; as Key Server, follow a request unless one is followed now."""
        peer.suspended = bool(seconds)
        seconds, lasts = min(seconds, self._policy.suspension_limit), self.suspension.lasts(now_ns)
        if self.is_server:
            if seconds and not lasts:
                self._order(now_ns, seconds)
                self.news = True
        elif peer.mi == self.server and (seconds or lasts):
            self.news |= lasts != bool(seconds)
            self._order(now_ns, seconds)

    def _order(self, now_ns: int, seconds: int) -> None:
        self.suspension.order(now_ns, seconds)
        self.peers.hold(self.suspension.until_ns)

    def _is_silent(self, now_ns: int) -> bool:
        """True while we are away, and every peer has said that it knows."""
        known = not self.news and all(peer.suspended for peer in self.peers.live)
        return self.suspension.acts and self.suspension.lasts(now_ns) and known

    # ---------------------------------------------------------------- sending

    def due_ns(self, now_ns: int) -> int:
        """Return the time of the next MKPDU."""
        if self._is_silent(now_ns):
            return self.suspension.until_ns
        return self.prompt_ns(now_ns) if self.news else self.hello_ns

    def prompt_ns(self, now_ns: int) -> int:
        """Return the time at which an MKPDU with news may leave."""
        if len(self._sent) < PROMPT_LIMIT:
            return now_ns
        return min(self.hello_ns, max(now_ns, self._sent[0] + self._policy.hello_ns))

    def _next_hello_ns(self, now_ns: int, period_ns: int) -> int:
        """Return the time of the next hello: on the grid, or on the ramp until a peer is live."""
        if self.peers.live:
            self._ramp.clear()
        if self._ramp and now_ns >= self.hello_ns:
            return now_ns + self._ramp.popleft()
        return next_on_grid(self.hello_ns, period_ns, now_ns)

    def next_mn(self, now_ns: int, period_ns: int) -> int:
        """Return the MN of an MKPDU that is sent now.

        The next is due at the next time on the grid of hellos, which no MKPDU between them moves.
        """
        if max(self.identity.mn, self.identity.kn) >= NUMBER_LIMIT:
            self.renew()
        self.news = False
        self.hello_ns = self._next_hello_ns(now_ns, period_ns)
        self._sent.append(now_ns)
        return self.identity.next_mn(now_ns)

    def note_sent(self, times: Iterable[int]) -> None:
        """Record MKPDUs that another has sent for us."""
        self._sent.extend(times)

    def basic(self, mn: int, version: int) -> Basic:
        """Return the Basic set of an MKPDU with this MN."""
        policy = self._policy
        return Basic(
            version=version,
            priority=policy.key_server_priority,
            key_server=self._offers and self.server in (None, self.identity.mi),
            desired=policy.desired,
            capability=policy.capability,
            sci=self._sci,
            mi=self.identity.mi,
            mn=mn,
            ckn=self.key.ckn,
        )
