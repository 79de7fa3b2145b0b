"""Transmission of MKPDUs: compose and seal the next one of a participant (9.4, 9.8)."""

from __future__ import annotations

from macsec.errors import MACsecError
from macsec.kay.distribution.key_server import KeyServer
from macsec.kay.membership.participant import Participant
from macsec.kay.membership.peers import entries
from macsec.kay.mkpdu.frame import compose, seal
from macsec.kay.mkpdu.parameter_sets import SakUse

from .counters import KayCounters
from .cp import CP, Connect
from .lowest_pns import TransmitPNs
from .policy import KayPolicy
from .timers import MKA_BOUNDED_HELLO_TIME_NS, hello_grid_ns


class Sender:
    """Maker of the MKPDUs that a KaY sends, from the state of its parts."""

    def __init__(
        self,
        sci: int,
        policy: KayPolicy,
        counters: KayCounters,
        server: KeyServer,
        pns: TransmitPNs,
        cp: CP,
    ) -> None:
        self._sci = sci
        self._policy = policy
        self._counters = counters
        self._server = server
        self._pns = pns
        self._cp = cp

    def mkpdu(self, participant: Participant, is_principal: bool, now_ns: int) -> bytes | None:
        """Return the next MKPDU of a participant as a frame; None if the CAK's holder fails."""
        bounded = self._policy.delay_protection and is_principal
        hello_ns = MKA_BOUNDED_HELLO_TIME_NS if bounded else self._policy.hello_ns
        period_ns = hello_grid_ns(hello_ns)
        in_force = self._cp.protection
        suite = self._policy.cipher if in_force is None else in_force.suite
        xpn = suite.xpn
        suspension_s = participant.suspension.reported_s(now_ns, participant.is_server)
        basic = participant.next_basic(now_ns, period_ns, 3 if xpn or suspension_s else 1)
        distributed = self._server.distribution(participant)
        unprotected = self._cp.connect is Connect.AUTHENTICATED
        use = self._sak_use(participant, is_principal, now_ns)
        mkpdu = compose(
            basic,
            live=entries(participant.peers.live),
            server_ssci=self._own_ssci() if distributed is not None and xpn else 0,
            potential=entries(participant.peers.potential),
            use=use,
            distributed=distributed,
            plain=is_principal and participant.is_server and unprotected,
            xpn=xpn and use is not None,
            suspension_s=suspension_s,
            indicator=self._policy.include_icv_indicator,
            destination=self._policy.destination,
            ethertype=self._policy.eapol_ethertype,
        )
        try:
            updated = self._policy.use_updated_eth_header
            frame = seal(mkpdu, participant.key.holder.icv, updated)
        except MACsecError:
            self._counters.add("out-mkpdu-errors")
            return None
        self._counters.add("out-mkpdu")
        if distributed is not None or mkpdu.plain:
            self._counters.add("out-sak-mkpdu")
        return frame

    def _own_ssci(self) -> int:
        """The low octet of our SSCI, as Key Server."""
        current = self._server.current
        return 0 if current is None else current.sak.sscis[self._sci] & 0xFF

    def _sak_use(self, participant: Participant, is_principal: bool, now_ns: int) -> SakUse | None:
        """Our keys, for the principal; for another participant an empty set: we have a SAK."""
        if self._cp.connect is Connect.AUTHENTICATED:
            return SakUse(plain_transmits=True, plain_receives=True)
        if not self._cp.slots():
            return None
        if not is_principal:
            return SakUse() if participant.peers.live else None
        protects = self._policy.delay_protection
        return SakUse(
            latest=self._pns.use_of(self._cp.latest, protects, now_ns),
            old=self._pns.use_of(self._cp.old, protects, now_ns),
            delay_protect=protects,
        )
