"""The Logon Process of a port with an Authenticator (IEEE 802.1X 12.5): CAKs of EAP for a KaY.

Each session gives a CAK beside the one before, which goes once the new one has carried the traffic
for a Life Time: no frame is lost. The CAK is cached for its lifetime: when the port comes up again,
the stations go on with it, and only if no partner answers for a Life Time they authenticate anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from macsec.errors import ConfigError
from macsec.kay.kay import Kay
from macsec.kay.keys.keychain import Activate, ChainKey
from macsec.keys import Uncopyable
from macsec.time_units import NS_PER_S

from .authenticator import Authenticator, EapTimes, PaeState
from .frames import EapolFrame
from .radius import Nas
from .session import EapSession

PATIENCE = 3
"""Life Times for which a former CAK waits for the new one to carry the traffic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EapPolicy:
    """The settings of a port with EAP.

    `cak_length`: 16 or 32 octets, as the other end has it. `cache_lifetime`: seconds for which a
    CAK is used and, while the port is down, kept; 0: it ends with the port. `retain`: keep it in
    the chain after that.
    """

    times: EapTimes = field(default_factory=EapTimes)
    cak_length: int = 16
    cache_lifetime: int = 8 * 3600
    retain: bool = False

    def __post_init__(self) -> None:
        if self.cak_length not in (16, 32):
            raise ConfigError(f"cak_length {self.cak_length}: a CAK has 16 or 32 octets")


class Logon(Uncopyable):
    """Authentication of a port; `enable(now_ns, up)` starts and stops its key agreement."""

    def __init__(
        self,
        kay: Kay,
        nas: Nas,
        random: Callable[[int], bytes],
        policy: EapPolicy,
        enable: Callable[[int, bool], None],
    ) -> None:
        self._kay, self._policy, self._enable = kay, policy, enable
        self._own = kay.sci.to_bytes(8)[:6]
        self.pae = Authenticator(self._own, nas, random, policy.times, self._take)
        self._current: ChainKey | None = None
        self._former: ChainKey | None = None
        self._carried_ns: int | None = None
        self.up = False
        """True while the port is operational."""

    # ---------------------------------------------------------------- calls

    def link(self, now_ns: int, up: bool) -> None:
        """Follow the port: it became operational, or is no longer."""
        if up == self.up:
            return
        self.up = up
        self._enable(now_ns, up)
        if not up:
            self.pae.stop()
            if not self._policy.cache_lifetime:
                self.forget(now_ns)
            return
        if self._current is None:
            self.pae.begin(now_ns)
        else:
            self.pae.resume()

    def hear(self, now_ns: int, frame: EapolFrame) -> None:
        """Take an EAPOL frame of the supplicant."""
        self.pae.hear(now_ns, frame)

    def hear_server(self, now_ns: int, octets: bytes) -> None:
        """Take a packet of the RADIUS server."""
        self.pae.hear_server(now_ns, octets)

    def settle(self, now_ns: int) -> None:
        """Do what is due."""
        if not self.up:
            return
        self.pae.advance(now_ns)
        self._kay.awaits = self.pae.words
        self._replace(now_ns)
        current = self._current
        if current is None:
            return
        if current.end_ns is not None and now_ns >= current.end_ns:
            self.forget(now_ns)
            self.pae.begin(now_ns)
        elif self._kay.activation.sleeps(current) and self.pae.state is PaeState.AUTHENTICATED:
            self.pae.begin(now_ns)

    def next_timeout_ns(self) -> int | None:
        """Return the time of the next `settle`, besides the KaY's own; None while down."""
        if not self.up:
            return None
        times = [self.pae.next_timeout_ns]
        if self._current is not None:
            times.append(self._current.end_ns)
        if self._former is not None:
            times.append(self._gives_up_ns)
        if self._carried_ns is not None:
            times.append(self._carried_ns + self._kay.policy.life_ns)
        return min((time for time in times if time is not None), default=None)

    # ---------------------------------------------------------------- sessions

    def _take(self, now_ns: int, session: EapSession | None) -> None:
        """Use the CAK of a session; without one the station was refused, and has none any more."""
        if session is None:
            self.forget(now_ns)
            return
        lifetimes = [self._policy.cache_lifetime] if self._policy.cache_lifetime else []
        if session.lifetime_s and not session.renews:
            lifetimes.append(session.lifetime_s)
        key = ChainKey(
            session.cak(self._own, self._policy.cak_length),
            start_ns=now_ns,
            end_ns=now_ns + min(lifetimes) * NS_PER_S if lifetimes else None,
            authenticator=True,
            activate=Activate.ON_OPER_UP,
            retain=self._policy.retain,
        )
        if key.ckn in self._kay.chain.ckns:
            return  # the server repeated an earlier session: its CAK is in use
        if self._kay.policy.single_participant:
            self.forget(now_ns)
        elif self._former is not None:
            self._kay.discard_key(now_ns, self._former)
        self._former, self._current, self._carried_ns = self._current, key, None
        try:
            self._kay.add_key(now_ns, key)
        except ConfigError as error:  # a participant of the configuration is the only one
            self.pae.reason, self._current = str(error), None

    @property
    def _gives_up_ns(self) -> int:
        start_ns = 0 if self._current is None else self._current.start_ns
        return start_ns + PATIENCE * self._kay.policy.life_ns

    def _replace(self, now_ns: int) -> None:
        """Discard the former CAK once the new one has carried the traffic for a Life Time."""
        if self._former is None:
            return
        principal = self._kay.principal
        carries = principal is not None and principal.key is self._current and self._kay.secured
        if not carries:
            self._carried_ns = None
        elif self._carried_ns is None:
            self._carried_ns = now_ns
        since_ns = self._carried_ns
        settled = since_ns is not None and now_ns >= since_ns + self._kay.policy.life_ns
        if settled or now_ns >= self._gives_up_ns:
            self._kay.discard_key(now_ns, self._former)
            self._former = self._carried_ns = None

    def forget(self, now_ns: int) -> None:
        """Discard the CAKs of EAP."""
        for key in filter(None, (self._former, self._current)):
            self._kay.discard_key(now_ns, key)
        self._former = self._current = self._carried_ns = None
