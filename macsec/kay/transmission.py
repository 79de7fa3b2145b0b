"""Transmission of MKPDUs: compose and seal the next one of a participant (9.4, 9.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, TypedDict
from weakref import WeakKeyDictionary

from macsec.errors import MACsecError
from macsec.kay.announcement import own, tlvs_of
from macsec.kay.distribution.key_server import KeyServer
from macsec.kay.group.forming import GroupServer
from macsec.kay.keys.derivation import ICV_LENGTH
from macsec.kay.membership.participant import Participant
from macsec.kay.membership.peers import entries
from macsec.kay.mkpdu.frame import Mkpdu, compose, seal
from macsec.kay.mkpdu.parameter_sets import (
    Announcement,
    DistributedCak,
    DistributedSak,
    KeyManagementDomain,
    SakUse,
)
from macsec.kay.mkpdu.stencil import Stencil
from macsec.kay.secy_side.cp import CP, Connect
from macsec.kay.secy_side.lowest_pns import TransmitPNs

from .counters import KayCounters
from .policy import KayPolicy
from .timers import MKA_BOUNDED_HELLO_TIME_NS, hello_grid_ns

FRAME_MOST = 1514
"""Octets of an MKPDU with its Ethernet header, at most, if KMD and announcement can be left out."""


class _Fields(TypedDict):
    """Arguments of `compose` that the state of the KaY gives."""

    server_ssci: int
    use: SakUse | None
    distributed: DistributedSak | None
    plain: bool
    distributed_cak: DistributedCak | None
    xpn: bool
    suspension_s: int


class _Contents(NamedTuple):
    """All of an MKPDU that the state of the KaY gives, and its version."""

    version: int
    fields: _Fields

    @property
    def distributes(self) -> bool:
        """True if it distributes a key, or the order to go without."""
        given = self.fields
        return given["distributed"] is not None or given["plain"]


class Sender:
    """Maker of the MKPDUs that a KaY sends, from the state of its parts."""

    def __init__(
        self,
        sci: int,
        policy: KayPolicy,
        counters: KayCounters,
        server: KeyServer,
        group: GroupServer,
        pns: TransmitPNs,
        cp: CP,
    ) -> None:
        self._sci = sci
        self._policy = policy
        self._counters = counters
        self._server = server
        self._group = group
        self._pns = pns
        self._cp = cp
        announced = own(policy)
        self._tlvs = tlvs_of(announced, with_kmd=False) if policy.announce else ()
        self._last: WeakKeyDictionary[Participant, tuple[object, Stencil | None]] = (
            WeakKeyDictionary()
        )

    def mkpdu(self, participant: Participant, is_principal: bool, now_ns: int) -> bytes | None:
        """Return the next MKPDU of a participant as a frame; None if the CAK's holder fails."""
        # The MN first: the MI may become another one by it.
        suspension_s = participant.suspension.reported_s(now_ns, participant.is_server)
        mn = participant.next_mn(now_ns, self.period_ns(is_principal))
        contents = self._contents(participant, is_principal, now_ns, suspension_s)
        try:
            frame = self._sealed(participant, mn, contents)
        except MACsecError:
            self._counters.add("out-mkpdu-errors")
            return None
        self._counters.add("out-mkpdu")
        if contents.distributes:
            self._counters.add("out-sak-mkpdu")
        if contents.fields["distributed_cak"] is not None:
            self._counters.add("out-cak-mkpdu")
        return frame

    def period_ns(self, is_principal: bool) -> int:
        """Return the time between hellos."""
        bounded = self._policy.delay_protection and is_principal
        return hello_grid_ns(MKA_BOUNDED_HELLO_TIME_NS if bounded else self._policy.hello_ns)

    def stencil(self, participant: Participant, now_ns: int) -> Stencil | None:
        """Return what the next MKPDU of the principal is a copy of but for its MNs, or None."""
        before, stencil = self._last.get(participant, (None, None))
        suspension_s = participant.suspension.reported_s(now_ns, participant.is_server)
        if stencil is None or suspension_s:
            return None
        contents = self._contents(participant, True, now_ns, suspension_s)
        if contents.distributes or contents.fields["distributed_cak"] is not None:
            return None
        return stencil if before == _state(participant, contents) else None

    def _contents(
        self, participant: Participant, is_principal: bool, now_ns: int, suspension_s: int
    ) -> _Contents:
        in_force = self._cp.protection
        xpn = (self._policy.cipher if in_force is None else in_force.suite).xpn
        distributed = self._server.distribution(participant)
        distributed_cak = self._group.distribution(participant)
        unprotected = self._cp.connect is Connect.AUTHENTICATED
        use = self._sak_use(participant, is_principal, now_ns)
        plain = is_principal and participant.is_server and unprotected
        fields: _Fields = {
            "server_ssci": self._own_ssci() if distributed is not None and xpn else 0,
            "use": use,
            "distributed": distributed,
            "plain": plain and self._policy.send_empty_sak,
            "distributed_cak": distributed_cak,
            "xpn": xpn and use is not None,
            "suspension_s": suspension_s,
        }
        return _Contents(3 if xpn or suspension_s else 1, fields)

    def _sealed(self, participant: Participant, mn: int, contents: _Contents) -> bytes:
        """Return an MKPDU with its ICV; one that differs from the last in MNs only is a copy."""
        peers, icv = participant.peers, participant.key.holder.icv
        state = _state(participant, contents)
        before, stencil = self._last.get(participant, (None, None))
        if stencil is not None and state == before:
            signed = stencil.filled(mn, peers.mns)
            return stencil.sealed(signed, icv(signed))
        mkpdu = compose(
            participant.basic(mn, contents.version),
            live=entries(peers.live),
            potential=entries(peers.potential),
            kmd=self._policy.kmd,
            tlvs=self._tlvs,
            indicator=self._policy.include_icv_indicator,
            destination=self._policy.destination,
            ethertype=self._policy.eapol_ethertype,
            **contents.fields,
        )
        mkpdu = _fitted(mkpdu)
        updated = self._policy.use_updated_eth_header
        frame = seal(mkpdu, icv, updated)
        made = Stencil(mkpdu, frame, updated) if state == before else None
        self._last[participant] = state, made
        return frame

    def _own_ssci(self) -> int:
        """The low octet of our SSCI, as Key Server."""
        current = self._server.current
        return 0 if current is None else current.sak.sscis[self._sci] & 0xFF

    def _sak_use(self, participant: Participant, is_principal: bool, now_ns: int) -> SakUse | None:
        """Our keys, for the principal; for another participant an empty set: we have a SAK."""
        if self._cp.connect is Connect.AUTHENTICATED:
            if participant.is_server and not self._policy.send_empty_sak_use:
                return None
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


def _state(participant: Participant, contents: _Contents) -> object:
    """Return all on which an MKPDU depends but for its MNs."""
    return participant.identity.mi, participant.server, participant.peers.changes, contents


def _fitted(mkpdu: Mkpdu) -> Mkpdu:
    """Return an MKPDU without KMD and announcement if its peer lists leave no room for them."""
    optional = [each for each in mkpdu.sets if isinstance(each, _OPTIONAL)]
    if not optional or len(mkpdu.signed) + ICV_LENGTH <= FRAME_MOST:
        return mkpdu
    return replace(mkpdu, sets=tuple(each for each in mkpdu.sets if each not in optional))


_OPTIONAL = KeyManagementDomain, Announcement
