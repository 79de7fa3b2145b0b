"""A SecY and a KaY of this process as a MonitoredPort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from macsec.kay.kay import Kay
from macsec.kay.membership.participant import Participant
from macsec.secy import SecY
from macsec.secy.channels import ReceiveSA, ReceiveSC, TransmitSA, TransmitSC
from macsec.terms import sci_text
from macsec.time_units import NS_PER_S

from .history import History
from .model import SA, SC, Mka, MkaPeer, MonitoredPort, SourceKind


def port_of(
    kind: SourceKind,
    name: str,
    lower: str,
    secy: SecY,
    *,
    opened: bool,
    now_ns: int | None = None,
    kay: Kay | None = None,
    history: History | None = None,
    reason: str = "",
    pid: int | None = None,
) -> MonitoredPort:
    """Return the port of a SecY, and of its KaY if it has one, whose state in words is `reason`.

    `now_ns` is on the clock that the SecY keeps; without it the ages of SAs are None.
    """
    kis = {} if kay is None else {slot.an: str(slot.ki) for slot in kay.cp.slots()}
    controls = secy.controls
    return MonitoredPort(
        kind=kind,
        name=name,
        lower=lower,
        sci=secy.tx.sci or "",
        suite=controls.cipher.name,
        encrypts=controls.encrypt,
        protects=controls.protects,
        validate=controls.validate.name.lower(),
        replay_window=controls.window if controls.replay else None,
        opened=opened,
        counters=dict(secy.counters),
        scs=tuple(_channels(secy, now_ns, kis)),
        mka=None if kay is None else _mka(kay, history, reason),
        pid=pid,
    )


def _channels(secy: SecY, now_ns: int | None, kis: Mapping[int, str]) -> Iterator[SC]:
    """Yield the transmit SCs that have an SCI, then the receive SCs."""
    limit = secy.controls.cipher.pn_limit
    channels: list[TransmitSC | ReceiveSC] = [sc for sc in secy.tx_classes.values() if sc.sci]
    for sc in [*channels, *secy.rx.values()]:
        yield SC(
            sci=sc.sci or "",
            transmits=sc.transmits,
            in_use=sc.in_use,
            counters=dict(sc.counters),
            sas=tuple(_association(sc.sa[an], now_ns, limit, kis) for an in sorted(sc.sa)),
            traffic_class=sc.traffic_class if isinstance(sc, TransmitSC) else 0,
        )


def _association(
    sa: TransmitSA | ReceiveSA, now_ns: int | None, limit: int, kis: Mapping[int, str]
) -> SA:
    since_ns = sa.times.started_ns
    age_ns = None if now_ns is None or since_ns is None else max(0, now_ns - since_ns)
    return SA(
        an=sa.an,
        in_use=sa.enabled,
        next_pn=sa.next_pn,
        pn_limit=limit,
        lowest_pn=sa.lowest_pn if isinstance(sa, ReceiveSA) else None,
        age_s=None if age_ns is None else age_ns / NS_PER_S,
        ki=kis.get(sa.an, ""),
        counters=dict(sa.counters),
    )


def _mka(kay: Kay, history: History | None, reason: str) -> Mka:
    principal = kay.principal
    server = None if principal is None else principal.server_sci
    members = kay.all_participants
    return Mka(
        active=kay.active,
        secured=kay.secured,
        reason=reason,
        ckn="" if principal is None else principal.key.name,
        ckns=tuple(dict.fromkeys(each.key.name for each in members)),
        peers=tuple(peer for each in members for peer in _peers(each)),
        is_key_server=principal is not None and principal.is_server,
        key_server="" if server is None else sci_text(server),
        key_server_priority=None if principal is None else principal.server_priority,
        rekeys=0 if history is None else history.rekeys,
        flaps=0 if history is None else history.flaps,
        sak_age_s=kay.sak_age_ns / NS_PER_S if kay.cp.slots() else None,
        rekey_interval_s=kay.policy.sak_rekey_interval,
        counters=dict(kay.counters),
    )


def _peers(participant: Participant) -> Iterator[MkaPeer]:
    peers = participant.peers
    for peer in (*peers.live, *peers.potential):
        yield MkaPeer(
            ckn=participant.key.name,
            mi=peer.mi.hex(),
            mn=peer.mn,
            sci="" if peer.sci is None else sci_text(peer.sci),
            live=peer.live,
        )
