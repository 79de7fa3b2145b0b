"""The Authenticator PAE of a port: relays EAP to a RADIUS server (IEEE 802.1X 8; RFC 3579).

Octets and times in, octets out, as in a KaY: frames for the supplicant are in `to_supplicant`,
packets for the server in `to_server`. What arrives before a CAK is agreed on is not authenticated:
nothing of it raises. EAPOL-Logoff is not followed: any station could send it; a station that left
is missed by key agreement. Nor does a refusal end a session if EAPOL-Start began the attempt: any
station could send both under the MAC address of another. The attempts of the port itself do.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from macsec.kay.membership.identity import Random
from macsec.keys import Uncopyable
from macsec.time_units import NS_PER_S

from .frames import (
    IDENTITY,
    Code,
    EapolFrame,
    EapolType,
    encoded,
    failure,
    header_of,
    identity_request,
)
from .radius import EAP_MOST, Answer, Exchange, Nas, Reply
from .session import EapSession

LOG = logging.getLogger("macsec")

RETRANSMIT_NS = 3 * NS_PER_S
"""Time without an answer after which a request is sent again, to the supplicant or the server."""

ASK_AGAIN_NS = 30 * NS_PER_S
"""Time between two series of requests for an identity, while no supplicant answers."""

START_GAP_NS = NS_PER_S
"""Least time between two EAPOL-Starts that begin an authentication anew."""


class PaeState(Enum):
    """States of the authentication of a port."""

    STOPPED = "stopped"
    RESTING = "no supplicant answers"
    ASKING = "waiting for the supplicant"
    RELAYING = "waiting for the RADIUS server"
    HELD = "refused; waiting for the quiet period"
    AUTHENTICATED = "authenticated"


@dataclass(frozen=True, slots=True, kw_only=True)
class EapTimes:
    """Times of an Authenticator in seconds (802.1X 8.6), 0 for none; `retry_max` repetitions."""

    reauth_period: int = 3600
    quiet_period: int = 60
    retry_max: int = 2


Done = Callable[[int, EapSession | None], None]
"""Called with the time and a session; None once the server has refused the station of the last."""


class Authenticator(Uncopyable):
    """The PAE of one port; `own` is its MAC address. `reason` has the last failure in words."""

    def __init__(self, own: bytes, nas: Nas, random: Random, times: EapTimes, done: Done) -> None:
        self._own, self._nas, self._random, self._times = own, nas, random, times
        self._done = done
        self.state = PaeState.STOPPED
        self.reason = ""
        self.claimed = b""
        """The identity that the last station gave itself; anyone can give any."""
        self._identity = b""
        self.counters: Counter[str] = Counter()
        self.to_supplicant: deque[bytes] = deque()
        self.to_server: deque[bytes] = deque()
        self._peer: bytes | None = None
        self._accepted: bytes | None = None
        """The station of the last session."""
        self._request = b""
        self._exchange: Exchange | None = None
        self._server_state: bytes | None = None
        self._sends = 0
        self._due_ns: int | None = None
        self._started_ns: int | None = None
        self._reauth_ns: int | None = None
        self._unasked = False
        """True while an attempt runs that EAPOL-Start began beside a session."""
        self._deaf_until_ns = 0
        """Time until which EAPOL-Start is ignored beside a session."""

    @property
    def identity(self) -> bytes:
        """The identity of the accepted station; without one, what the last station claimed."""
        return self.claimed if self._accepted is None else self._identity

    # ---------------------------------------------------------------- calls

    def begin(self, now_ns: int) -> None:
        """Ask the supplicant for its identity, unless an authentication runs, or is held."""
        if self.state in (PaeState.STOPPED, PaeState.RESTING, PaeState.AUTHENTICATED):
            self._ask_identity(now_ns)

    def resume(self) -> None:
        """Take the port as authenticated: its CAK is cached. EAPOL-Start begins anew.

        The station is authenticated again when it was to be.
        """
        self._become(PaeState.AUTHENTICATED, None)

    def stop(self) -> None:
        """End all that runs: the port is not operational."""
        self._become(PaeState.STOPPED, None)
        self.to_supplicant.clear()
        self.to_server.clear()

    def hear(self, now_ns: int, frame: EapolFrame) -> None:
        """Take an EAPOL frame of the supplicant."""
        if self.state in (PaeState.STOPPED, PaeState.HELD):
            return
        if frame.packet is EapolType.START:
            self._hear_start(now_ns)
        elif frame.packet is EapolType.EAP:
            self._hear_eap(now_ns, frame)

    def hear_server(self, now_ns: int, octets: bytes) -> None:
        """Take a packet of the RADIUS server."""
        exchange = self._exchange
        if exchange is None or self.state is not PaeState.RELAYING:
            return
        reply = self._nas.reply(exchange, octets)
        if reply is None:
            self.counters["radius-refused"] += 1
            return
        self._exchange, self._server_state = None, reply.state
        if reply.answer is Answer.CHALLENGE and header_of(reply.eap) is not None:
            self._send(now_ns, reply.eap)
        elif reply.answer is Answer.ACCEPT:
            self._accept(now_ns, reply)
        else:
            self._reject(now_ns, reply.eap, "the server refused the station")

    def advance(self, now_ns: int) -> None:
        """Do what is due: repeat a request, give up, authenticate again."""
        if self._due_ns is not None and now_ns >= self._due_ns:
            self._expire(now_ns)
        if self._reauth_ns is not None and now_ns >= self._reauth_ns:
            self._reauth_ns = None
            if self._unasked:  # the attempt of anyone does not take the place of ours
                self._ask_identity(now_ns)
            else:
                self.begin(now_ns)

    @property
    def words(self) -> str:
        """The state in words, with the last failure."""
        return f"EAP: {self.state.value}" + (f"; {self.reason}" if self.reason else "")

    @property
    def next_timeout_ns(self) -> int | None:
        """Time of the next `advance`."""
        times = [time for time in (self._due_ns, self._reauth_ns) if time is not None]
        return min(times, default=None)

    # ---------------------------------------------------------------- the supplicant's side

    def _hear_start(self, now_ns: int) -> None:
        """Begin anew; beside a session not soon after a refusal."""
        beside = self._unasked or self.state is PaeState.AUTHENTICATED
        recent = self._started_ns is not None and now_ns < self._started_ns + START_GAP_NS
        if recent or (beside and now_ns < self._deaf_until_ns):
            return
        self._started_ns = now_ns
        self._ask_identity(now_ns)
        self._unasked = beside

    def _ask_identity(self, now_ns: int) -> None:
        self._unasked = False
        self._peer = self._server_state = self._exchange = None
        identifier = (self._request[1] + 1) % 256 if self._request else self._random(1)[0]
        self._send(now_ns, identity_request(identifier))

    def _send(self, now_ns: int, eap: bytes) -> None:
        """Send a request to the supplicant, and wait for the response."""
        self._request, self._sends = eap, 1
        self.to_supplicant.append(encoded(self._own, eap))
        self._become(PaeState.ASKING, now_ns + RETRANSMIT_NS)

    def _hear_eap(self, now_ns: int, frame: EapolFrame) -> None:
        header = header_of(frame.body)
        if header is None or header.code != Code.RESPONSE or self.state is not PaeState.ASKING:
            return
        others = self._peer not in (None, frame.source)
        if others or header.identifier != self._request[1] or frame.source[0] & 1:
            return
        if header.length > EAP_MOST:
            self.counters["eap-too-long"] += 1
            return
        if self._peer is None:
            if header.type != IDENTITY:
                return
            self._peer, self.claimed = frame.source, header.data
        self._exchange = self._nas.request(
            self._random(16),
            frame.body[: header.length],
            identity=self.claimed,
            stations=(self._own, self._peer),
            state=self._server_state,
        )
        self._sends = 1
        self.to_server.append(self._exchange.octets)
        self._become(PaeState.RELAYING, now_ns + RETRANSMIT_NS)

    # ---------------------------------------------------------------- the end of an authentication

    def _accept(self, now_ns: int, reply: Reply) -> None:
        """Take the session of an accepted station; without a key it is of no use here."""
        if reply.msk is None or not reply.session_id or self._peer is None:
            lack = "an MSK" if reply.msk is None else "EAP-Key-Name"
            self._reject(now_ns, b"", f"the server accepted the station without {lack}")
            return
        self.to_supplicant.append(encoded(self._own, reply.eap))
        self.counters["eap-accepted"] += 1
        self.reason = ""
        periods = [self._times.reauth_period] if self._times.reauth_period else []
        if reply.lifetime_s and reply.renews:
            periods.append(reply.lifetime_s)
        self._reauth_ns = now_ns + min(periods) * NS_PER_S if periods else None
        self._become(PaeState.AUTHENTICATED, None)
        self._accepted, self._identity, self._unasked = self._peer, self.claimed, False
        session = EapSession(
            reply.msk, reply.session_id, self._peer, self.claimed, reply.lifetime_s, reply.renews
        )
        self._done(now_ns, session)

    def _reject(self, now_ns: int, eap: bytes, reason: str) -> None:
        self.to_supplicant.append(encoded(self._own, eap or failure(self._request[1])))
        self.counters["eap-refused"] += 1
        self._note(reason)
        quiet_ns = now_ns + self._times.quiet_period * NS_PER_S
        if self._unasked:
            self._deaf_until_ns = quiet_ns
            self._rest(now_ns)
            return
        self._become(PaeState.HELD, quiet_ns)
        if self._accepted in (None, self._peer):  # another one does not end the session
            self._reauth_ns = self._accepted = None
            self._done(now_ns, None)

    def _expire(self, now_ns: int) -> None:
        """Send the last request again; give up after some."""
        if self.state in (PaeState.RESTING, PaeState.HELD):
            self._ask_identity(now_ns)
        elif self._sends <= self._times.retry_max:
            self._repeat(now_ns)
        elif self.state is PaeState.RELAYING:
            self.counters["radius-timeouts"] += 1
            self._note("the RADIUS server does not answer")
            self._rest(now_ns)
        else:
            self._rest(now_ns)

    def _rest(self, now_ns: int) -> None:
        """End an attempt without a result: ask later, unless there is a session beside it."""
        if self._unasked:
            self._unasked = False
            self._become(PaeState.AUTHENTICATED, None)
        else:
            self._become(PaeState.RESTING, now_ns + ASK_AGAIN_NS)

    def _repeat(self, now_ns: int) -> None:
        self._sends += 1
        self._due_ns = now_ns + RETRANSMIT_NS
        if self.state is PaeState.ASKING:
            self.to_supplicant.append(encoded(self._own, self._request))
        elif self._exchange is not None:
            self.to_server.append(self._exchange.octets)

    def _note(self, reason: str) -> None:
        self.reason = reason
        LOG.warning("EAP: %s (%r)", reason, self.claimed[:64])

    def _become(self, state: PaeState, due_ns: int | None) -> None:
        self.state, self._due_ns = state, due_ns
